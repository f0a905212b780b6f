/* SPDX-License-Identifier: MIT */
/* Network links by netlink. */
#include "sys/link.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

enum { ALT_NAME = 128 }; /* ALTIFNAMSIZ, whose header does not go with net/if.h */

/* The fields that every kernel's struct has. */
static void read_bytes(const struct rtattr *stats64, struct link *l)
{
	struct rtnl_link_stats64 s;

	if (!stats64 || RTA_PAYLOAD(stats64) < offsetof(struct rtnl_link_stats64, rx_errors))
		return;
	memcpy(&s, RTA_DATA(stats64), offsetof(struct rtnl_link_stats64, rx_errors));
	l->rx_bytes = s.rx_bytes;
	l->tx_bytes = s.tx_bytes;
}

static bool read_link(const struct nlmsghdr *h, struct link *l)
{
	const struct ifinfomsg *i = NLMSG_DATA(h);
	const struct rtattr *a[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
		return false;
	nl_attrs(h, sizeof(*i), a, IFLA_MAX);
	*l = (struct link){ .index = i->ifi_index,
			    .flags = i->ifi_flags,
			    .mtu = nl_u32(a[IFLA_MTU]),
			    .other = (int)nl_u32(a[IFLA_LINK]),
			    .master = (int)nl_u32(a[IFLA_MASTER]) };
	nl_text(a[IFLA_IFNAME], l->name, sizeof(l->name));
	if (a[IFLA_ADDRESS] && RTA_PAYLOAD(a[IFLA_ADDRESS]) == MAC_LEN)
		memcpy(l->mac, RTA_DATA(a[IFLA_ADDRESS]), MAC_LEN);
	if (a[IFLA_LINKINFO]) {
		nl_nested(a[IFLA_LINKINFO], info, IFLA_INFO_MAX);
		nl_text(info[IFLA_INFO_KIND], l->kind, sizeof(l->kind));
	}
	read_bytes(a[IFLA_STATS64], l);
	return true;
}

static int one_link(const struct nlmsghdr *h, void *arg)
{
	return read_link(h, arg) ? 0 : -EBADMSG;
}

static int get(struct nl *n, int nsid, const char *name, int index, uint32_t filter, struct link *out)
{
	struct ifinfomsg i = { .ifi_index = index };
	struct link l = { 0 };
	struct nl_msg m;
	int r;

	if (name && !link_name_valid(name))
		return -ENODEV;
	nl_begin(&m, RTM_GETLINK, 0, &i, sizeof(i));
	if (name)
		nl_put_text(&m, IFLA_IFNAME, name);
	if (nsid >= 0)
		nl_put_u32(&m, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	nl_put_u32(&m, IFLA_EXT_MASK, filter);
	r = nl_talk(n, &m, one_link, &l);
	if (r == 0)
		*out = l;
	return r;
}

int link_get(struct nl *n, const char *name, struct link *out)
{
	return get(n, -1, name, 0, RTEXT_FILTER_SKIP_STATS, out);
}

int link_get_index(struct nl *n, int index, struct link *out)
{
	return get(n, -1, NULL, index, RTEXT_FILTER_SKIP_STATS, out);
}

int link_get_index_of(struct nl *n, int nsid, int index, struct link *out)
{
	return get(n, nsid, NULL, index, RTEXT_FILTER_SKIP_STATS, out);
}

int link_count(struct nl *n, const char *name, struct link *out)
{
	return get(n, -1, name, 0, 0, out);
}

static int read_altnames(const struct nlmsghdr *h, void *arg)
{
	const struct rtattr *a[IFLA_MAX + 1], *one;
	char name[ALT_NAME];
	int left, r = 0;

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	nl_attrs(h, sizeof(struct ifinfomsg), a, IFLA_MAX);
	if (!a[IFLA_PROP_LIST])
		return 0;
	left = (int)RTA_PAYLOAD(a[IFLA_PROP_LIST]);
	for (one = RTA_DATA(a[IFLA_PROP_LIST]); r == 0 && RTA_OK(one, left); one = RTA_NEXT(one, left)) {
		if ((one->rta_type & NLA_TYPE_MASK) != IFLA_ALT_IFNAME)
			continue;
		nl_text(one, name, sizeof(name));
		r = strv_add(arg, name);
	}
	return r;
}

int link_altnames(struct nl *n, int index, struct strv *out)
{
	struct ifinfomsg i = { .ifi_index = index };
	struct nl_msg m;

	nl_begin(&m, RTM_GETLINK, 0, &i, sizeof(i));
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return nl_talk(n, &m, read_altnames, out);
}

int link_altname_add(struct nl *n, int index, const char *name)
{
	struct ifinfomsg i = { .ifi_index = index };
	struct nl_msg m;
	size_t list;

	nl_begin(&m, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL, &i, sizeof(i));
	list = nl_nest(&m, IFLA_PROP_LIST);
	nl_put_text(&m, IFLA_ALT_IFNAME, name);
	nl_nest_end(&m, list);
	return nl_talk(n, &m, NULL, NULL);
}

struct each {
	int (*seen)(const struct link *, void *);
	void *arg;
};

static int each_link(const struct nlmsghdr *h, void *arg)
{
	struct each *e = arg;
	struct link l;

	return read_link(h, &l) ? e->seen(&l, e->arg) : 0;
}

int link_each(struct nl *n, int (*seen)(const struct link *, void *), void *arg)
{
	return link_each_of(n, -1, seen, arg);
}

static int dump(struct nl *n, int nsid, uint32_t filter, int (*seen)(const struct link *, void *), void *arg)
{
	struct each e = { seen, arg };
	struct ifinfomsg i = { 0 };
	struct nl_msg m;

	nl_begin(&m, RTM_GETLINK, NLM_F_DUMP, &i, sizeof(i));
	nl_put_u32(&m, IFLA_EXT_MASK, filter);
	if (nsid >= 0)
		nl_put_u32(&m, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	return nl_talk(n, &m, each_link, &e);
}

int link_each_of(struct nl *n, int nsid, int (*seen)(const struct link *, void *), void *arg)
{
	return dump(n, nsid, RTEXT_FILTER_SKIP_STATS, seen, arg);
}

int link_count_each_of(struct nl *n, int nsid, int (*seen)(const struct link *, void *), void *arg)
{
	return dump(n, nsid, 0, seen, arg);
}

static int each_stats(const struct nlmsghdr *h, void *arg)
{
	const struct if_stats_msg *i = NLMSG_DATA(h);
	const struct rtattr *a[IFLA_STATS_MAX + 1];
	struct each *e = arg;
	struct link l = { 0 };

	if (h->nlmsg_type != RTM_NEWSTATS || h->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
		return 0;
	nl_attrs(h, sizeof(*i), a, IFLA_STATS_MAX);
	l.index = (int)i->ifindex;
	read_bytes(a[IFLA_STATS_LINK_64], &l);
	return e->seen(&l, e->arg);
}

int link_stats_each(struct nl *n, int (*seen)(const struct link *, void *), void *arg)
{
	struct if_stats_msg i = { .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64) };
	struct each e = { seen, arg };
	struct nl_msg m;

	nl_begin(&m, RTM_GETSTATS, NLM_F_DUMP, &i, sizeof(i));
	return nl_talk(n, &m, each_stats, &e);
}

static struct ifinfomsg head_of(const struct link_want *w, int index)
{
	return (struct ifinfomsg){ .ifi_index = index,
				   .ifi_flags = w->up ? IFF_UP : 0,
				   .ifi_change = w->up || w->down ? IFF_UP : 0 };
}

static void put_want(struct nl_msg *m, const struct link_want *w)
{
	if (w->name)
		nl_put_text(m, IFLA_IFNAME, w->name);
	if (w->mac)
		nl_put(m, IFLA_ADDRESS, w->mac, MAC_LEN);
	if (w->mtu)
		nl_put_u32(m, IFLA_MTU, w->mtu);
	if (w->rx_queues)
		nl_put_u32(m, IFLA_NUM_RX_QUEUES, w->rx_queues);
	if (w->tx_queues)
		nl_put_u32(m, IFLA_NUM_TX_QUEUES, w->tx_queues);
	if (w->master || w->release)
		nl_put_u32(m, IFLA_MASTER, (uint32_t)w->master);
	if (w->netns_fd > 0)
		nl_put_u32(m, IFLA_NET_NS_FD, (uint32_t)w->netns_fd);
	else if (w->netns_pid)
		nl_put_u32(m, IFLA_NET_NS_PID, (uint32_t)w->netns_pid);
}

/* Opens a request for a new link up to its IFLA_INFO_DATA; the nests' places go to nest[2]. */
static void begin_new(struct nl_msg *m, const char *kind, int parent, const struct link_want *w, size_t nest[2])
{
	struct ifinfomsg i = head_of(w, 0);

	nl_begin(m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &i, sizeof(i));
	put_want(m, w);
	if (parent)
		nl_put_u32(m, IFLA_LINK, (uint32_t)parent);
	nest[0] = nl_nest(m, IFLA_LINKINFO);
	nl_put_text(m, IFLA_INFO_KIND, kind);
	nest[1] = nl_nest(m, IFLA_INFO_DATA);
}

static int finish_new(struct nl *n, struct nl_msg *m, const size_t nest[2])
{
	nl_nest_end(m, nest[1]);
	nl_nest_end(m, nest[0]);
	return nl_talk(n, m, NULL, NULL);
}

int link_make_veth(struct nl *n, const struct link_want *host, const struct link_want *peer)
{
	struct ifinfomsg i = head_of(peer, 0);
	size_t nest[2], inner;
	struct nl_msg m;

	begin_new(&m, "veth", 0, host, nest);
	inner = nl_nest(&m, VETH_INFO_PEER);
	nl_append(&m, &i, sizeof(i));
	put_want(&m, peer);
	nl_nest_end(&m, inner);
	return finish_new(n, &m, nest);
}

int link_make_bridge(struct nl *n, const struct link_want *w)
{
	struct nl_msg m;
	size_t nest[2];

	begin_new(&m, "bridge", 0, w, nest);
	return finish_new(n, &m, nest);
}

int link_make_vlan(struct nl *n, int parent, uint16_t id, const struct link_want *w)
{
	struct nl_msg m;
	size_t nest[2];

	begin_new(&m, "vlan", parent, w, nest);
	nl_put_u16(&m, IFLA_VLAN_ID, id);
	return finish_new(n, &m, nest);
}

int link_make_macvlan(struct nl *n, int parent, uint32_t mode, const struct link_want *w)
{
	struct nl_msg m;
	size_t nest[2];

	begin_new(&m, "macvlan", parent, w, nest);
	nl_put_u32(&m, IFLA_MACVLAN_MODE, mode);
	return finish_new(n, &m, nest);
}

int link_make_ipvlan(struct nl *n, int parent, uint16_t mode, uint16_t flags, const struct link_want *w)
{
	struct nl_msg m;
	size_t nest[2];

	begin_new(&m, "ipvlan", parent, w, nest);
	nl_put_u16(&m, IFLA_IPVLAN_MODE, mode);
	nl_put_u16(&m, IFLA_IPVLAN_FLAGS, flags);
	return finish_new(n, &m, nest);
}

int link_change(struct nl *n, int index, const struct link_want *w)
{
	struct ifinfomsg i = head_of(w, index);
	struct nl_msg m;

	nl_begin(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	put_want(&m, w);
	if (w->no_link_local) {
		size_t spec = nl_nest(&m, IFLA_AF_SPEC), inet6 = nl_nest(&m, AF_INET6);

		nl_put_u8(&m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
		nl_nest_end(&m, inet6);
		nl_nest_end(&m, spec);
	}
	return nl_talk(n, &m, NULL, NULL);
}

int link_delete(struct nl *n, int index)
{
	struct ifinfomsg i = { .ifi_index = index };
	struct nl_msg m;

	nl_begin(&m, RTM_DELLINK, 0, &i, sizeof(i));
	return nl_talk(n, &m, NULL, NULL);
}

/* Where a link's other end is. */
struct far {
	bool elsewhere; /* in another namespace: */
	int nsid;	/* its number, < 0 where it has none any more */
	int index;	/* of the other end, there */
};

static int read_far(const struct nlmsghdr *h, void *arg)
{
	struct far *f = arg;
	const struct rtattr *a[IFLA_MAX + 1];

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	nl_attrs(h, sizeof(struct ifinfomsg), a, IFLA_MAX);
	*f = (struct far){ .elsewhere = a[IFLA_LINK_NETNSID],
			   .nsid = (int)nl_u32(a[IFLA_LINK_NETNSID]),
			   .index = (int)nl_u32(a[IFLA_LINK]) };
	return 0;
}

bool link_is_ending(struct nl *n, const char *name)
{
	struct ifinfomsg i = { 0 };
	struct far f = { 0 }, ignored;
	struct nl_msg m;

	nl_begin(&m, RTM_GETLINK, 0, &i, sizeof(i));
	nl_put_text(&m, IFLA_IFNAME, name);
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (nl_talk(n, &m, read_far, &f) < 0 || !f.elsewhere)
		return false;
	if (f.nsid < 0)
		return true;
	i.ifi_index = f.index;
	nl_begin(&m, RTM_GETLINK, 0, &i, sizeof(i));
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_put_u32(&m, IFLA_TARGET_NETNSID, (uint32_t)f.nsid);
	/* -EINVAL: of this number there is no namespace that still has a user (since Linux 4.20 it can be asked) */
	return nl_talk(n, &m, read_far, &ignored) == -EINVAL;
}

int mac_parse(const char *text, unsigned char mac[MAC_LEN])
{
	unsigned char out[MAC_LEN];

	for (int i = 0; i < MAC_LEN; i++, text += 3) {
		unsigned v;

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < MAC_LEN - 1 ? ':' : 0))
			return -EINVAL;
		(void)sscanf(text, "%2x", &v);
		out[i] = (unsigned char)v;
	}
	memcpy(mac, out, MAC_LEN);
	return 0;
}

void mac_print(const unsigned char mac[MAC_LEN], char text[MAC_TEXT])
{
	(void)snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

bool link_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || *name == '%' || isspace((unsigned char)*name))
			return false;
	return true;
}
