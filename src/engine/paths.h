/* SPDX-License-Identifier: MIT */
#pragma once
/* Where our own programs and run-time files are. Every returned string is the caller's; NULL: no memory. */

/* A program of ours: $KEG_LIBEXEC, else beside the running program (a build tree), else as installed. */
char *path_libexec(const char *program);
/* /run/keg/<lxcpath, escaped>; of who is not root $XDG_RUNTIME_DIR/keg/..., else ~/.cache/keg/run/... */
char *path_runtime(const char *lxcpath);
/* The same with monitors/ before the lxcpath. */
char *path_monitors(const char *lxcpath);
/* /run/keg/rootfs/<lxcpath, escaped>/<name>: where a rootfs is mounted before it becomes "/". Not below
 * path_runtime(), which only root may pass: hooks of a container with a user namespace find it there. */
char *path_mountpoint(const char *lxcpath, const char *name);
/* Removes a folder of those above, and what is empty above it up to /run/keg itself. */
void path_leave(const char *folder);
/* A path as one word: "/" becomes "-", "-" becomes "\x2d"; a long one becomes "#" and its hash. */
char *path_escape(const char *path);
/* The `keg` command. */
char *path_keg(void);
/* The folder of the running program, or of the library that we are part of. No slash at its end; NULL: unknown. */
char *path_own_folder(void);
/* Called before main() where we are a library in somebody's program; the text must stay. */
void path_set_library(const char *file);
