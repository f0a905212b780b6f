/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The one way into a tree that somebody else fills (a rootfs): paths are walked by the kernel inside
 * `root`, an fd of the tree's top, with openat2(2) (Linux 5.6) RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS.
 * An absolute path or link starts at `root`, ".." stops there.
 */
#include "base/err.h"

#include <sys/types.h>

/* Flags and mode as for open(2); O_CLOEXEC is added. Returns an fd or -errno. */
int beneath_open(int root, const char *path, int flags, mode_t mode) _must_check;
/* O_PATH fd of the folder, made (mode) with its parents where it is missing. -errno. */
int beneath_mkdir_p(int root, const char *path, mode_t mode) _must_check;
/* O_PATH fd of the file, made empty (mode 0644) with its parents (0755) where it is missing. -errno. */
int beneath_create(int root, const char *path) _must_check;
/* As symlinkat(2); the folder of `path` must be there. -EEXIST where anything stands in the way. */
int beneath_symlink(int root, const char *target, const char *path) _must_check;
/* As mknodat(2), with exactly that mode whatever the umask. */
int beneath_mknod(int root, const char *path, mode_t mode, dev_t dev) _must_check;
int beneath_unlink(int root, const char *path, int flags) _must_check;
