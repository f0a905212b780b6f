/* SPDX-License-Identifier: MIT */
#pragma once
/* What `start` and `execute` share. */
#include "cli/cli.h"

struct share {
	const char *net, *ipc, *uts, *pid;
};

/* clang-format off */
#define OPT_SHARED(type, member, what, help) \
	{ 0, "share-" #what, "NAME|PID", OPT_TEXT, offsetof(type, member.what), false, help }
#define OPT_SHARE(type, member)                                         \
	OPT_SHARED(type, member, net, "Share another's network"),       \
	OPT_SHARED(type, member, ipc, "Share another's IPC"),           \
	OPT_SHARED(type, member, uts, "Share another's host name"),     \
	OPT_SHARED(type, member, pid, "Share another's processes")
/* clang-format on */

/* 0, or 1 after it was told. */
int start_share(const struct cli *c, struct container *ct, const struct share *s) _must_check;
/* `host`: with what is warned of on this host. */
int start_check(const struct cli *c, struct container *ct, bool host) _must_check;
