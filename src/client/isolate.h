/* SPDX-License-Identifier: MIT */
#pragma once
/* A program in new namespaces without a container: what `unshare` and `usernsexec` do. */
#include "base/err.h"
#include "sys/idmap.h"

#include <stdbool.h>

struct isolate {
	uint64_t namespaces;		 /* CLONE_NEW* */
	const struct idmap *uids, *gids; /* written for it; NULL, or empty: none is */
	int64_t uid, gid;		 /* what it becomes in there; -1: nothing is changed */
	bool drop_groups;
	const char *hostname;	  /* NULL: none is set */
	const char *const *links; /* of the host's, moved into its network; ended by NULL */
	bool remount;		  /* fresh /proc, /dev/shm and /dev/mqueue */
	bool detach;		  /* it is not waited for */
	char **argv;
};

/* Runs it to its end; *status is its wait status, 0 where it is not waited for. */
int isolate_run(const struct isolate *i, int *status, struct err *e) _must_check;

/* --- users.c --- */
/* A name of /etc/passwd, or a number that stands there; -ENOENT. */
int user_find(const char *name_or_number, uid_t *uid) _must_check;
/* The caller's first range in /etc/subuid or /etc/subgid, for ids from 0 on. */
int user_subids(const char *file, struct idmap *m, struct err *e) _must_check;
