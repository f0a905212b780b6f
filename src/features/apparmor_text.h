/* SPDX-License-Identifier: MIT */
#pragma once
/* The profile that lxc.apparmor.profile = generated stands for, as text of apparmor.d(5). */
#include "base/str.h"

struct apparmor_want {
	const char *profile; /* its name */
	const char *space;   /* the policy namespace that the container may fill; NULL: none */
	bool nesting;	     /* containers may be run inside */
	char *const *raw;    /* the user's own lines; NULL, or ended by NULL */
};

void apparmor_text(const struct apparmor_want *w, struct buf *out);
/*
 * Adds a rule for every path below `root` (which ends in "/") that begins with none of the `n` prefixes, before and
 * behind which stand the two texts: AppArmor has no "all but", and a deny cannot be taken back by an allow.
 */
void apparmor_all_but(const char *root, const char *const *prefixes, size_t n, const char *before, const char *behind,
		      struct buf *out);
