/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Network links: looked at, made, changed, deleted. 0 or -errno, the kernel's words in the socket's
 * `said`; the caller, who knows what the link is for, makes the error out of it.
 */
#include "base/str.h"
#include "sys/netlink.h"

#include <net/if.h>
#include <sys/types.h>

enum { MAC_LEN = 6, MAC_TEXT = 18 };

struct link {
	int index, master;   /* master 0: none */
	int other;	     /* a veth's other end, by its index there; what a vlan lies on; 0: none */
	unsigned mtu, flags; /* flags: IFF_* */
	unsigned char mac[MAC_LEN];
	char name[IFNAMSIZ], kind[16]; /* kind "": a device of the hardware's */
	uint64_t rx_bytes, tx_bytes;   /* only of link_count() and link_count_each_of() */
};

/* What a link is to have; what is left 0 (or NULL) is not touched. */
struct link_want {
	const char *name;
	const unsigned char *mac;
	unsigned mtu, rx_queues, tx_queues;
	int master;
	bool release; /* from its master */
	bool up, down;
	pid_t netns_pid;    /* whose network namespace it goes into */
	int netns_fd;	    /* the same by fd, used where > 0 */
	bool no_link_local; /* no IPv6 link-local address: a bridge's port needs none (link_change() only) */
};

int link_get(struct nl *n, const char *name, struct link *out) _must_check; /* -ENODEV */
int link_get_index(struct nl *n, int index, struct link *out) _must_check;
/* The same in the network namespace of that number: IFLA_TARGET_NETNSID, Linux 4.20. */
int link_get_index_of(struct nl *n, int nsid, int index, struct link *out) _must_check;
/* Its alternative names (Linux 5.5) are added to the vector. */
int link_altnames(struct nl *n, int index, struct strv *out) _must_check;
int link_altname_add(struct nl *n, int index, const char *name) _must_check;
int link_count(struct nl *n, const char *name, struct link *out) _must_check;
/* Calls for every link; the callback's negative answer ends it. */
int link_each(struct nl *n, int (*seen)(const struct link *, void *), void *arg) _must_check;
/* The same in the network namespace of that number (-1: the socket's own): IFLA_TARGET_NETNSID, Linux 4.20. */
int link_each_of(struct nl *n, int nsid, int (*seen)(const struct link *, void *), void *arg) _must_check;

/* The same with what they have carried. */
int link_count_each_of(struct nl *n, int nsid, int (*seen)(const struct link *, void *), void *arg) _must_check;
/* Only what the links of the caller's namespace have carried: index, rx_bytes, tx_bytes. A tenth of what a dump of the
 * links takes (RTM_GETSTATS, Linux 4.7). */
int link_stats_each(struct nl *n, int (*seen)(const struct link *, void *), void *arg) _must_check;

/* Both ends in one request: the peer is born in its namespace with its name, MAC and MTU. */
int link_make_veth(struct nl *n, const struct link_want *host, const struct link_want *peer) _must_check;
int link_make_bridge(struct nl *n, const struct link_want *w) _must_check;
int link_make_vlan(struct nl *n, int parent, uint16_t id, const struct link_want *w) _must_check;
int link_make_macvlan(struct nl *n, int parent, uint32_t mode, const struct link_want *w) _must_check;
int link_make_ipvlan(struct nl *n, int parent, uint16_t mode, uint16_t flags, const struct link_want *w) _must_check;
int link_change(struct nl *n, int index, const struct link_want *w) _must_check;
int link_delete(struct nl *n, int index) _must_check;
/*
 * Whether its other end (a veth's) lies in a network namespace that has ended: the kernel is about to delete both.
 * It does so in its own time, some ten milliseconds and more after the namespace's last process.
 */
bool link_is_ending(struct nl *n, const char *name);

/* "00:16:3e:aa:bb:cc"; -EINVAL */
int mac_parse(const char *text, unsigned char mac[MAC_LEN]) _must_check;
void mac_print(const unsigned char mac[MAC_LEN], char text[MAC_TEXT]);
/* A name that the kernel takes: 1 to 15 bytes, no '/', ':', '%', blanks; not "." or "..". */
bool link_name_valid(const char *name);
