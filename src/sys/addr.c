/* SPDX-License-Identifier: MIT */
/* IP addresses by netlink. */
#include "sys/addr.h"

#include "base/num.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

int ip_parse(int family, const char *text, struct ip *out)
{
	struct ip a = { .family = family ? family : strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(a.family, text, a.raw) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

void ip_print(const struct ip *a, char text[IP_TEXT])
{
	if (!inet_ntop(a->family, a->raw, text, IP_TEXT))
		text[0] = 0;
}

int ip_parse_prefix(int family, const char *text, struct ip *out, int *prefix)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	int64_t bits = -1;
	char address[IP_TEXT];
	struct ip a;

	if (n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = 0;
	if (ip_parse(family, address, &a) < 0)
		return -EINVAL;
	if (slash && num_i64(slash + 1, 0, a.family == AF_INET ? 32 : 128, &bits) < 0)
		return -EINVAL;
	*out = a;
	*prefix = (int)bits;
	return 0;
}

int ip_class_prefix(struct in_addr a)
{
	in_addr_t h = ntohl(a.s_addr);

	return IN_CLASSA(h) ? 8 : IN_CLASSB(h) ? 16 : IN_CLASSC(h) ? 24 : 32;
}

struct in_addr ip_broadcast(struct in_addr a, int prefix)
{
	in_addr_t host = prefix ? (prefix == 32 ? 0 : UINT32_MAX >> prefix) : UINT32_MAX;

	return (struct in_addr){ .s_addr = a.s_addr | htonl(host) };
}

int addr_add(struct nl *n, int index, const struct ip *a, int prefix, const struct in_addr *broadcast, bool nodad)
{
	struct ifaddrmsg h = { .ifa_family = (uint8_t)a->family,
			       .ifa_prefixlen = (uint8_t)prefix,
			       .ifa_index = (uint32_t)index,
			       .ifa_flags = nodad && a->family == AF_INET6 ? IFA_F_NODAD : 0 };
	struct nl_msg m;

	nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &h, sizeof(h));
	nl_put(&m, IFA_LOCAL, a->raw, ip_size(a));
	nl_put(&m, IFA_ADDRESS, a->raw, ip_size(a));
	if (broadcast)
		nl_put(&m, IFA_BROADCAST, broadcast, sizeof(*broadcast));
	return nl_talk(n, &m, NULL, NULL);
}

int addr_del(struct nl *n, int index, const struct ip *a, int prefix)
{
	struct ifaddrmsg h = { .ifa_family = (uint8_t)a->family,
			       .ifa_prefixlen = (uint8_t)prefix,
			       .ifa_index = (uint32_t)index };
	struct nl_msg m;

	nl_begin(&m, RTM_DELADDR, 0, &h, sizeof(h));
	nl_put(&m, IFA_LOCAL, a->raw, ip_size(a));
	return nl_talk(n, &m, NULL, NULL);
}

struct each {
	int (*seen)(const struct addr_seen *, void *);
	void *arg;
};

/* IFA_LOCAL is the own address; IFA_ADDRESS is the peer's on a point-to-point link, and all there is for IPv6. */
static int each_addr(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *i = NLMSG_DATA(h);
	const struct rtattr *a[IFA_MAX + 1], *own;
	struct each *e = arg;
	struct addr_seen s;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
		return 0;
	nl_attrs(h, sizeof(*i), a, IFA_MAX);
	own = a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS];
	s = (struct addr_seen){ .index = (int)i->ifa_index,
				.scope = i->ifa_scope,
				.prefix = i->ifa_prefixlen,
				.ip = { .family = i->ifa_family } };
	if ((i->ifa_family != AF_INET && i->ifa_family != AF_INET6) || !own || RTA_PAYLOAD(own) != ip_size(&s.ip))
		return 0;
	memcpy(s.ip.raw, RTA_DATA(own), ip_size(&s.ip));
	return e->seen(&s, e->arg);
}

int addr_each(struct nl *n, int family, int nsid, int (*seen)(const struct addr_seen *, void *), void *arg)
{
	struct each e = { seen, arg };
	struct ifaddrmsg h = { .ifa_family = (uint8_t)family };
	struct nl_msg m;

	nl_begin(&m, RTM_GETADDR, NLM_F_DUMP, &h, sizeof(h));
	if (nsid >= 0)
		nl_put_u32(&m, IFA_TARGET_NETNSID, (uint32_t)nsid);
	return nl_talk(n, &m, each_addr, &e);
}
