/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* The config maps ids (lxc.idmap): the container gets a user namespace unless lxc.namespace.* says otherwise. */
bool userns_wanted(const struct spec *s);
/* It gets one (or, in an attach, one is entered). */
bool userns_own(const struct plan *p);
bool userns_has_cgroup(const struct plan *p);

/* The host's id of one of the container's; -1: it is not mapped. Without a map every id is its own. */
int64_t userns_host_uid(const struct spec *s, uid_t uid);
int64_t userns_host_gid(const struct spec *s, gid_t gid);
/* The container's ids of its root: 0:0, or those of init where 0 is not mapped. */
void userns_root(const struct spec *s, uid_t *uid, gid_t *gid);

/*
 * For a template, which fills a rootfs as root of the container's ids and yet may reach what is the caller's: a
 * child of ours with its own new user namespace gets the container's maps and, on a free id, the caller's own.
 */
int userns_map_caller(const struct spec *s, pid_t child, struct err *e) _must_check;
/* What the caller's ids are in there. */
void userns_caller(const struct spec *s, uid_t *uid, gid_t *gid);

/* KEEPER. */
int userns_map(struct run *r, struct err *e);
int userns_give_cgroup(struct run *r, struct err *e);
/* INIT; also of an attach. */
int userns_become(struct run *r, struct err *e);
