/* SPDX-License-Identifier: MIT */
/* INIT, in its own network namespace: names, addresses, up, gateways; and lo. */
#include "features/net/net.h"

#include "base/own.h"
#include "features/net/nic.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

struct setup {
	struct nic_job job;
	int index;
	char name[IFNAMSIZ];
};

static int add_address(struct setup *s, const struct item *it, int family, const char *sub, struct err *e)
{
	_own_strv struct strv words = { 0 };
	struct in_addr broadcast, *given = NULL;
	struct ip a;
	int prefix, r = strv_split(&words, it->text, " ");

	if (r == 0)
		r = ip_parse_prefix(family, words.v[0], &a, &prefix);
	if (r == 0 && words.n > 1 && inet_pton(AF_INET, words.v[1], &broadcast) != 1)
		r = -EINVAL;
	if (r == 0 && family == AF_INET) {
		if (words.n == 1)
			broadcast = ip_broadcast(a.v4, prefix);
		given = words.n > 1 || prefix < 31 ? &broadcast : NULL; /* /31 and /32 have no room for one */
	}
	if (r == 0)
		r = addr_add(s->job.nl, s->index, &a, prefix, given, false);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "add address", "%s to %s", it->text, s->name);
	if (family == AF_INET6 && (r == -EOPNOTSUPP || r == -EACCES))
		err_hint(e, "IPv6 is switched off in this kernel (or by net.ipv6.conf.*.disable_ipv6)");
	return nic_blame(&s->job, r, sub, it->at, e);
}

static int add_addresses(struct setup *s, const struct list *l, int family, const char *sub, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++)
		r = add_address(s, &l->v[i], family, sub, e);
	return r;
}

/* A gateway outside of the device's networks is reached straight out of the device, as LXC does it. */
static int route_by(struct setup *s, const struct ip *via)
{
	int r = route_add(s->job.nl, s->index, via->family, NULL, 0, via);

	if (r != -ENETUNREACH && r != -EHOSTUNREACH && r != -EINVAL)
		return r;
	if (route_add(s->job.nl, s->index, via->family, via, via->family == AF_INET ? 32 : 128, NULL) < 0)
		return r;
	return route_add(s->job.nl, s->index, via->family, NULL, 0, via);
}

static int add_gateway(struct setup *s, const struct text *gateway, int family, const char *sub, struct err *e)
{
	struct ip via = { 0 };
	int r = 0;

	if (!gateway->s)
		return 0;
	if (strcmp(gateway->s, "auto") == 0)
		via = gateway_of_link(s->job.nth, family);
	else if (strcmp(gateway->s, "dev") != 0)
		r = ip_parse(family, gateway->s, &via);
	if (r == 0)
		r = via.family ? route_by(s, &via) : route_add(s->job.nl, s->index, family, NULL, 0, NULL);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "set", "the default route of %s by %s", s->name, gateway->s);
	if (r == -EEXIST)
		err_hint(e, "another device has a gateway already: one default route is enough");
	return nic_blame(&s->job, r, sub, gateway->at, e);
}

/* lxc-user-nic gives a veth its name, and of the rest nothing: a plain user's gets it here. */
static int complete(struct setup *s, const struct link *l, struct err *e)
{
	const struct nic *nic = s->job.nic;
	unsigned char mac[MAC_LEN];
	struct link_want w = { 0 };
	int r = 0;

	if (nic->hwaddr.s && mac_parse(nic->hwaddr.s, mac) == 0 && memcmp(mac, l->mac, MAC_LEN) != 0)
		w.mac = mac;
	if (w.mac)
		r = link_change(s->job.nl, l->index, &w);
	if (r < 0) {
		r = err_num(e, -r, "set", "the MAC address of %s", s->name);
		return nic_blame(&s->job, r, "hwaddr", nic->hwaddr.at, e);
	}
	w = (struct link_want){ .mtu = nic_mtu(nic) };
	if (w.mtu && w.mtu != l->mtu)
		r = link_change(s->job.nl, l->index, &w);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "set", "the MTU of %s", s->name);
	return nic_blame(&s->job, r, "mtu", nic->mtu.at, e);
}

/* Takes the device under the name that the KEEPER gave it; leaves it under its own. */
static int find_device(struct setup *s, struct err *e)
{
	const struct nic *nic = s->job.nic;
	struct link_want rename = { .name = s->name };
	unsigned char mac[MAC_LEN];
	char born[IFNAMSIZ];
	struct link l;
	int r;

	nic_inner_name(s->job.net, s->job.nth, s->name);
	nic_birth_name(s->job.net, s->job.nth, born);
	r = link_get(s->job.nl, born, &l);
	if (r < 0)
		return err_num(e, -r, "find", "%s in the container", born);
	s->index = l.index;
	if (nic->type.n == NET_VETH)
		return complete(s, &l, e);
	if (strcmp(born, s->name) == 0)
		return 0;
	/* a macvlan in passthru mode is born with its parent's address, whatever it was asked for */
	if (nic->type.n == NET_MACVLAN && nic->macvlan_mode.n == MACVLAN_MODE_PASSTHRU && nic->hwaddr.s &&
	    mac_parse(nic->hwaddr.s, mac) == 0)
		rename.mac = mac;
	r = link_change(s->job.nl, l.index, &rename);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "name", "the device %s", s->name);
	return nic_blame(&s->job, r, "name", s->job.nic->name.at, e);
}

static int bring_up(struct setup *s, struct err *e)
{
	static const struct link_want up = { .up = true };
	int r = link_change(s->job.nl, s->index, &up);

	if (r == 0)
		return 0;
	r = err_num(e, -r, "bring up", "%s", s->name);
	return nic_blame(&s->job, r, "flags", s->job.nic->flags.at, e);
}

static int configure_one(struct setup *s, struct err *e)
{
	const struct nic *nic = s->job.nic;
	int r = find_device(s, e);

	if (r == 0)
		r = add_addresses(s, &nic->ipv4, AF_INET, "ipv4.address", e);
	if (r == 0)
		r = add_addresses(s, &nic->ipv6, AF_INET6, "ipv6.address", e);
	if (r == 0 && nic->flags.s)
		r = bring_up(s, e);
	if (r == 0)
		r = add_gateway(s, &nic->gateway4, AF_INET, "ipv4.gateway", e);
	return r < 0 ? r : add_gateway(s, &nic->gateway6, AF_INET6, "ipv6.gateway", e);
}

/* lo, whose index is 1 in every namespace, follows the devices: a container without one that is up has it down. */
static int bring_lo_up(struct nl *nl, const struct net *net, struct err *e)
{
	static const struct link_want up = { .up = true };
	size_t i = 0;
	int r;

	while (i < net->n && !net->v[i]->flags.s)
		i++;
	if (i == net->n)
		return 0;
	r = link_change(nl, 1, &up);
	return r < 0 ? err_num(e, -r, "bring up", "lo") : 0;
}

/*
 * Needs:  net_make() on the other side; the network namespace of the container.
 * Leaves: its devices as the config has them.
 */
int net_configure(struct run *run, struct err *e)
{
	const struct net *net = plan_part(run->plan, FEATURE_NET);
	_own_nl struct nl nl = NL_CLOSED;
	int r = nl_open(&nl, e);

	if (r == 0)
		r = bring_lo_up(&nl, net, e);
	for (size_t i = 0; i < net->n && r == 0; i++) {
		struct setup s = { .job = { .run = run, .net = net, .nth = i, .nic = net->v[i], .nl = &nl } };

		if (nic_has_device(net->v[i]))
			r = configure_one(&s, e);
	}
	return r;
}
