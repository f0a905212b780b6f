/* SPDX-License-Identifier: MIT */
/* Makes a veth between the host and a user's network namespace; see pair.h. */
#include "usernic/pair.h"

#include "sys/netns.h"
#include "sys/ovs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { LETTERS = 6, SUFFIX = 4, TRIES = 10 };

/* The part of the name that the user's number makes; the length of it. */
static size_t prefix_of(uid_t uid, char prefix[32])
{
	int n = snprintf(prefix, 32, "veth%u_", uid);

	return uid && n + SUFFIX < IFNAMSIZ ? (size_t)n : (size_t)snprintf(prefix, 32, "veth");
}

static int choose(uid_t uid, char name[IFNAMSIZ], struct err *e)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char dice[LETTERS];
	char prefix[32];
	size_t n = prefix_of(uid, prefix), letters = prefix[n - 1] == '_' ? SUFFIX : LETTERS;

	if (getrandom(dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
		return err_sys(e, "choose", "a name");
	memcpy(name, prefix, n);
	for (size_t i = 0; i < letters; i++)
		name[n + i] = set[dice[i] % (sizeof(set) - 1)];
	name[n + letters] = 0;
	return 0;
}

int pair_name(struct nl *nl, struct pair *p, struct err *e)
{
	struct link there;
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		r = choose(p->uid, p->host, e);
		if (r == 0 && link_get(nl, p->host, &there) == -ENODEV)
			return 0;
	}
	return r < 0 ? r : err_num(e, EEXIST, "choose", "a name");
}

bool pair_is_of(const char *host, uid_t uid)
{
	char prefix[32];
	size_t n = prefix_of(uid, prefix);

	return prefix[n - 1] == '_' && strncmp(host, prefix, n) == 0;
}

static int find_bridge(struct nl *nl, const struct pair *p, struct link *bridge, bool *ovs, struct err *e)
{
	int r;

	*bridge = (struct link){ 0 };
	*ovs = false;
	if (strcmp(p->bridge, NO_BRIDGE) == 0)
		return 0;
	r = link_get(nl, p->bridge, bridge);
	if (r < 0)
		return err_num(e, -r, "attach", "%s to bridge %s", p->host, p->bridge);
	*ovs = strcmp(bridge->kind, "bridge") != 0;
	if (*ovs && !ovs_has_bridge(p->bridge))
		return err_say(e, EINVAL, "cannot attach %s to %s: it is not a bridge", p->host, p->bridge);
	return 0;
}

/* Both ends at once: the inner one is born in the namespace, with its name, so that there is nothing to rename. */
static int make(struct nl *nl, const struct pair *p, int netns, const struct link *bridge, bool ovs, struct err *e)
{
	unsigned char mac[MAC_LEN];
	struct link_want host = {
		.name = p->host, .mac = mac, .mtu = bridge->mtu, .master = ovs ? 0 : bridge->index, .up = true
	};
	struct link_want inner = { .name = p->wanted ? p->wanted : "eth%d", .mtu = bridge->mtu, .netns_fd = netns };
	int r;

	if (getrandom(mac, MAC_LEN, 0) != MAC_LEN)
		return err_sys(e, "choose", "a MAC address");
	mac[0] = 0xfe; /* never the lowest of a bridge's, whose own address stays what it is */
	r = link_make_veth(nl, &host, &inner);
	if (r == -EEXIST)
		return err_num(e, EEXIST, "create", "%s in the container", inner.name);
	return r < 0 ? err_num(e, -r, "create", "veth %s", p->host) : 0;
}

static int look(struct nl *nl, struct pair *p, int netns, struct err *e)
{
	struct link_want quiet = { .no_link_local = true };
	struct link host, inner;
	int nsid, r = link_get(nl, p->host, &host);

	if (r == 0)
		r = netns_id(nl, netns, &nsid);
	if (r == 0)
		r = link_get_index_of(nl, nsid, host.other, &inner);
	if (r < 0)
		return err_num(e, -r, "find", "%s in the container", p->host);
	(void)!link_change(nl, host.index, &quiet); /* a bridge's port needs no address; not vital */
	p->host_index = host.index;
	p->index = inner.index;
	return str_copy(p->inner, sizeof(p->inner), inner.name);
}

static void unmake(struct nl *nl, const struct pair *p)
{
	struct link l;

	if (link_get(nl, p->host, &l) == 0)
		(void)!link_delete(nl, l.index);
}

int pair_make(struct nl *nl, struct pair *p, int netns, struct err *e)
{
	static const struct strv no_vlans;
	struct link bridge;
	bool ovs;
	int r = find_bridge(nl, p, &bridge, &ovs, e);

	if (r == 0)
		r = make(nl, p, netns, &bridge, ovs, e);
	if (r < 0)
		return r;
	r = look(nl, p, netns, e);
	if (r == 0 && ovs)
		r = ovs_add_port(p->bridge, p->host, &no_vlans, e);
	if (r < 0)
		unmake(nl, p);
	return r;
}
