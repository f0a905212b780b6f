/* SPDX-License-Identifier: MIT */
/* What only shows when all keys of a device are known; and what this version does not do, told by name. */
#include "features/net/nic.h"

#include "base/num.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

const char *nic_key(const struct nic *nic, const char *sub, char *key)
{
	(void)snprintf(key, NIC_KEY, "lxc.net.%u.%s", nic->index, sub);
	return key;
}

/* Adds a problem about a key; NULL where there is no room for one. */
static struct err *problem(struct problems *p, const struct nic *nic, const char *sub, struct origin at,
			   const char *text)
{
	struct err *e = problems_next(p);
	char key[NIC_KEY];

	if (!e)
		return NULL;
	(void)err_say(e, EINVAL, "%s %s", nic_key(nic, sub, key), text);
	err_key(e, key, at);
	return e;
}

/* A value that its row's words do not allow, though LXC takes it when it is set. */
static struct err *refuse(struct problems *p, const struct nic *nic, const char *sub, const char *value,
			  struct origin at)
{
	struct err *e = problems_next(p);
	char key[NIC_KEY];

	if (e)
		(void)spec_refuse(nic_key(nic, sub, key), value, at, e);
	return e;
}

static void check_hwaddr(const struct nic *nic, struct problems *p)
{
	unsigned char mac[MAC_LEN];
	bool parsed = mac_parse(nic->hwaddr.s, mac) == 0;
	struct err *e = parsed && !(mac[0] & 1) ? NULL : refuse(p, nic, "hwaddr", nic->hwaddr.s, nic->hwaddr.at);

	if (e && parsed)
		err_hint(e, "make the first byte even: an odd one is that of a multicast address");
}

/* A mode that was cleared, and for which there is no default any more. */
static void check_mode(const struct nic *nic, enum net_type type, const struct number *mode, const char *sub,
		       struct problems *p)
{
	if (nic->type.n == (long long)type && mode->n < 0)
		(void)problem(p, nic, sub, mode->at, "is empty: the device has no mode");
}

static void check_values(const struct nic *nic, struct problems *p)
{
	char vlan[24];
	int64_t v;

	if (nic->type.n == NET_INVALID)
		(void)problem(p, nic, "type", nic->type.at, "is empty: the device has no type");
	if (nic->hwaddr.s)
		check_hwaddr(nic, p);
	if (nic->mtu.s && num_i64(nic->mtu.s, 1, INT32_MAX, &v) < 0)
		(void)refuse(p, nic, "mtu", nic->mtu.s, nic->mtu.at);
	if (nic->name.s && nic_has_device(nic) && !link_name_valid(nic->name.s) && !nic_name_pattern(nic->name.s))
		(void)refuse(p, nic, "name", nic->name.s, nic->name.at);
	if (nic->name.s && nic_has_device(nic) && strcmp(nic->name.s, "lo") == 0)
		(void)problem(p, nic, "name", nic->name.at, "cannot be lo: every container has one already");
	if (nic->veth_pair.s && !link_name_valid(nic->veth_pair.s))
		(void)refuse(p, nic, "veth.pair", nic->veth_pair.s, nic->veth_pair.at);
	if (nic->vlan_id.n > 4094) {
		(void)snprintf(vlan, sizeof(vlan), "%lld", nic->vlan_id.n);
		(void)refuse(p, nic, "vlan.id", vlan, nic->vlan_id.at);
	}
	check_mode(nic, NET_VETH, &nic->veth_mode, "veth.mode", p);
	check_mode(nic, NET_MACVLAN, &nic->macvlan_mode, "macvlan.mode", p);
	check_mode(nic, NET_IPVLAN, &nic->ipvlan_mode, "ipvlan.mode", p);
	check_mode(nic, NET_IPVLAN, &nic->ipvlan_isolation, "ipvlan.isolation", p);
}

static void check_link(const struct nic *nic, struct problems *p)
{
	char text[96];

	if (nic->link.s || !nic_has_device(nic) || nic->type.n == NET_VETH)
		return;
	(void)snprintf(text, sizeof(text), "is missing: a device of type %s needs one of the host's",
		       nic_type_name(nic));
	(void)problem(p, nic, "link", nic->type.at, text);
}

static void check_gateway(const struct nic *nic, const struct text *gateway, const struct list *own, const char *sub,
			  struct problems *p)
{
	if (!gateway->s || !nic_has_device(nic))
		return;
	if (!nic->flags.s)
		(void)problem(p, nic, sub, gateway->at, "needs the device to be up (flags = up)");
	else if (!own->n)
		(void)problem(p, nic, sub, gateway->at, "needs an address on the device");
	if (strcmp(gateway->s, "auto") == 0 &&
	    (!nic->link.s || (nic->type.n != NET_VETH && nic->type.n != NET_MACVLAN && nic->type.n != NET_IPVLAN)))
		(void)problem(p, nic, sub, gateway->at, "= auto needs a veth, macvlan or ipvlan with a .link");
}

/* lo is all that a device of type empty has. */
static void check_empty(const struct nic *nic, struct problems *p)
{
	if (nic->type.n != NET_EMPTY)
		return;
	if (nic->name.s && strcmp(nic->name.s, "lo") != 0)
		(void)problem(p, nic, "name", nic->name.at, "has no meaning for type empty: there is only lo");
	if (nic->hwaddr.s)
		(void)problem(p, nic, "hwaddr", nic->hwaddr.at, "has no meaning for type empty: there is only lo");
	if (nic->ipv4.n)
		(void)problem(p, nic, "ipv4.address", nic->ipv4.v[0].at,
			      "has no meaning for type empty: there is only lo");
	if (nic->ipv6.n)
		(void)problem(p, nic, "ipv6.address", nic->ipv6.v[0].at,
			      "has no meaning for type empty: there is only lo");
}

static void check_l2proxy(const struct nic *nic, struct problems *p)
{
	bool routed = nic->type.n == NET_VETH && nic->veth_mode.n == VETH_ROUTER;

	if (!nic->l2proxy.n)
		return;
	if (nic->type.n == NET_VETH && nic->veth_mode.n == VETH_BRIDGE)
		(void)problem(p, nic, "l2proxy", nic->l2proxy.at,
			      "= 1 needs veth.mode = router: over a bridge the container answers itself");
	else if (!routed && nic->type.n != NET_MACVLAN && nic->type.n != NET_IPVLAN)
		(void)problem(p, nic, "l2proxy", nic->l2proxy.at, "= 1 needs a veth, macvlan or ipvlan");
	else if (nic->type.n == NET_IPVLAN && nic->ipvlan_mode.n == IPVLAN_MODE_L2)
		(void)problem(p, nic, "l2proxy", nic->l2proxy.at,
			      "= 1 needs ipvlan.mode = l3 or l3s: in l2 the container answers itself");
	if (routed && !nic->link.s)
		(void)problem(p, nic, "l2proxy", nic->l2proxy.at, "= 1 needs a .link to answer on");
}

static void check_port(const struct nic *nic, const char *sub, struct origin at, struct problems *p)
{
	if (nic->veth_mode.n == VETH_ROUTER)
		(void)problem(p, nic, sub, at, "needs veth.mode = bridge: a router has no VLANs");
	else if (!nic->link.s)
		(void)problem(p, nic, sub, at, "needs a bridge (.link)");
}

static void check_vlans(const struct nic *nic, struct problems *p)
{
	if (nic->type.n != NET_VETH)
		return;
	if (nic->veth_vlan.set)
		check_port(nic, "veth.vlan.id", nic->veth_vlan.at, p);
	if (nic->veth_tagged.n)
		check_port(nic, "veth.vlan.tagged.id", nic->veth_tagged.v[0].at, p);
	for (size_t i = 0; i < nic->veth_tagged.n; i++)
		if (nic->veth_vlan.set && nic_vlan(&nic->veth_tagged.v[i]) == nic->veth_vlan.n)
			(void)problem(p, nic, "veth.vlan.tagged.id", nic->veth_tagged.v[i].at,
				      "is the untagged VLAN already (veth.vlan.id)");
}

static bool same(const struct text *a, const struct text *b)
{
	return a->s && b->s && strcmp(a->s, b->s) == 0;
}

static void check_two(const struct nic *a, const struct nic *b, struct problems *p)
{
	if (!nic_has_device(a) || !nic_has_device(b))
		return;
	if (same(&a->name, &b->name) && !nic_name_pattern(a->name.s))
		(void)problem(p, a, "name", a->name.at, "is another device's name already");
	if (same(&a->veth_pair, &b->veth_pair))
		(void)problem(p, a, "veth.pair", a->veth_pair.at, "is another device's already");
	if (a->type.n == NET_PHYS && b->type.n == NET_PHYS && same(&a->link, &b->link) &&
	    a->link.s[strlen(a->link.s) - 1] != '+')
		(void)problem(p, a, "link", a->link.at, "moves by another lxc.net already");
}

/* Two devices of one name cannot both be in one namespace. */
static void check_names(const struct net *net, struct problems *p)
{
	for (size_t i = 0; i < net->n; i++)
		for (size_t j = 0; j < i; j++)
			check_two(net->v[i], net->v[j], p);
}

void net_check(const struct spec *s, struct problems *p)
{
	const struct net *net = s->part[FEATURE_NET];

	for (size_t i = 0; i < net->n; i++) {
		const struct nic *nic = net->v[i];

		check_values(nic, p);
		check_link(nic, p);
		check_gateway(nic, &nic->gateway4, &nic->ipv4, "ipv4.gateway", p);
		check_gateway(nic, &nic->gateway6, &nic->ipv6, "ipv6.gateway", p);
		check_empty(nic, p);
		check_l2proxy(nic, p);
		check_vlans(nic, p);
	}
	check_names(net, p);
}
