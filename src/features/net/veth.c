/* SPDX-License-Identifier: MIT */
/* lxc.net.#.type = veth: a pair, one end at a bridge of the host's, the other one in the container. */
#include "features/net/nic.h"

#include "base/own.h"
#include "sys/ovs.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { NAME_TRIES = 10, ENDING_MS = 5000, ENDING_STEP_MS = 5 };

static int random_name(char name[IFNAMSIZ], struct err *e)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char dice[6];

	if (getrandom(dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
		return err_sys(e, "choose", "a name for the veth");
	(void)!str_copy(name, IFNAMSIZ, "vethXXXXXX");
	for (size_t i = 0; i < sizeof(dice); i++)
		name[4 + i] = set[dice[i] % (sizeof(set) - 1)];
	return 0;
}

/*
 * A bridge takes the lowest MAC of its ports for its own: one that begins with fe: never is that, so the
 * bridge's does not change when a container comes or goes. (fe: is locally administered, not multicast.)
 */
static int random_mac(unsigned char mac[MAC_LEN], struct err *e)
{
	if (getrandom(mac, MAC_LEN, 0) != MAC_LEN)
		return err_sys(e, "choose", "a MAC address for the veth");
	mac[0] = 0xfe;
	return 0;
}

/* What the host's end is called in an error, before it has its name. */
static const char *end_name(const struct nic_job *j)
{
	return j->state && j->state->host[0] ? j->state->host : "a veth";
}

int veth_find_bridge(const struct nic_job *j, struct link *bridge, enum uplink *kind, struct err *e)
{
	const struct nic *nic = j->nic;
	int r = link_get(j->nl, nic->link.s, bridge);

	if (r < 0) {
		r = err_num(e, -r, "attach", "%s to bridge %s", end_name(j), nic->link.s);
		err_hint(e, "create it: \"keg net up\" makes lxcbr0");
		return nic_blame(j, r, "link", nic->link.at, e);
	}
	*kind = UPLINK_BRIDGE;
	if (strcmp(bridge->kind, "bridge") == 0)
		return 0;
	*kind = UPLINK_OVS; /* in the kernel's datapath its bridges have a kind of their own, in others they are taps */
	if (ovs_has_bridge(nic->link.s))
		return 0;
	if (strcmp(bridge->kind, "openvswitch") == 0) {
		r = err_say(e, EOPNOTSUPP,
			    "cannot attach %s to %s, a bridge of Open vSwitch: ovs-vsctl does not know it", end_name(j),
			    nic->link.s);
		err_hint(e, "install openvswitch-switch and start its service");
		return nic_blame(j, r, "link", nic->link.at, e);
	}
	r = err_say(e, EINVAL, "cannot attach %s to %s: it is not a bridge", end_name(j), nic->link.s);
	err_hint(e, "for a container on %s itself, take type macvlan or phys", nic->link.s);
	return nic_blame(j, r, "link", nic->link.at, e);
}

static int find_uplink(const struct nic_job *j, struct link *up, enum uplink *kind, struct err *e)
{
	bool routed = j->nic->veth_mode.n == VETH_ROUTER;

	*kind = routed ? UPLINK_ROUTED : UPLINK_NONE;
	if (!j->nic->link.s)
		return 0;
	return routed ? nic_find_link(j, "take the MTU of", up, e) : veth_find_bridge(j, up, kind, e);
}

/* The kernel's own words where they say more than the errno; the key that most likely asked for it. */
static int refused(const struct nic_job *j, int r, const char *host, struct err *e)
{
	const struct nic *nic = j->nic;

	if (r == -EEXIST) {
		r = err_num(e, EEXIST, "create", "veth %s", host);
		/* a random name was tried often enough: it is the one in the container that is there already */
		if (!nic->veth_pair.s)
			return nic_blame(j, r, "name", nic->name.at, e);
		err_hint(e, "the host has a device of that name: choose another, or none for one by chance");
		return nic_blame(j, r, "veth.pair", nic->veth_pair.at, e);
	}
	if (nic->link.s)
		r = err_num(e, -r, "create", "veth %s at bridge %s", host, nic->link.s);
	else
		r = err_num(e, -r, "create", "veth %s", host);
	if (r == -EINVAL && nic->mtu.s) {
		err_hint(e, "a veth takes an MTU from 68 to 65535");
		return nic_blame(j, r, "mtu", nic->mtu.at, e);
	}
	if (r == -EADDRNOTAVAIL && nic->hwaddr.s)
		return nic_blame(j, r, "hwaddr", nic->hwaddr.at, e);
	if (r == -EOPNOTSUPP)
		err_hint(e, "the kernel needs CONFIG_VETH and CONFIG_BRIDGE");
	return nic_blame(j, r, "type", nic->type.at, e);
}

/*
 * As link_make_veth(). The veth of a container whose keeper was killed has its name until the kernel has taken the dead
 * namespace down: its next start waits for that, and for no device that stays.
 */
static int make_veth(struct nl *nl, const struct link_want *host, const struct link_want *peer)
{
	static const struct timespec step = { .tv_nsec = ENDING_STEP_MS * 1000000L };
	int r = link_make_veth(nl, host, peer);

	for (int ms = 0; r == -EEXIST && ms < ENDING_MS && link_is_ending(nl, host->name); ms += ENDING_STEP_MS) {
		(void)nanosleep(&step, NULL); /* waits: 5 ms at a time, 5 s in all */
		r = link_make_veth(nl, host, peer);
	}
	return r;
}

static int create(struct nic_job *j, struct link_want *host, const struct link_want *peer, char name[IFNAMSIZ],
		  struct err *e)
{
	int r = -EEXIST;

	host->name = name;
	for (int i = 0; r == -EEXIST && i < NAME_TRIES; i++) {
		r = make_veth(j->nl, host, peer);
		if (r != -EEXIST || j->nic->veth_pair.s)
			break;
		if (random_name(name, e) < 0)
			return -EIO;
	}
	return r < 0 ? refused(j, r, name, e) : 0;
}

static int add_routes(const struct nic_job *j, const struct list *routes, int family, const char *sub, struct err *e)
{
	for (size_t i = 0; i < routes->n; i++) {
		int prefix, r;
		struct ip to;

		r = ip_parse_prefix(family, routes->v[i].text, &to, &prefix);
		if (r == 0)
			r = route_add(j->nl, j->state->ifindex, family, &to, prefix, NULL);
		if (r < 0) {
			r = err_num(e, -r, "route", "%s to %s", routes->v[i].text, j->state->host);
			return nic_blame(j, r, sub, routes->v[i].at, e);
		}
	}
	return 0;
}

static int connect_uplink(struct nic_job *j, const struct link *up, enum uplink kind, struct err *e)
{
	switch (kind) {
	case UPLINK_NONE:
		return 0;
	case UPLINK_BRIDGE:
		return nic_has_vlans(j->nic) ? vlan_make(j, up, e) : 0;
	case UPLINK_OVS:
		return ovs_make(j, e);
	case UPLINK_ROUTED:
		return router_make(j, e);
	}
	return 0;
}

/* What an existing device only can be told: routes, and that a bridge's port needs no address (not vital). */
static int finish(struct nic_job *j, const struct link *up, enum uplink kind, struct err *e)
{
	struct link_want quiet = { .no_link_local = true };
	struct link l;
	int r = link_get(j->nl, j->state->host, &l);

	if (r < 0)
		return err_num(e, -r, "find", "%s", j->state->host);
	j->state->ifindex = l.index;
	if (kind == UPLINK_BRIDGE || kind == UPLINK_OVS)
		(void)!link_change(j->nl, l.index, &quiet);
	r = connect_uplink(j, up, kind, e);
	if (r == 0)
		r = add_routes(j, &j->nic->veth_route4, AF_INET, "veth.ipv4.route", e);
	return r < 0 ? r : add_routes(j, &j->nic->veth_route6, AF_INET6, "veth.ipv6.route", e);
}

int veth_make(struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	unsigned char host_mac[MAC_LEN], mac[MAC_LEN];
	char name[IFNAMSIZ], inner[IFNAMSIZ];
	struct link up = { 0 };
	enum uplink kind;
	struct link_want peer = { .name = inner,
				  .netns_pid = j->run->init_pid,
				  .rx_queues = (unsigned)nic->veth_rx.n,
				  .tx_queues = (unsigned)nic->veth_tx.n };
	/* what one end sends by, the other one receives by */
	struct link_want host = {
		.mac = host_mac, .up = true, .rx_queues = peer.tx_queues, .tx_queues = peer.rx_queues
	};
	int r = nic->veth_pair.s ? str_copy(name, sizeof(name), nic->veth_pair.s) : random_name(name, e);

	if (r == 0)
		r = random_mac(host_mac, e);
	if (r == 0)
		r = str_copy(j->state->host, sizeof(j->state->host), name);
	if (r == 0)
		r = find_uplink(j, &up, &kind, e);
	if (r < 0)
		return r;
	nic_birth_name(j->net, j->nth, inner);
	if (nic->hwaddr.s && mac_parse(nic->hwaddr.s, mac) == 0)
		peer.mac = mac;
	host.master = kind == UPLINK_BRIDGE ? up.index : 0;
	host.mtu = peer.mtu = nic_mtu(nic) ? nic_mtu(nic) : up.mtu;
	r = create(j, &host, &peer, name, e);
	if (r < 0)
		return r;
	(void)!str_copy(j->state->host, sizeof(j->state->host), name);
	return finish(j, &up, kind, e);
}
