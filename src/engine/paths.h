/* SPDX-License-Identifier: MIT */
#pragma once
/* Where our own programs and run-time files are. Every returned string is the caller's; NULL: no memory. */

/* A program of ours: $KEG_LIBEXEC, else beside the running program (a build tree), else as installed. */
char *path_libexec(const char *program);
/* /run/keg/<lxcpath, escaped> */
char *path_runtime(const char *lxcpath);
/* /run/keg/monitors/<lxcpath, escaped> */
char *path_monitors(const char *lxcpath);
/* A path as one word: "/" becomes "-", "-" becomes "\x2d"; a long one becomes "#" and its hash. */
char *path_escape(const char *path);
/* The `keg` command. */
char *path_keg(void);
