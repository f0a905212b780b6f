/* SPDX-License-Identifier: MIT */
#pragma once
/* What `start` and `execute` share. */
#include "cli/cli.h"

struct share {
	const char *net, *ipc, *uts, *pid;
};

#define OPT_SHARE(type, member)                                                                                         \
	{0, "share-net", "NAME|PID", OPT_TEXT, offsetof(type, member.net), false, "Share another's network"},           \
		{0, "share-ipc", "NAME|PID", OPT_TEXT, offsetof(type, member.ipc), false, "Share another's IPC"},       \
		{0, "share-uts", "NAME|PID", OPT_TEXT, offsetof(type, member.uts), false, "Share another's host name"}, \
	{                                                                                                               \
		0, "share-pid", "NAME|PID", OPT_TEXT, offsetof(type, member.pid), false, "Share another's processes"    \
	}

/* 0, or 1 after it was told. */
int start_share(const struct cli *c, struct container *ct, const struct share *s) _must_check;
int start_check(const struct cli *c, struct container *ct) _must_check;
