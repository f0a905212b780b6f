/* SPDX-License-Identifier: MIT */
/*
 * A veth on a bridge of Open vSwitch. Its database outlives devices, so that a port is taken away explicitly, also
 * after a keeper that was killed.
 */
#include "features/net/nic.h"

#include "sys/ovs.h"

#include <errno.h>

/* "tag=5", "trunks=6,7" and the mode that goes with them; nothing: the port carries all VLANs, as they are. */
static int add_vlans(const struct nic *nic, struct strv *argv)
{
	_own_buf struct buf trunks = { 0 };
	int r = 0;

	for (size_t i = 0; i < nic->veth_tagged.n; i++)
		buf_addf(&trunks, "%s%s", i ? "," : "trunks=", nic->veth_tagged.v[i].text);
	if (trunks.failed)
		return -ENOMEM;
	if (nic->veth_tagged.n)
		r = strv_add(argv, trunks.s);
	if (r == 0 && nic->veth_vlan.set && nic->veth_vlan.n >= 0)
		r = strv_addf(argv, "tag=%lld", nic->veth_vlan.n);
	if (r == 0 && nic_has_vlans(nic))
		r = strv_addf(argv, "vlan_mode=%s",
			      nic->veth_vlan.n < 0 || !nic->veth_vlan.set ? "trunk"
			      : nic->veth_tagged.n			  ? "native-untagged"
									  : "access");
	return r;
}

int ovs_make(const struct nic_job *j, struct err *e)
{
	const char *bridge = j->nic->link.s, *port = j->state->host;
	_own_strv struct strv vlans = { 0 };
	int r = add_vlans(j->nic, &vlans);

	if (r < 0)
		return err_num(e, -r, "hold", "the words for ovs-vsctl");
	r = journal_note(j->run, "port", port, bridge, e);
	if (r == 0)
		r = ovs_add_port(bridge, port, &vlans, e);
	return r < 0 ? nic_blame(j, r, "link", j->nic->link.at, e) : 0;
}

/* port PORT BRIDGE */
void ovs_undo(struct undo *u, char **words, size_t n)
{
	struct err ignored = { 0 };

	(void)u;
	if (n == 3)
		(void)!ovs_del_port(words[2], words[1], &ignored);
}
