/* SPDX-License-Identifier: MIT */
/* Proxy entries of the neighbour tables by netlink. */
#include "sys/neigh.h"

#include <linux/neighbour.h>

static int ask(struct nl *n, uint16_t type, uint16_t flags, uint16_t state, int index, const struct ip *a)
{
	struct ndmsg h = { .ndm_family = (uint8_t)a->family,
			   .ndm_ifindex = index,
			   .ndm_state = state, /* a question must not have one */
			   .ndm_flags = NTF_PROXY };
	struct nl_msg m;

	nl_begin(&m, type, flags, &h, sizeof(h));
	nl_put(&m, NDA_DST, a->raw, ip_size(a));
	return nl_talk(n, &m, NULL, NULL);
}

int neigh_proxy_add(struct nl *n, int index, const struct ip *a)
{
	return ask(n, RTM_NEWNEIGH, NLM_F_CREATE, NUD_PERMANENT, index, a);
}

int neigh_proxy_del(struct nl *n, int index, const struct ip *a)
{
	return ask(n, RTM_DELNEIGH, 0, 0, index, a);
}

int neigh_proxy_look(struct nl *n, int index, const struct ip *a)
{
	return ask(n, RTM_GETNEIGH, 0, 0, index, a);
}
