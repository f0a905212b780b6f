/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A plan is everything that a start decides before it acts: made once from a spec and the host's
 * facts, const afterwards, seen alike by KEEPER and INIT (INIT is a clone of the keeper).
 */
#include "engine/host.h"
#include "spec/spec.h"

#include <stdint.h>

struct plan {
	const char *name;	 /* of the container */
	const char *lxcpath;	 /* the folder that holds its folder */
	const char *config_file; /* "" where there is none */
	const struct spec *spec;
	const struct host *host;
	const char *cgroup_pattern; /* lxc.cgroup.pattern of lxc.conf(5), "" where it is not set */
	uint64_t clone_flags;	    /* CLONE_NEW*: which namespaces are made */
	bool foreground;	    /* whoever starts it stays, with its terminal as the console */
	bool use_init;		    /* lxc-execute: our own small init is pid 1, the command its child */
	char **argv;		    /* init and its arguments, ended by NULL */
	int stdio[3];		    /* use_init in the foreground: what the command gets as 0, 1, 2; -1: the console */
};

static inline const void *plan_part(const struct plan *p, enum feature_id f)
{
	return p->spec->part[f];
}

/* What a caller asks for besides the config. */
struct request {
	const char *name, *lxcpath, *config_file;
	const char *cgroup_pattern; /* NULL: none */
	bool foreground, use_init;
	char **argv; /* NULL: lxc.init.cmd (or lxc.execute.cmd), else /sbin/init */
	int stdio[3];
};

/* The spec, host and request must outlive the plan. Fills `why` with the first thing that cannot be. */
int plan_make(struct plan *p, const struct spec *s, const struct host *h, const struct request *r,
	      struct err *e) _must_check;
void plan_free(struct plan *p);
/* What the config asks for and this host gives no meaning to: warnings, told before anything is made. */
void plan_warnings(const struct plan *p, struct problems *out);
