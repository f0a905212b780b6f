/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.rootfs.path without its "TYPE:"; NULL: none, the host's own root is shared. */
const char *rootfs_path(const struct spec *s);
/* Its "TYPE", in buf; "" where it says none. */
const char *rootfs_type(const struct spec *s, char *buf, size_t size);
/* lxc.rootfs.mount or, unset, a folder of the container's own. The caller's; NULL: no memory. */
char *rootfs_mountpoint(const struct plan *p);
/* lxc.rootfs.managed: may the storage be deleted with the container? */
bool rootfs_managed(const struct spec *s);

/* A mount namespace of its own: without one nothing can be mounted. */
bool rootfs_private(const struct plan *p);
/* And a rootfs to be "/" in it. */
bool rootfs_own(const struct plan *p);
/* Whose ids are mapped by lxc.rootfs.options. */
bool rootfs_idmapped(const struct plan *p);
/* idmap= of lxc.rootfs.options, which the caller frees; NULL: none. */
char *rootfs_idmap_of(const struct spec *s) _must_check;
/* The error is the doing of lxc.rootfs.options. */
void rootfs_blame_options(const struct spec *s, struct err *e);

/* KEEPER, before the clone. */
int rootfs_open(struct run *r, struct err *e);
void rootfs_close(struct run *r);
/* INIT. */
int mount_private(struct run *r, struct err *e);
bool rootfs_is_reached(const struct plan *p);
int rootfs_reach(struct run *r, struct err *e);
int rootfs_mount(struct run *r, struct err *e);
int root_pivot(struct run *r, struct err *e);

/* INIT: a detached copy of the tree that is to be "/". */
int rootfs_detached(const struct run *r, struct err *e) _must_check;
/* O_PATH fd of a folder right below the rootfs, made (0755) where it is missing; a link is refused. */
int rootfs_folder(const struct run *r, const char *name, struct err *e) _must_check;

/* Outside a start: that config's rootfs on a folder, in a mount namespace of the caller's own. O_PATH fd of its top. */
int rootfs_mount_at(const struct spec *s, const char *at, struct err *e) _must_check;
