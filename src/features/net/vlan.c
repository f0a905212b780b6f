/* SPDX-License-Identifier: MIT */
/* lxc.net.#.veth.vlan.id and .vlan.tagged.id: the VLANs of the bridge's port. They go with the port: no undo. */
#include "features/net/nic.h"

#include "base/num.h"
#include "sys/portvlan.h"

#include <errno.h>
#include <linux/if_bridge.h>

bool nic_has_vlans(const struct nic *nic)
{
	return nic->type.n == NET_VETH && (nic->veth_vlan.set || nic->veth_tagged.n);
}

static int no_vlan_zero(const struct nic_job *j, const char *sub, struct origin at, struct err *e)
{
	int r = err_say(e, EINVAL, "lxc.net.%u.%s = 0 is no VLAN of the bridge %s: it has 1 to 4094", j->nic->index,
			sub, j->nic->link.s);

	return nic_blame(j, r, sub, at, e);
}

int vlan_check(const struct nic_job *j, const struct link *bridge, struct err *e)
{
	const struct nic *nic = j->nic;
	const char *sub = nic->veth_vlan.set ? "veth.vlan.id" : "veth.vlan.tagged.id";
	struct origin at = nic->veth_vlan.set ? nic->veth_vlan.at : nic->veth_tagged.v[0].at;
	struct bridge_vlans b;
	int r = bridge_vlans_get(j->nl, bridge->index, &b);

	if (r < 0)
		return err_num(e, -r, "look at", "the bridge %s", bridge->name);
	if (!b.filtering) {
		r = err_say(e, EINVAL, "lxc.net.%u.%s needs a bridge that filters VLANs; %s does not", nic->index, sub,
			    bridge->name);
		err_hint(e, "ip link set %s type bridge vlan_filtering 1", bridge->name);
		return nic_blame(j, r, sub, at, e);
	}
	if (nic->veth_vlan.set && nic->veth_vlan.n == 0)
		return no_vlan_zero(j, "veth.vlan.id", at, e);
	for (size_t i = 0; i < nic->veth_tagged.n; i++)
		if (nic_vlan(&nic->veth_tagged.v[i]) == 0)
			return no_vlan_zero(j, "veth.vlan.tagged.id", nic->veth_tagged.v[i].at, e);
	return 0;
}

uint16_t nic_vlan(const struct item *it)
{
	int64_t v = 0;

	(void)!num_i64(it->text, 0, 4094, &v); /* the row let nothing else pass */
	return (uint16_t)v;
}

/* The port leaves the VLAN that every new port is put into, and may join another one without a tag. */
static int set_untagged(const struct nic_job *j, const struct link *bridge, struct err *e)
{
	const struct nic *nic = j->nic;
	struct bridge_vlans b;
	int r = bridge_vlans_get(j->nl, bridge->index, &b);

	if (r == 0 && b.default_pvid && b.default_pvid != nic->veth_vlan.n)
		r = port_vlan_del(j->nl, j->state->ifindex, b.default_pvid);
	if (r == 0 && nic->veth_vlan.n > 0)
		r = port_vlan_add(j->nl, j->state->ifindex, (uint16_t)nic->veth_vlan.n,
				  BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "set", "the untagged VLAN of %s", j->state->host);
	return nic_blame(j, r, "veth.vlan.id", nic->veth_vlan.at, e);
}

/* The container's end is still down: nothing passes before the port's VLANs are right. */
int vlan_make(const struct nic_job *j, const struct link *bridge, struct err *e)
{
	const struct list *tagged = &j->nic->veth_tagged;
	int r = j->nic->veth_vlan.set ? set_untagged(j, bridge, e) : 0;

	for (size_t i = 0; i < tagged->n && r == 0; i++) {
		r = port_vlan_add(j->nl, j->state->ifindex, nic_vlan(&tagged->v[i]), 0);
		if (r < 0) {
			r = err_num(e, -r, "add", "%s to VLAN %s", j->state->host, tagged->v[i].text);
			return nic_blame(j, r, "veth.vlan.tagged.id", tagged->v[i].at, e);
		}
	}
	return r;
}
