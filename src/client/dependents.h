/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Who depends on whose files: in a container's folder, lxc_snapshots names the overlays whose lower folder is its
 * rootfs, lxc_rdepends those that its own overlay lies on. LXC's format: two lines for each, LXCPATH and NAME; a
 * file goes when it is empty.
 */
#include "base/str.h"

#define DEPENDENTS "lxc_snapshots"
#define PARENTS	   "lxc_rdepends"

/* A container's folder, or a snapshot's: where its folder is, and the folder's name. */
struct dependent {
	const char *lxcpath, *name;
};

/* The lines of FOLDER/file, two for each; none where there is no such file. */
int dependents_read(const char *folder, const char *file, struct strv *pairs, struct err *e) _must_check;
/* Who is listed there, but those whose destruction had begun. */
int dependents_of(const char *folder, struct strv *pairs, struct err *e) _must_check;
/* Writes FOLDER/lxc_rdepends: those lines. */
int dependents_write_parents(const char *folder, const struct strv *pairs, struct err *e) _must_check;
/* Adds `child` to the lxc_snapshots of all that `parents` names; one that it is in already stays as it is. */
int dependents_add(const struct strv *parents, struct dependent child, struct err *e) _must_check;
/*
 * Takes it out of them; a parent that is gone is none. What is to be forgotten lies in the folder `left` and had that
 * name, or was to get it: another may have it by now, or be about to, and depend on the same parents. Those that it
 * depends on keep it.
 */
int dependents_forget(const struct strv *parents, const char *left, struct dependent child, struct err *e) _must_check;
