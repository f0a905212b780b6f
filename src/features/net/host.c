/* SPDX-License-Identifier: MIT */
/* What the host must have for the devices, asked before anything is made: settings, and what bridges can. */
#include "features/net/net.h"

#include "base/io.h"
#include "base/own.h"
#include "features/net/nic.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* In sysctl's words: dots become slashes where a device's name has a dot of its own. */
static char *setting_name(const char *family, const char *device, const char *setting)
{
	char dot = strchr(device, '.') ? '/' : '.';

	return str_fmt("net%c%s%cconf%c%s%c%s", dot, family, dot, dot, device, dot, setting);
}

/* sub: the key that needs it */
static int demand(const struct nic_job *j, const char *family, const char *device, const char *setting, const char *sub,
		  struct origin at, struct err *e)
{
	_own_free char *path = str_fmt("/proc/sys/net/%s/conf/%s/%s", family, device, setting);
	_own_free char *name = setting_name(family, device, setting);
	char line[16];
	int r = path && name ? io_read_line(AT_FDCWD, path, line, sizeof(line)) : -ENOMEM;

	if (r >= 0 && strcmp(line, "1") == 0)
		return 0;
	if (r < 0) {
		r = err_num(e, -r, "read", "%s, which lxc.net.%u.%s needs", name ?: setting, j->nic->index, sub);
	} else {
		r = err_say(e, EINVAL, "lxc.net.%u.%s needs %s = 1 on the host; it is %s", j->nic->index, sub, name,
			    line);
		err_hint(e, "sysctl -w %s=1", name);
	}
	return nic_blame(j, r, sub, at, e);
}

static int check_l2proxy(const struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	struct link link;
	int r = nic_find_link(j, "answer for the container on", &link, e);

	if (r == 0 && nic->ipv4.n)
		r = demand(j, "ipv4", link.name, "forwarding", "l2proxy", nic->l2proxy.at, e);
	if (r == 0 && nic->ipv6.n)
		r = demand(j, "ipv6", link.name, "proxy_ndp", "l2proxy", nic->l2proxy.at, e);
	if (r == 0 && nic->ipv6.n)
		r = demand(j, "ipv6", link.name, "forwarding", "l2proxy", nic->l2proxy.at, e);
	return r;
}

static bool is_router(const struct nic *nic)
{
	return nic->type.n == NET_VETH && nic->veth_mode.n == VETH_ROUTER;
}

/* The kernel answers NDP requests by proxy only where it forwards IPv6 at all, whatever the device's own setting. */
static bool needs_ipv6_forwarding(const struct nic *nic)
{
	return is_router(nic) && nic->gateway6.s && strcmp(nic->gateway6.s, "dev") != 0;
}

static int check_ovs(const struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	int r;

	if (!nic->veth_vlan.set || nic->veth_vlan.n >= 0 || nic->veth_tagged.n)
		return 0;
	r = err_say(e, EINVAL,
		    "lxc.net.%u.veth.vlan.id = none leaves the port of %s, a bridge of Open vSwitch, no VLAN",
		    nic->index, nic->link.s);
	err_hint(e, "give it some by veth.vlan.tagged.id");
	return nic_blame(j, r, "veth.vlan.id", nic->veth_vlan.at, e);
}

static int check_vlans(const struct nic_job *j, struct err *e)
{
	enum uplink kind;
	struct link bridge;
	int r = veth_find_bridge(j, &bridge, &kind, e);

	if (r < 0)
		return r;
	return kind == UPLINK_OVS ? check_ovs(j, e) : vlan_check(j, &bridge, e);
}

static bool asks(const struct nic *nic)
{
	return nic_has_device(nic) && (nic->l2proxy.n || nic_has_vlans(nic) || needs_ipv6_forwarding(nic));
}

static int check_one(const struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	int r = 0;

	if (needs_ipv6_forwarding(nic))
		r = demand(j, "ipv6", "all", "forwarding", "ipv6.gateway", nic->gateway6.at, e);
	if (r == 0 && nic->l2proxy.n)
		r = check_l2proxy(j, e);
	if (r == 0 && nic_has_vlans(nic))
		r = check_vlans(j, e);
	return r;
}

/*
 * Needs:  the host's network namespace.
 * Leaves: nothing; its undo puts the host's own devices and entries back, those of lxc-device, too.
 */
int net_check_host(struct run *run, struct err *e)
{
	const struct net *net = plan_part(run->plan, FEATURE_NET);
	_own_nl struct nl nl = NL_CLOSED;
	int r = 0;

	for (size_t i = 0; i < net->n && net_makes(run->plan) && r == 0; i++) {
		struct nic_job j = { .run = run, .net = net, .nth = i, .nic = net->v[i], .nl = &nl };

		if (!asks(net->v[i]))
			continue;
		if (nl.fd < 0)
			r = nl_open(&nl, e);
		if (r == 0)
			r = check_one(&j, e);
	}
	return r;
}
