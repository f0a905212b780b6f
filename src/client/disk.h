/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files that make, copy and remove containers on disk share. */
#include "client/container.h"

#include <signal.h>

/* Names in an lxcpath that are never a container's: what is being removed, and what is being built. */
#define DISK_TRASH   ".trash-"
#define DISK_RESTORE ".restore-"
bool disk_is_reserved(const char *name);

/*
 * Set by a command when it is told to end: a creation or copy under way then gives up and takes back
 * what it made. The library itself never handles signals.
 */
extern volatile sig_atomic_t disk_cancelled;

/* --- container.c --- */
/* An absolute path without slashes at its end; NULL: the configured one. */
int container_lxcpath(const char *lxcpath, char **out, struct err *e) _must_check;

/* --- storage_dir.c --- */
/* Copies all in the folder `from` into the empty folder `to`, and gives `to` the owner and mode of `from`. */
int storage_copy(int from, int to, const char *shown, struct err *e) _must_check;
/* Notes on the open folder that it was made for this container, where the file system can. */
void storage_mark(int fd, const struct container *c);
bool storage_marked(int fd, const struct container *c);
/* Removes all that is in the folder, not the folder. */
int storage_empty(int dir, const char *name, struct err *e) _must_check;
/* The rootfs' folder as the loaded config names it, NULL: none (or not a folder). The caller frees. */
char *storage_rootfs(const struct container *c);
bool storage_inside(const struct container *c, const char *path);
/* 0, or -EBUSY where something is mounted at or below the folder. */
int storage_not_mounted(const char *path, struct err *e) _must_check;

/* --- macs.c --- */
/* The text with each x of an lxc.net.N.hwaddr a random digit; `all`: every digit behind the first three bytes too. */
char *config_macs(const char *text, bool all) _must_check;

/* --- template.c --- */
int template_find(const char *name, char **path, struct err *e) _must_check;
/* `mapped`: the config that it is for maps ids; the template then runs as that container's root. NULL: it does not. */
int template_run(const char *path, const struct container *c, const struct spec *mapped, const char *rootfs,
		 char **args, bool quiet, struct err *e) _must_check;
