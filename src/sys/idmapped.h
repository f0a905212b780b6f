/* SPDX-License-Identifier: MIT */
#pragma once
/* Idmapped mounts (mount_setattr(2) MOUNT_ATTR_IDMAP, Linux 5.12): files of other ids, seen as the container's. */
#include "base/err.h"

#include <stdbool.h>

/*
 * Gives a detached tree (all: with what is mounted below its top) the map of a user namespace. It takes
 * privilege over the file system, and must come before anybody can see the mount. -errno.
 */
int idmapped_set(int tree, bool all, int userns) _must_check;
/* What the user can do about it. */
void idmapped_hint(int tree, int error, struct err *e);
