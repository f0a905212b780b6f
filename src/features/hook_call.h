/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One call of a user's program by LXC's contract for hooks: which arguments and which variables it gets.
 * Hooks and the scripts of network devices are called so.
 */
#include "engine/run.h"
#include "spec/spec.h"

struct hook_call {
	const struct plan *plan;    /* its name, lxcpath, config_file and spec */
	const char *section, *type; /* "lxc" "pre-start"; "net" "up" */
	const struct run *run;	    /* what the start and the stop of a container know; NULL: neither is under way */
	bool inside;		    /* it runs in the container's namespaces and sees lxc.environment */
	bool ends;		    /* the namespaces are told that are held for it */
	const char *target;	    /* LXC_TARGET; NULL: not told */
	const char *src_name;	    /* LXC_SRC_NAME: what is copied; NULL: nothing */
	char *const *env;	    /* further "K=V" of version 1; NULL: none */
	char *const *args0, *const *args; /* behind the first three: of version 0 only, of both; NULL: none */
};

/* The variables that it finds: `base`, without what hooks are told by such names, and what is told now. */
int hook_environment(const struct hook_call *c, char *const *base, struct strv *out) _must_check;
/* "NAME lxc pre-start" ... of version 0; the args that both versions get. */
int hook_arguments(const struct hook_call *c, struct strv *out) _must_check;
/* Runs `command`, which `key` said at `at`. */
int hook_call(const struct hook_call *c, const char *command, const char *key, struct origin at,
	      struct err *e) _must_check;
/* A failure at the end of a container, which ends nothing more: for the log, where output goes, too. */
void hook_report(const struct err *e);
