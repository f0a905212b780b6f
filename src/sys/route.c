/* SPDX-License-Identifier: MIT */
/* Routes by netlink. */
#include "sys/route.h"

static int change(struct nl *n, uint16_t type, uint16_t flags, const struct rtmsg *h, int index, const struct ip *to,
		  const struct ip *via)
{
	struct nl_msg m;

	nl_begin(&m, type, flags, h, sizeof(*h));
	if (to)
		nl_put(&m, RTA_DST, to->raw, ip_size(to));
	if (via)
		nl_put(&m, RTA_GATEWAY, via->raw, ip_size(via));
	nl_put_u32(&m, RTA_OIF, (uint32_t)index);
	return nl_talk(n, &m, NULL, NULL);
}

int route_add(struct nl *n, int index, int family, const struct ip *to, int prefix, const struct ip *via)
{
	struct rtmsg h = { .rtm_family = (uint8_t)family,
			   .rtm_dst_len = to ? (uint8_t)prefix : 0,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_BOOT,
			   .rtm_type = RTN_UNICAST,
			   .rtm_scope = via || family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK };

	return change(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &h, index, to, via);
}

int route_del(struct nl *n, int index, const struct ip *to, int prefix)
{
	struct rtmsg h = { .rtm_family = (uint8_t)to->family,
			   .rtm_dst_len = (uint8_t)prefix,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_BOOT,
			   .rtm_type = RTN_UNICAST,
			   .rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE };

	return change(n, RTM_DELROUTE, 0, &h, index, to, NULL);
}
