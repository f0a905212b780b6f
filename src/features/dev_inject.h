/* SPDX-License-Identifier: MIT */
#pragma once
#include "base/err.h"

#include <stdbool.h>

/*
 * Puts a device of the host's into a running container with a user namespace, where nodes do not work: the
 * host's is bound upon a file `to` that is made as the container's root.
 */
int dev_inject(int init_pidfd, const char *path, const char *to, struct err *e) _must_check;
/* Its init, by pid, is in another user namespace than the caller. */
bool dev_needs_inject(int init_pid);
