/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The lock that means "running": an open-file-description lock (fcntl(2) F_OFD_SETLK, Linux 3.15) on
 * a file. It lives as long as the fd is open anywhere, through exec, and the kernel drops it at death.
 */
#include "base/err.h"

/* Opens (or makes, 0600) dir/name and takes the lock. Returns the fd; -EAGAIN: somebody holds it. */
int lock_take(int dir, const char *name) _must_check;
/* 1: held by somebody, 0: free or no such file; -errno. */
int lock_held(int dir, const char *name) _must_check;
/* flock(2) on an open folder, the same for whoever opens it; waits at most `ms`: -ETIMEDOUT; 0: not at all. */
int lock_fd(int fd, int ms) _must_check;
/* Opens the folder and locks it, for as long as the fd that is returned stays open. */
int lock_folder(int dir, const char *path, int ms) _must_check;
