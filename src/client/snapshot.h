/* SPDX-License-Identifier: MIT */
#pragma once
/* What snapshot.c, which takes, lists and removes them, restore.c, which puts one back, and others share. */
#include "client/disk.h"

/* The folder of that snapshot; -ENOENT: there is none. The caller frees. */
int snapshot_find(const struct container *c, const char *snap, char **folder, struct err *e) _must_check;
/* What killed commands left among its snapshots; before the folder of them goes, or gets another name. */
void snapshots_sweep(const struct container *c);
/* -EBUSY where it runs; `what` ends the sentence. */
int snapshot_check_stopped(const struct container *c, const char *what, struct err *e) _must_check;
/* A folder's files copied to `at`, as the rootfs of the same kind; it will be called `final`. uts: its new name, or
 * NULL. */
int snapshot_build(const struct spec *spec, const char *folder, const char *config, const char *at, const char *final,
		   const char *uts, struct err *e) _must_check;

/* Ends a restore that was cut short; -EBUSY: one is at work. */
int restore_finish(const struct container *c, struct err *e) _must_check;
/* Under another name where that is neither NULL nor its own. */
int restore(struct container *c, const char *snap, const char *new_name, struct err *e) _must_check;
