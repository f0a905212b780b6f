/* SPDX-License-Identifier: MIT */
/* What only shows when all keys of a device are known; and what this version does not do, told by name. */
#include "features/net/nic.h"

#include "base/num.h"

#include <errno.h>
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

static void check_values(const struct nic *nic, struct problems *p)
{
	unsigned char mac[MAC_LEN];
	int64_t v;

	if (nic->type.n == NET_INVALID)
		(void)problem(p, nic, "type", nic->type.at, "is empty: the device has no type");
	if (nic->hwaddr.s && mac_parse(nic->hwaddr.s, mac) < 0)
		(void)problem(p, nic, "hwaddr", nic->hwaddr.at, "is no MAC address such as 10:66:6a:12:34:56");
	if (nic->mtu.s && num_i64(nic->mtu.s, 1, INT32_MAX, &v) < 0)
		(void)problem(p, nic, "mtu", nic->mtu.at, "is no number of bytes");
	if (nic->name.s && nic_has_device(nic) && !link_name_valid(nic->name.s))
		(void)problem(p, nic, "name", nic->name.at, "is no name for an interface");
	if (nic->veth_pair.s && !link_name_valid(nic->veth_pair.s))
		(void)problem(p, nic, "veth.pair", nic->veth_pair.at, "is no name for an interface");
	if (nic->vlan_id.n > 4094)
		(void)problem(p, nic, "vlan.id", nic->vlan_id.at, "is above 4094");
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

/* A key that would be ignored is refused instead: a container that starts without it is not the one asked for. */
static void check_idle(const struct nic *nic, struct problems *p)
{
	static const char idle[] = "has no effect in this version of Keg";
	struct err *e = NULL;

	if (nic->veth_mode.n == VETH_ROUTER) {
		e = problem(p, nic, "veth.mode", nic->veth_mode.at,
			    "= router has no effect in this version of Keg: only bridge has");
		if (e)
			err_hint(e, "use a bridge, or veth.ipv4.route and veth.ipv6.route for the host's routes");
	}
	if (nic->l2proxy.n)
		(void)problem(p, nic, "l2proxy", nic->l2proxy.at, idle);
	if (nic->script_up.s)
		(void)problem(p, nic, "script.up", nic->script_up.at, idle);
	if (nic->script_down.s)
		(void)problem(p, nic, "script.down", nic->script_down.at, idle);
	if (nic->veth_vlan.set)
		(void)problem(p, nic, "veth.vlan.id", nic->veth_vlan.at, idle);
	if (nic->veth_tagged.n)
		(void)problem(p, nic, "veth.vlan.tagged.id", nic->veth_tagged.v[0].at, idle);
}

/* Two devices of one name cannot both be in one namespace. */
static void check_names(const struct net *net, struct problems *p)
{
	for (size_t i = 0; i < net->n; i++)
		for (size_t j = 0; j < i; j++)
			if (nic_has_device(net->v[i]) && nic_has_device(net->v[j]) && net->v[i]->name.s &&
			    net->v[j]->name.s && strcmp(net->v[i]->name.s, net->v[j]->name.s) == 0)
				(void)problem(p, net->v[i], "name", net->v[i]->name.at,
					      "is another device's name already");
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
		check_idle(nic, p);
	}
	check_names(net, p);
}
