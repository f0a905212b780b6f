/* SPDX-License-Identifier: MIT */
#pragma once
/* The id maps of a user namespace (user_namespaces(7)): which ids inside are which outside. Mechanism only. */
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

enum { IDMAP_EXTENTS = 340 }; /* as many as the kernel takes since Linux 4.15 */

struct idmap_extent {
	uint32_t inside, outside, count;
};

struct idmap {
	struct idmap_extent v[IDMAP_EXTENTS];
	size_t n;
};

/* "NSID HOSTID RANGE" in decimal, parted by blanks, strictly. -EINVAL, -ERANGE. */
int idmap_parse(const char *text, struct idmap_extent *out) _must_check;
/* The id outside of one inside; -1: it is not mapped. */
int64_t idmap_out(const struct idmap *m, uint32_t inside);
/* Where two extents of one map collide: "inside" or "on the host"; NULL: nowhere. */
const char *idmap_overlap(const struct idmap_extent *a, const struct idmap_extent *b);

/*
 * Writes both maps of a child that was cloned with CLONE_NEWUSER: directly where the kernel lets us, else
 * by newuidmap(1) and newgidmap(1), whose own words and the missing line of /etc/subuid go into the error.
 */
int idmap_write(pid_t pid, const struct idmap *uid, const struct idmap *gid, struct err *e) _must_check;
/* The same with the map of users alone: every group then is nobody's. */
int idmap_write_users(pid_t pid, const struct idmap *uid, struct err *e) _must_check;
