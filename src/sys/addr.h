/* SPDX-License-Identifier: MIT */
#pragma once
/* IP addresses: out of text, into text, onto links. 0 or -errno, the kernel's words in the socket's `said`. */
#include "sys/netlink.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct ip {
	int family; /* AF_INET, AF_INET6; 0: none */
	union {
		struct in_addr v4;
		struct in6_addr v6;
		unsigned char raw[16];
	};
};

enum { IP_TEXT = INET6_ADDRSTRLEN };

/* All its bits: the prefix of a route to this one host. */
static inline int ip_bits(const struct ip *a)
{
	return a->family == AF_INET ? 32 : 128;
}

static inline size_t ip_size(const struct ip *a)
{
	return a->family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

/* family 0: either. -EINVAL */
int ip_parse(int family, const char *text, struct ip *out) _must_check;
void ip_print(const struct ip *a, char text[IP_TEXT]);
/* "ADDRESS/PREFIX"; without "/PREFIX" *prefix is -1. -EINVAL */
int ip_parse_prefix(int family, const char *text, struct ip *out, int *prefix) _must_check;
/* What an address without prefix meant before there were prefixes: A 8, B 16, C 24. */
int ip_class_prefix(struct in_addr a);
/* The address with all bits behind the prefix set. */
struct in_addr ip_broadcast(struct in_addr a, int prefix);

/* broadcast NULL: none. IPv6 addresses: at once usable where `nodad`. */
int addr_add(struct nl *n, int index, const struct ip *a, int prefix, const struct in_addr *broadcast,
	     bool nodad) _must_check;
int addr_del(struct nl *n, int index, const struct ip *a, int prefix) _must_check;

struct addr_seen {
	int index;
	unsigned char scope, prefix; /* RT_SCOPE_* */
	struct ip ip;
};
/* Every address of the namespace (nsid -1: the socket's own; else IFA_TARGET_NETNSID, Linux 4.20). */
int addr_each(struct nl *n, int family, int nsid, int (*seen)(const struct addr_seen *, void *), void *arg) _must_check;
