/* SPDX-License-Identifier: MIT */
/* lxc.net.#.type = vlan, macvlan, ipvlan: a device on top of one of the host's, born in the container. */
#include "features/net/nic.h"

#include <errno.h>
#include <stdio.h>

/* The host's side is .link itself, which stays as it is; the kernel takes the device away with its namespace. */
int stacked_make(struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	unsigned char mac[MAC_LEN];
	char name[IFNAMSIZ];
	struct link_want w = { .name = name, .mtu = nic_mtu(nic), .netns_pid = j->run->init_pid };
	struct link link;
	char what[32];
	int r;

	(void)snprintf(what, sizeof(what), "make the %s on", nic_type_name(nic));
	r = nic_find_link(j, what, &link, e);
	if (r < 0)
		return r;
	nic_birth_name(j->net, j->nth, name);
	if (nic->hwaddr.s && mac_parse(nic->hwaddr.s, mac) == 0)
		w.mac = mac;
	if (nic->type.n == NET_VLAN)
		r = link_make_vlan(j->nl, link.index, (uint16_t)nic->vlan_id.n, &w);
	else if (nic->type.n == NET_MACVLAN)
		r = link_make_macvlan(j->nl, link.index, (uint32_t)nic->macvlan_mode.n, &w);
	else
		r = link_make_ipvlan(j->nl, link.index, (uint16_t)nic->ipvlan_mode.n, (uint16_t)nic->ipvlan_isolation.n,
				     &w);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "create", "%s device on %s", nic_type_name(nic), nic->link.s);
	if (r == -EPERM)
		err_hint(e, "this takes root: a plain user's containers have lxc.net.%u.type = veth or empty",
			 j->nic->index);
	if (r == -EOPNOTSUPP)
		err_hint(e, "the kernel has no %s: modprobe it, or take veth", nic_type_name(nic));
	if ((r == -EINVAL || r == -ERANGE) && nic->mtu.s)
		return nic_blame(j, r, "mtu", nic->mtu.at, e);
	if (r == -EADDRNOTAVAIL && nic->hwaddr.s)
		return nic_blame(j, r, "hwaddr", nic->hwaddr.at, e);
	if (r == -EBUSY)
		err_hint(e, "%s is in use: a bridge's port, or taken by a macvlan in passthru mode", nic->link.s);
	return nic_blame(j, r, "type", nic->type.at, e);
}
