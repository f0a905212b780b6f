/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Proxy entries of the neighbour tables: the host answers ARP and NDP requests for an address that lies behind
 * another link. 0 or -errno, the kernel's words in the socket's `said`.
 */
#include "sys/addr.h"

/* The kernel takes it as it is where it is there already: ask first who is to remove it. */
int neigh_proxy_add(struct nl *n, int index, const struct ip *a) _must_check;
int neigh_proxy_del(struct nl *n, int index, const struct ip *a) _must_check;
/* -ENOENT: there is none. Linux 5.0 */
int neigh_proxy_look(struct nl *n, int index, const struct ip *a) _must_check;
