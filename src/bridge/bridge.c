/* SPDX-License-Identifier: MIT */
/* The bridge of `keg net`. */
#include "bridge/bridge.h"

#include "base/io.h"
#include "base/own.h"
#include "sys/addr.h"
#include "sys/link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int find(struct nl *nl, const struct settings *s, struct link *l, struct err *e)
{
	int r = link_get(nl, s->bridge, l);

	if (r == -ENODEV)
		return r;
	if (r < 0)
		return err_num(e, -r, "look at", "%s", s->bridge);
	if (strcmp(l->kind, "bridge") == 0)
		return 0;
	r = err_say(e, EEXIST, "%s is there already and is not a bridge", s->bridge);
	err_hint(e, "choose another name with LXC_BRIDGE in /etc/default/lxc-net");
	return r;
}

struct look {
	int index, r;
	const struct settings *s;
	struct bridge_state *b;
};

static int see_port(const struct link *l, void *arg)
{
	struct look *look = arg;

	return l->master == look->index ? strv_add(&look->b->ports, l->name) : 0;
}

static int see_address(const struct addr_seen *a, void *arg)
{
	struct look *look = arg;
	char text[IP_TEXT];

	if (a->index != look->index || a->scope == RT_SCOPE_LINK)
		return 0;
	if (a->ip.family == AF_INET && a->ip.v4.s_addr == look->s->ip4.v4.s_addr)
		look->b->addressed = true;
	ip_print(&a->ip, text);
	return strv_addf(&look->b->addresses, "%s/%d", text, a->prefix);
}

int bridge_look(const struct settings *s, struct bridge_state *b, struct err *e)
{
	_own_nl struct nl nl = NL_CLOSED;
	struct look look = { .s = s, .b = b };
	struct link l;
	int r = nl_open(&nl, e);

	if (r < 0)
		return r;
	r = find(&nl, s, &l, e);
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	look.index = l.index;
	b->there = true;
	b->up = l.flags & IFF_UP;
	memcpy(b->mac, l.mac, MAC_LEN);
	r = link_each(&nl, see_port, &look);
	if (r == 0)
		r = addr_each(&nl, AF_UNSPEC, -1, see_address, &look);
	return r < 0 ? err_num(e, -r, "look at", "%s", s->bridge) : 0;
}

void bridge_state_free(struct bridge_state *b)
{
	strv_free(&b->addresses);
	strv_free(&b->ports);
}

/* IPv6 may be absent from the kernel: then there is nothing to tell it. */
static void tell_ipv6(const struct settings *s, const char *what, const char *value)
{
	_own_free char *path = str_fmt("/proc/sys/net/ipv6/conf/%s/%s", s->bridge, what);

	if (path)
		(void)!io_write_file(AT_FDCWD, path, value);
}

static int add_address(struct nl *nl, const struct settings *s, int index, const struct ip *ip, int prefix,
		       struct err *e)
{
	struct in_addr broadcast = ip->family == AF_INET ? ip_broadcast(ip->v4, prefix) : (struct in_addr){ 0 };
	char text[IP_TEXT];
	int r = addr_add(nl, index, ip, prefix, ip->family == AF_INET && prefix < 31 ? &broadcast : NULL, true);

	if (r == 0 || r == -EEXIST)
		return 0;
	ip_print(ip, text);
	r = err_num(e, -r, "add address", "%s/%d to %s", text, prefix, s->bridge);
	nl_said(nl, e);
	return r;
}

static int make(struct nl *nl, const struct settings *s, struct link *l, struct err *e)
{
	struct link_want w = { .name = s->bridge, .mac = s->mac };
	int r = link_make_bridge(nl, &w);

	if (r == 0)
		r = link_get(nl, s->bridge, l);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "create", "bridge %s", s->bridge);
	nl_said(nl, e);
	if (r == -EOPNOTSUPP)
		err_hint(e, "the kernel needs CONFIG_BRIDGE: modprobe bridge");
	if (r == -EPERM)
		err_hint(e, "root is needed");
	return r;
}

int bridge_up(const struct settings *s, struct err *e)
{
	struct link_want up = { .mac = s->mac, .up = true };
	_own_nl struct nl nl = NL_CLOSED;
	struct link l;
	int r = nl_open(&nl, e);

	if (r == 0)
		r = find(&nl, s, &l, e);
	if (r == -ENODEV)
		r = make(&nl, s, &l, e);
	if (r < 0)
		return r;
	tell_ipv6(s, "accept_dad", "0");
	if (s->ipv6)
		tell_ipv6(s, "autoconf", "0");
	r = add_address(&nl, s, l.index, &s->ip4, s->prefix4, e);
	if (r == 0 && s->ipv6)
		r = add_address(&nl, s, l.index, &s->ip6, s->prefix6, e);
	if (r < 0)
		return r;
	r = link_change(&nl, l.index, &up);
	return r < 0 ? err_num(e, -r, "bring up", "%s", s->bridge) : 0;
}

static int count_port(const struct link *l, void *arg)
{
	struct look *look = arg;

	look->r += l->master == look->index;
	return 0;
}

int bridge_down(const struct settings *s, struct err *e)
{
	static const struct link_want down = { .down = true };
	_own_nl struct nl nl = NL_CLOSED;
	struct look look = { 0 };
	struct link l;
	int r = nl_open(&nl, e);

	if (r == 0)
		r = find(&nl, s, &l, e);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	look.index = l.index;
	r = link_each(&nl, count_port, &look);
	if (r == 0 && look.r == 0) {
		r = link_delete(&nl, l.index);
		return r < 0 ? err_num(e, -r, "delete", "bridge %s", s->bridge) : 0;
	}
	(void)!addr_del(&nl, l.index, &s->ip4, s->prefix4);
	if (s->ipv6)
		(void)!addr_del(&nl, l.index, &s->ip6, s->prefix6);
	if (r == 0)
		r = link_change(&nl, l.index, &down);
	return r < 0 ? err_num(e, -r, "bring down", "%s", s->bridge) : 1;
}
