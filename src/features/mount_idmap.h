/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* idmap= of lxc.rootfs.options. INIT copies the tree, KEEPER maps it, INIT mounts it (rootfs.mount). */
int rootfs_copy(struct run *r, struct err *e);
int rootfs_idmap(struct run *r, struct err *e);

/* The same for the entries with idmap=; a fstab is only read on the way, so it may turn out to have none. */
bool mount_any_idmapped(const struct plan *p);
int mount_copies(struct run *r, struct err *e);
int mount_idmap(struct run *r, struct err *e);
int mount_idmapped(struct run *r, struct err *e);
