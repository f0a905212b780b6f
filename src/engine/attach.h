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
	const char *label;	     /* instead of both: an AppArmor profile or a SELinux context; NULL: none */
	bool label_now;		     /* it is changed to before the exec, for what calls a function */
	bool no_new_privs;	     /* also where the config does not say so */
	bool remount;		     /* /proc and /sys are mounted anew where the caller's mounts are kept */
	const gid_t *groups;	     /* supplementary ones */
	size_t n_groups;
	unsigned long personality; /* 0xffffffff: unchanged */
	int64_t uid, gid;	   /* in the container's ids */
	int (*function)(void *);   /* called instead of an exec; what it returns is the exit code */
	void *payload;
	const char *program; /* NULL: argv[0] */
	char **argv;	     /* NULL: the login shell of uid */
	char **envp;
	const char *cwd; /* entered where it exists, else "/" */
	int stdio[3];	 /* what the program gets; where `pty`: -1 for its pty */
	bool session;	 /* it begins one of its own; always where `pty` */
	bool pty;	 /* it gets a terminal of its own; the master arrives in SLOT_CONSOLE */
};

extern const struct seq attach_seq;

/* Of the tree's passwd, malloc'd; NULL: it has no such user, or he no shell. */
char *attach_login_shell(int root, int64_t uid);

/* --- attach_lsm.c --- */
/* Needs: the host's /proc. Leaves: the coming exec changes to the label, or where that will be done now. */
int attach_label(struct run *r, struct err *e);
int attach_label_now(struct run *r, struct err *e);
