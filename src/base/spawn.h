/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Starting another program from a process that may be threaded and is not ours: clone(CLONE_VM |
 * CLONE_VFORK) with signals blocked, so that nothing of the caller is copied or changed and a failing
 * exec is told with its errno.
 */
#include "base/err.h"

#include <sys/types.h>

struct spawn {
	const char *path; /* absolute; no $PATH is searched */
	char *const *argv;
	char *const *envp; /* NULL: the caller's */
	const int *stdio;  /* three fds that become 0, 1, 2 (-1: /dev/null); NULL: the caller's */
	const int *fds;	   /* become 3, 4, ...; -1 leaves that number closed */
	size_t n_fds;
	bool session; /* a session of its own, in "/" */
	bool dies;    /* SIGKILL when the caller ends, a program without threads: they would count as it */
	bool detach;  /* that, and nobody's child but pid 1's (or the subreaper's): for a caller that lives on */
};

/* *pid (may be NULL when detached) is the caller's to reap unless detached. All other fds are closed in it. */
int spawn(const struct spawn *s, pid_t *pid, struct err *e) _must_check;
/* What to do where a fork, a clone or an exec was refused for that. */
void spawn_hint(int error, struct err *e);
/* Waits for a child of ours; -1: for ever. 0 and *status as waitpid(2); -ETIMEDOUT: it was killed then reaped. */
int spawn_wait(pid_t pid, int timeout_ms, int *status) _must_check;

/*
 * execve(2) along $PATH (the default one where it is unset) of the caller's environ, with envp for the
 * program; no shell is run for a file that is no program. Returns -errno.
 */
int exec_along_path(const char *program, char *const argv[], char *const envp[]) _must_check;
