/* SPDX-License-Identifier: MIT */
/* lxc.net.*: the keys. */
#include "features/net/net.h"

#include "base/own.h"
#include "features/net/nic.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

extern const struct feature net_feature; /* its rows stand below the functions that they name */

static struct nic *find(const void *part, unsigned index)
{
	return nic_at((void *)part, index, false);
}

/* "lxc.net =" takes all devices away; there is no other value. */
static int set_all(void *part, unsigned index, const char *value, struct origin at, struct err *e)
{
	(void)index;
	(void)at;
	(void)e;
	if (*value)
		return -EINVAL;
	nic_drop(part, UINT_MAX);
	return 0;
}

static int get_all(const void *part, unsigned index, struct buf *out)
{
	const struct net *net = part;

	(void)index;
	for (size_t i = 0; i < net->n; i++)
		buf_addf(out, "%s\n", nic_type_name(net->v[i]));
	return 0;
}

static int set_one(void *part, unsigned index, const char *value, struct origin at, struct err *e)
{
	(void)at;
	(void)e;
	if (*value)
		return -EINVAL;
	nic_drop(part, index);
	return 0;
}

static int get_one(const void *part, unsigned index, struct buf *out)
{
	(void)part;
	(void)index;
	(void)out;
	return -ENOENT;
}

/* Sets or clears one field by its row: what spec_set() does for a row without a set() of its own. */
static int field_set(const struct key *k, void *field, const char *value, struct origin at)
{
	_own_free char *text = NULL;
	long long v = 0;
	int r = 0;

	if (k->type->shape == SHAPE_NUMBER) {
		r = *value ? k->type->number(value, &v) : k->dflt ? k->type->number(k->dflt, &v) : 0;
		if (r == 0)
			*(struct number *)field = (struct number){ .n = v, .set = *value, .at = at };
		return r;
	}
	if (*value) {
		r = k->type->clean ? k->type->clean(value, &text) : 0;
		if (r == 0 && !text)
			text = strdup(value);
		if (r < 0 || !text)
			return r < 0 ? r : -ENOMEM;
	}
	if (k->type->shape == SHAPE_LIST) {
		if (text)
			return list_add(field, NULL, text, at);
		list_clear(field);
		return 0;
	}
	free(((struct text *)field)->s);
	*(struct text *)field = (struct text){ .s = take_ptr(&text), .at = at };
	return 0;
}

void nic_reset(struct nic *nic)
{
	for (const struct key *k = net_feature.keys; k < net_feature.keys + net_feature.n_keys; k++)
		if (k->type)
			field_clear(k, (char *)nic + k->field, NULL, k->dflt);
}

/* A device's type comes first: setting it resets all else. */
static int set_type(void *part, unsigned index, const char *value, struct origin at, struct err *e)
{
	long long v = NET_INVALID;
	struct nic *nic;

	if (*value && net_type_type.number(value, &v) < 0)
		return -EINVAL;
	nic = find(part, index);
	if (!nic && !*value)
		return 0;
	if (nic)
		nic_reset(nic);
	else
		nic = nic_at(part, index, true);
	if (!nic)
		return err_num(e, ENOMEM, "hold", "lxc.net.%u", index);
	nic->type = (struct number){ .n = v, .set = true, .at = at };
	return 0;
}

static int get_type(const void *part, unsigned index, struct buf *out)
{
	const struct nic *nic = find(part, index);

	if (!nic)
		return -EINVAL;
	/* LXC's own answer for a device whose type was cleared */
	buf_addf(out, "%s", nic->type.n == NET_INVALID ? "(null)" : nic_type_name(nic));
	return 0;
}

/* get shows address and prefix only, as LXC does, whatever broadcast was given with them. */
static int get_ipv4(const void *part, unsigned index, struct buf *out)
{
	const struct nic *nic = find(part, index);

	if (!nic)
		return -EINVAL;
	for (size_t i = 0; i < nic->ipv4.n; i++)
		buf_addf(out, "%s%.*s", i ? "\n" : "", (int)strcspn(nic->ipv4.v[i].text, " "), nic->ipv4.v[i].text);
	return 0;
}

/* The name is one of ours: see TYPED below. */
static const struct key *row_of(const char *name)
{
	const struct key *k = net_feature.keys;

	while (strcmp(k->name, name) != 0)
		k++;
	return k;
}

/* Keys that belong to one type of device are refused on any other. */
static int typed_set(const char *name, enum net_type type, void *part, unsigned index, const char *value,
		     struct origin at, struct err *e)
{
	const struct key *k = row_of(name);
	struct nic *nic = nic_at(part, index, *value), want = { .type = { .n = type } };

	if (!nic)
		return *value ? -ENOMEM : 0;
	if (nic->type.n != (long long)type) {
		int r = err_say(e, EINVAL, "lxc.net.%u.%s is for devices of type %s; this one is of type %s", index,
				name + strlen("lxc.net.#."), nic_type_name(&want), nic_type_name(nic));

		err_hint(e, "lxc.net.%u.type comes first: it resets the device", index);
		return r;
	}
	if (!*value && k->dflt) { /* a mode: the default does not come back, but no mode is left, as with LXC */
		*(struct number *)((char *)nic + k->field) = (struct number){ .n = -1, .at = at };
		return 0;
	}
	return field_set(k, (char *)nic + k->field, value, at);
}

static int typed_get(const char *name, enum net_type type, const void *part, unsigned index, struct buf *out)
{
	const struct nic *nic = find(part, index);
	const struct key *k = row_of(name);
	const struct list *l;
	const struct number *n;
	const char *field;

	if (!nic || nic->type.n != (long long)type)
		return -EINVAL;
	field = (const char *)nic + k->field;
	l = (const struct list *)field;
	n = (const struct number *)field;
	switch (k->type->shape) {
	case SHAPE_TEXT:
		buf_addf(out, "%s", ((const struct text *)field)->s ?: "");
		return 0;
	case SHAPE_NUMBER:
		if (k->type->print)
			k->type->print(n->n, out);
		else
			buf_addf(out, "%lld", n->n);
		return 0;
	case SHAPE_LIST:
		for (size_t i = 0; i < l->n; i++)
			buf_addf(out, "%s%s", i ? "\n" : "", l->v[i].text);
		return 0;
	}
	return -EINVAL;
}

#define TYPED(var, type, name)                                                                                         \
	static int set_##var(void *part, unsigned index, const char *value, struct origin at, struct err *e)           \
	{                                                                                                              \
		return typed_set(name, type, part, index, value, at, e);                                               \
	}                                                                                                              \
	static int get_##var(const void *part, unsigned index, struct buf *out)                                        \
	{                                                                                                              \
		return typed_get(name, type, part, index, out);                                                        \
	}

TYPED(veth_pair, NET_VETH, "lxc.net.#.veth.pair")
TYPED(veth_mode, NET_VETH, "lxc.net.#.veth.mode")
TYPED(veth_rx, NET_VETH, "lxc.net.#.veth.n_rxqueues")
TYPED(veth_tx, NET_VETH, "lxc.net.#.veth.n_txqueues")
TYPED(veth_route4, NET_VETH, "lxc.net.#.veth.ipv4.route")
TYPED(veth_route6, NET_VETH, "lxc.net.#.veth.ipv6.route")
TYPED(veth_vlan, NET_VETH, "lxc.net.#.veth.vlan.id")
TYPED(veth_tagged, NET_VETH, "lxc.net.#.veth.vlan.tagged.id")
TYPED(vlan_id, NET_VLAN, "lxc.net.#.vlan.id")
TYPED(macvlan_mode, NET_MACVLAN, "lxc.net.#.macvlan.mode")
TYPED(ipvlan_mode, NET_IPVLAN, "lxc.net.#.ipvlan.mode")
TYPED(ipvlan_isolation, NET_IPVLAN, "lxc.net.#.ipvlan.isolation")

#define FIELD(var)   .field = offsetof(struct nic, var)
#define OF_TYPE(var) FIELD(var), .set = set_##var, .get = get_##var

static const struct key keys[] = {
	{
		.name = "lxc.net",
		.values = "nothing: an empty value takes all devices away",
		.help = "All network devices. Reading it gives their types, one a line.",
		.since = "2.1",
		.bad = { "veth" },
		.set = set_all,
		.get = get_all,
	},
	{
		.name = "lxc.net.#",
		.values = "nothing: an empty value takes the device away",
		.help = "The device of that number, with all its keys.",
		.since = "2.1",
		.bad = { "veth" },
		.set = set_one,
		.get = get_one,
	},
	{
		.name = "lxc.net.#.type",
		.type = &net_type_type,
		FIELD(type),
		.dflt = "empty",
		.values = "empty, none, veth, vlan, macvlan, ipvlan or phys",
		.help = "The kind of device; it is set before the device's other keys and resets them. empty: only lo; "
			"none: the host's own network is used; veth: a pair, one end in the container; vlan, macvlan, "
			"ipvlan: a device on top of .link; phys: .link itself moves into the container. Without any "
			"lxc.net the container has a network of its own in which lo is down.",
		.since = "2.1",
		.good = { "veth", "empty", "none", "phys" },
		.bad = { "ethernet" },
		.set = set_type,
		.get = get_type,
	},
	{
		.name = "lxc.net.#.script.up",
		.type = &type_text,
		FIELD(script_up),
		.values = "a program and its arguments",
		.help = "Runs on the host when the device was made.",
		.since = "2.1",
		.good = { "/usr/local/bin/nic-up" },
	},
	{
		.name = "lxc.net.#.script.down",
		.type = &type_text,
		FIELD(script_down),
		.values = "a program and its arguments",
		.help = "Runs on the host before the device goes away.",
		.since = "2.1",
		.good = { "/usr/local/bin/nic-down" },
	},
	{
		.name = "lxc.net.#.flags",
		.type = &net_type_flags,
		FIELD(flags),
		.values = "up",
		.help = "up: the device is brought up, and lo with it.",
		.since = "2.1",
		.good = { "up" },
	},
	{
		.name = "lxc.net.#.link",
		.type = &net_type_ifname,
		FIELD(link),
		.values = "the name of a device of the host's",
		.help = "veth: the bridge that the host's end is attached to; vlan, macvlan, ipvlan: the device below; "
			"phys: the device that moves, a name that ends in \"+\" being the beginning of one.",
		.since = "2.1",
		.good = { "lxcbr0" },
	},
	{
		.name = "lxc.net.#.name",
		.type = &net_type_ifname,
		FIELD(name),
		.values = "an interface name of at most 15 bytes; %d in it becomes the next free number",
		.help = "The device's name in the container; eth%d without it. Of a device of type phys: the old name "
			"comes back with the device.",
		.since = "2.1",
		.good = { "eth0", "lan%d" },
		.bad = { "a/b", "a b" },
	},
	{
		.name = "lxc.net.#.hwaddr",
		.type = &net_type_hwaddr,
		FIELD(hwaddr),
		.values = "a MAC address such as 10:66:6a:xx:xx:xx",
		.help = "The device's MAC address; each x becomes a random digit when the value is set.",
		.since = "2.1",
		.good = { "10:66:6a:12:34:56", "10:66:6a:xx:xx:xx" },
		.bad = { "hello", "01:00:00:00:00:01" },
	},
	{
		.name = "lxc.net.#.mtu",
		.type = &type_text,
		FIELD(mtu),
		.values = "a number of bytes",
		.help = "The device's MTU; veth without it: that of .link.",
		.since = "2.1",
		.good = { "1400" },
		.bad = { "big", "0" },
	},
	{
		.name = "lxc.net.#.ipv6.address",
		.type = &net_type_address6,
		FIELD(ipv6),
		.values = "ADDRESS or ADDRESS/PREFIX",
		.help = "An IPv6 address of the device; may be given several times. The prefix is 64 without it.",
		.since = "2.1",
		.good = { "fd42::7/64" },
		.bad = { "10.0.3.7/24" },
	},
	{
		.name = "lxc.net.#.ipv6.gateway",
		.type = &net_type_gateway6,
		FIELD(gateway6),
		.values = "an IPv6 address, auto or dev",
		.help = "The default IPv6 route: by that address, by the address of .link (auto), or straight out "
			"(dev).",
		.since = "2.1",
		.good = { "fd42::1", "auto", "dev" },
		.bad = { "10.0.3.1" },
	},
	{
		.name = "lxc.net.#.ipv4.address",
		.type = &net_type_address4,
		FIELD(ipv4),
		.values = "ADDRESS, ADDRESS/PREFIX or ADDRESS/PREFIX BROADCAST",
		.help = "An IPv4 address of the device; may be given several times. A missing prefix is that of the "
			"address's class, a missing broadcast address the last one of the network.",
		.since = "2.1",
		.good = { "10.0.3.7/24", "10.0.3.7/24 10.0.3.255" },
		.bad = { "10.0.3.7/33", "10.0.3" },
		.get = get_ipv4,
	},
	{
		.name = "lxc.net.#.ipv4.gateway",
		.type = &net_type_gateway4,
		FIELD(gateway4),
		.values = "an IPv4 address, auto or dev",
		.help = "The default IPv4 route: by that address, by the address of .link (auto), or straight out "
			"(dev).",
		.since = "2.1",
		.good = { "10.0.3.1", "auto", "dev" },
		.bad = { "fd42::1" },
	},
	{
		.name = "lxc.net.#.veth.pair",
		.type = &net_type_ifname,
		OF_TYPE(veth_pair),
		.values = "an interface name of at most 15 bytes",
		.help = "The name of the host's end; vethXXXXXX, with random letters, without it.",
		.since = "2.1",
		.good = { "veth-web1" },
		.bad = { "a/b" },
	},
	{
		.name = "lxc.net.#.veth.ipv4.route",
		.type = &net_type_route4,
		OF_TYPE(veth_route4),
		.values = "ADDRESS/PREFIX",
		.help = "A network that the host reaches by this device; may be given several times.",
		.since = "3.2",
		.good = { "192.0.2.0/24" },
		.bad = { "192.0.2.1" },
	},
	{
		.name = "lxc.net.#.veth.ipv6.route",
		.type = &net_type_route6,
		OF_TYPE(veth_route6),
		.values = "ADDRESS/PREFIX",
		.help = "An IPv6 network that the host reaches by this device; may be given several times.",
		.since = "3.2",
		.good = { "2001:db8::/32" },
		.bad = { "2001:db8::1" },
	},
	{
		.name = "lxc.net.#.veth.vlan.id",
		.type = &net_type_port_vlan,
		OF_TYPE(veth_vlan),
		.values = "0 to 4094, or none",
		.help = "The untagged VLAN of the bridge's port, in place of the bridge's default one; none: no VLAN "
			"without a tag. The bridge filters VLANs (vlan_filtering = 1), or is one of Open vSwitch.",
		.since = "5.0",
		.good = { "10", "none" },
		.bad = { "4095" },
	},
	{
		.name = "lxc.net.#.veth.vlan.tagged.id",
		.type = &net_type_tagged,
		OF_TYPE(veth_tagged),
		.values = "0 to 4094",
		.help = "A VLAN of the bridge's port that comes with its tag; may be given several times. As for "
			"veth.vlan.id, the bridge filters VLANs.",
		.since = "5.0",
		.good = { "10" },
		.bad = { "none", "4095" },
	},
	{
		.name = "lxc.net.#.veth.mode",
		.type = &net_type_veth_mode,
		OF_TYPE(veth_mode),
		.dflt = "bridge",
		.values = "bridge or router",
		.help = "bridge: the host's end is a port of .link. router: there is no bridge; the host routes the "
			"container's addresses to its end, and answers there for the gateways. IPv6 gateways need "
			"net.ipv6.conf.all.forwarding = 1 on the host.",
		.since = "3.2",
		.good = { "bridge", "router" },
		.bad = { "switch" },
	},
	{
		.name = "lxc.net.#.veth.n_rxqueues",
		.type = &net_type_queues,
		OF_TYPE(veth_rx),
		.values = "a number above 0",
		.help = "How many queues the container's end receives by, and the host's sends by; the kernel's choice "
			"without it.",
		.since = "5.0",
		.good = { "2" },
		.bad = { "0", "-1" },
	},
	{
		.name = "lxc.net.#.veth.n_txqueues",
		.type = &net_type_queues,
		OF_TYPE(veth_tx),
		.values = "a number above 0",
		.help = "How many queues the container's end sends by, and the host's receives by; the kernel's choice "
			"without it.",
		.since = "5.0",
		.good = { "2" },
		.bad = { "0", "-1" },
	},
	{
		.name = "lxc.net.#.vlan.id",
		.type = &net_type_vlan,
		OF_TYPE(vlan_id),
		.values = "a number up to 4094",
		.help = "The VLAN's number.",
		.since = "2.1",
		.good = { "10" },
		.bad = { "ten", "4095" },
	},
	{
		.name = "lxc.net.#.macvlan.mode",
		.type = &net_type_macvlan_mode,
		OF_TYPE(macvlan_mode),
		.dflt = "private",
		.values = "private, vepa, bridge or passthru",
		.help = "Whom the devices on one .link may talk to: nobody of themselves (private), by the switch "
			"outside "
			"(vepa), each other (bridge); passthru: there is only one.",
		.since = "2.1",
		.good = { "bridge" },
		.bad = { "switch" },
	},
	{
		.name = "lxc.net.#.ipvlan.mode",
		.type = &net_type_ipvlan_mode,
		OF_TYPE(ipvlan_mode),
		.dflt = "l2",
		.values = "l3, l3s or l2",
		.help = "At which layer the host takes part.",
		.since = "3.2",
		.good = { "l3" },
		.bad = { "l4" },
	},
	{
		.name = "lxc.net.#.ipvlan.isolation",
		.type = &net_type_isolation,
		OF_TYPE(ipvlan_isolation),
		.dflt = "bridge",
		.values = "bridge, private or vepa",
		.help = "Whom the devices on one .link may talk to.",
		.since = "3.2",
		.good = { "private" },
		.bad = { "none" },
	},
	{
		.name = "lxc.net.#.l2proxy",
		.type = &type_bool,
		FIELD(l2proxy),
		.values = "0 or 1",
		.help = "1: on .link the host answers ARP and NDP requests for the container's addresses; for veth in "
			"router mode, macvlan and ipvlan. On the host it needs net.ipv4.conf.LINK.forwarding = 1, for "
			"IPv6 net.ipv6.conf.LINK.forwarding = 1 and net.ipv6.conf.LINK.proxy_ndp = 1.",
		.since = "3.2",
		.good = { "0", "1" },
		.bad = { "2" },
	},
};

const struct feature net_feature = {
	FEATURE_TEXT("Network", "Interfaces of the container, numbered by N (0, 1, ...). The type of an interface "
				"comes first: it resets what was said of that interface before. Without any lxc.net "
				"the container has a network namespace with a loopback interface that is down."),
	.name = "net",
	.size = sizeof(struct net),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.at = nic_at,
	.nth = nic_nth,
	.drop = nic_drop,
	.check = net_check,
};
