/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A program more in a running container. KEEPER is the process that asks, INIT the one that becomes the
 * program. Everything that is looked up or copied is so before the fork.
 */
#include "engine/seq.h"

struct attach {
	const struct spec *spec;     /* the running config */
	pid_t init_pid;		     /* of the container */
	uint64_t namespaces;	     /* CLONE_NEW* to enter */
	bool keep_cgroup, keep_caps; /* stay with the caller's */
	const struct filter *filter; /* seccomp's, for the program; NULL: none but the caller's */
	bool unprivileged;	     /* the caller is an ordinary user */
	bool keep_lsm;		     /* the caller's SELinux context, too */
	const char *profile;	     /* AppArmor's, for the program; NULL: as the caller's */
	unsigned long personality;   /* 0xffffffff: unchanged */
	int64_t uid, gid;	     /* in the container's ids */
	char **argv;		     /* NULL: the login shell of uid */
	char **envp;
	const char *cwd; /* entered where it exists, else "/" */
	int stdio[3];	 /* what the program gets; where `pty`: -1 for its pty */
	bool pty;	 /* it gets a terminal of its own; the master arrives in SLOT_CONSOLE */
};

extern const struct seq attach_seq;
