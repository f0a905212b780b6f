/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What is done within a running container, from outside: in a child that enters its namespaces and, where it has a
 * user namespace, becomes its root. The child shares the caller's fds, so what it opens is the caller's, too.
 */
#include "base/err.h"

#include <stdbool.h>

enum { WITHIN_MS = 10 * 1000 };

/* 0 or -errno. What it opened, but for what it was to leave open, it has closed again. */
typedef int within_fn(void *arg);

/* In the child: flags of setns(2), CLONE_NEWUSER left out. -errno. */
int within_enter(int init_pidfd, bool mapped, int flags) _must_check;
/* What f says, -ECHILD where it died, -ETIMEDOUT where a file system there does not answer. */
int within_run(within_fn *f, void *arg) _must_check;
