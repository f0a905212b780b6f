/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* A /dev of the container's own (lxc.autodev, and there is a rootfs). */
bool dev_own(const struct plan *p);
bool dev_linked(const struct plan *p);
bool dev_nests(const struct plan *p);
/* INIT, between rootfs.mount and root.pivot. */
int dev_mount(struct run *r, struct err *e);
int dev_nodes(struct run *r, struct err *e);
int dev_links(struct run *r, struct err *e);
int dev_boot_id(struct run *r, struct err *e);
int dev_nesting(struct run *r, struct err *e);

/* O_PATH fd of the container's /dev. */
int dev_open(const struct run *r, struct err *e) _must_check;
/* Puts a detached mount of a device upon /dev/NAME, which is made (an empty file) where it is missing. */
int dev_put(int dev, const char *name, int mnt, struct err *e) _must_check;
