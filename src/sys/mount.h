/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Mounts by fd: a mount is made detached (fsopen(2), open_tree(2)), shaped, and only then attached to
 * an fd, so that no path of a rootfs is ever walked. Mechanism only.
 *
 * libc has a header of this name, too, and "src" comes first on the include path: whoever includes
 * <sys/mount.h> gets both.
 */
#include_next <sys/mount.h>
#include "base/err.h"

#include <stdint.h>

/* What a mount is to be like; all zero: as it is. */
struct mount_shape {
	uint64_t set, clear;	   /* MOUNT_ATTR_*; cleared first */
	unsigned long propagation; /* MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE; with MS_REC: of all below, too */
};

/*
 * A new file system, detached. `data` is a list "word,key=value" as mount(8) takes it (NULL: none), `attr`
 * MOUNT_ATTR_*. What the kernel has to say about a refused option is kept in the error. Returns an O_PATH fd
 * of its top, which stays good after mount_attach().
 */
int mount_new(const char *type, const char *source, const char *data, uint64_t attr, struct err *e) _must_check;
/* As mount_new() and mount_attach() together; values of more than 255 bytes (fsconfig(2)'s limit) go by mount(2). */
int mount_new_at(int target, const char *type, const char *source, const char *data, uint64_t attr,
		 struct err *e) _must_check;
/*
 * A detached copy of the mount at dir/path (flags: AT_RECURSIVE for what is mounted below it, too,
 * AT_SYMLINK_NOFOLLOW), O_PATH. Only mounts of the caller's own mount namespace can be copied. -errno.
 */
int mount_copy(int dir, const char *path, unsigned flags) _must_check;
/*
 * Shapes a mount (NULL: as it is) and attaches it to dir/path ("": to dir itself). The shape comes first
 * where the kernel can change a detached mount: mount_setattr(2), Linux 5.12. -errno.
 */
int mount_attach(int mnt, int dir, const char *path, const struct mount_shape *s) _must_check;
/* Changes a mount that is attached, by an fd of its top. -errno. */
int mount_change(int mnt, const struct mount_shape *s) _must_check;
/* Makes `root` (the top of a mount) the caller's "/", puts it there as working folder, and lets the old one go. */
int mount_pivot(int root, struct err *e) _must_check;

/* For tests: mount_setattr(2) fails as on Linux 5.10 from now on. */
void mount_pretend_old(bool old);
