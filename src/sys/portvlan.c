/* SPDX-License-Identifier: MIT */
/* VLANs of bridges and their ports by netlink. */
#include "sys/portvlan.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>

static uint16_t small(const struct rtattr *a)
{
	uint16_t v = 0;

	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	else if (a && RTA_PAYLOAD(a) == 1)
		v = *(const uint8_t *)RTA_DATA(a);
	return v;
}

static int read_bridge(const struct nlmsghdr *h, void *arg)
{
	const struct rtattr *a[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1], *br[IFLA_BR_MAX + 1];
	struct bridge_vlans *out = arg;

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	nl_attrs(h, sizeof(struct ifinfomsg), a, IFLA_MAX);
	if (!a[IFLA_LINKINFO])
		return 0;
	nl_nested(a[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	if (!info[IFLA_INFO_DATA])
		return 0;
	nl_nested(info[IFLA_INFO_DATA], br, IFLA_BR_MAX);
	out->filtering = small(br[IFLA_BR_VLAN_FILTERING]);
	out->default_pvid = small(br[IFLA_BR_VLAN_DEFAULT_PVID]);
	return 0;
}

int bridge_vlans_get(struct nl *n, int bridge, struct bridge_vlans *out)
{
	struct ifinfomsg i = { .ifi_index = bridge };
	struct bridge_vlans got = { 0 };
	struct nl_msg m;
	int r;

	nl_begin(&m, RTM_GETLINK, 0, &i, sizeof(i));
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = nl_talk(n, &m, read_bridge, &got);
	if (r == 0)
		*out = got;
	return r;
}

static int change(struct nl *n, uint16_t type, int port, uint16_t id, uint16_t flags)
{
	struct ifinfomsg i = { .ifi_family = AF_BRIDGE, .ifi_index = port };
	struct bridge_vlan_info v = { .vid = id, .flags = flags };
	struct nl_msg m;
	size_t nest;

	nl_begin(&m, type, 0, &i, sizeof(i));
	nest = nl_nest(&m, IFLA_AF_SPEC);
	nl_put(&m, IFLA_BRIDGE_VLAN_INFO, &v, sizeof(v));
	nl_nest_end(&m, nest);
	return nl_talk(n, &m, NULL, NULL);
}

int port_vlan_add(struct nl *n, int port, uint16_t id, uint16_t flags)
{
	return change(n, RTM_SETLINK, port, id, flags);
}

int port_vlan_del(struct nl *n, int port, uint16_t id)
{
	return change(n, RTM_DELLINK, port, id, 0);
}
