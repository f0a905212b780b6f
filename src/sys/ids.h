/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Becoming another user in a child of a program that may have threads: by the bare system calls. libc's functions
 * ask every thread to change too, and in a forked child wait for ever for one that its parent was just making.
 */
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int ids_set_groups(size_t n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

static inline int ids_set_gid(gid_t gid)
{
	return (int)syscall(SYS_setresgid, gid, gid, gid);
}

static inline int ids_set_uid(uid_t uid)
{
	return (int)syscall(SYS_setresuid, uid, uid, uid);
}
