/* SPDX-License-Identifier: MIT */
#pragma once
/* Routes of the main table. 0 or -errno, the kernel's words in the socket's `said`. */
#include "sys/addr.h"

/* to NULL: the default route; via NULL: straight out of the link. */
int route_add(struct nl *n, int index, int family, const struct ip *to, int prefix, const struct ip *via) _must_check;
/* Straight out of the link. */
int route_del(struct nl *n, int index, const struct ip *to, int prefix) _must_check;
