/* SPDX-License-Identifier: MIT */
/*
 * A running container's addresses and traffic, asked from outside: the kernel answers for another network
 * namespace by its number (IFA_TARGET_NETNSID), so that nobody has to fork or to step into it.
 */
#include "client/container.h"

#include "base/own.h"
#include "sys/addr.h"
#include "sys/link.h"
#include "sys/netns.h"

#include <errno.h>
#include <string.h>

enum { LO = 1 }; /* its index in every namespace */

struct seen {
	struct ip *v;
	size_t n;
};

static int keep(const struct addr_seen *a, void *arg)
{
	struct seen *s = arg;
	struct ip *grown;

	if (a->index == LO || a->scope == RT_SCOPE_LINK || a->scope == RT_SCOPE_HOST)
		return 0;
	grown = realloc(s->v, (s->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->v = grown;
	s->v[s->n++] = a->ip;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct ip *x = a, *y = b;

	return memcmp(x->raw, y->raw, ip_size(x));
}

static int read_addresses(pid_t init, int family, struct seen *seen, struct err *e)
{
	_own_nl struct nl nl = NL_CLOSED;
	int id = 0, r = nl_open(&nl, e);

	if (r < 0)
		return r;
	r = netns_id_of_pid(&nl, init, &id);
	if (r == 0)
		r = addr_each(&nl, family, id, keep, seen);
	if (r == -ENOENT || r == -ESRCH) /* it has ended meanwhile */
		return 0;
	return r < 0 ? err_num(e, -r, "read", "the container's addresses") : 0;
}

int container_addresses(const struct container *c, bool v6, struct strv *out, struct err *e)
{
	struct status s = { 0 };
	struct seen seen = { 0 };
	int r = container_look(c, &s, e);

	if (r < 0)
		return r;
	if (s.state != STOPPED && s.init_pid > 0)
		r = read_addresses(s.init_pid, v6 ? AF_INET6 : AF_INET, &seen, e);
	status_free(&s);
	if (r == 0 && seen.n)
		qsort(seen.v, seen.n, sizeof(*seen.v), by_number);
	for (size_t i = 0; i < seen.n && r == 0; i++) {
		char text[IP_TEXT];

		ip_print(&seen.v[i], text);
		if (strv_add(out, text) < 0)
			r = err_num(e, ENOMEM, "read", "the container's addresses");
	}
	free(seen.v);
	return r;
}

/* --- of one interface, by name, or of all but lo --- */

struct named {
	const char *interface;
	int family, scope;
	struct strv *out, names; /* names: of the interfaces, each at its index */
};

static int note_name(const struct link *l, void *arg)
{
	struct named *n = arg;

	return strv_addf(&n->names, "%d %s", l->index, l->name);
}

static const char *name_of(const struct named *n, int index)
{
	for (size_t i = 0; i < n->names.n; i++)
		if (atoi(n->names.v[i]) == index)
			return strchr(n->names.v[i], ' ') + 1;
	return "";
}

/* As getifaddrs(3) has it in sin6_scope_id. */
static int scope_of(const struct addr_seen *a)
{
	return IN6_IS_ADDR_LINKLOCAL(&a->ip.v6) ? a->index : 0;
}

static int note_address(const struct addr_seen *a, void *arg)
{
	struct named *n = arg;
	char text[IP_TEXT];

	if (n->interface ? strcmp(name_of(n, a->index), n->interface) != 0 : a->index == LO)
		return 0;
	if (a->ip.family == AF_INET6 && scope_of(a) != n->scope)
		return 0;
	ip_print(&a->ip, text);
	return strv_add(n->out, text);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The kernel's answers about the network of a running container: its links, then the addresses wanted. */
static int ask(const struct container *c, struct named *n, bool addresses, struct err *e)
{
	_own_nl struct nl nl = NL_CLOSED;
	_own_fd int pidfd = -1;
	pid_t init = 0;
	int id = 0, x = container_hold_init(c, &init, &pidfd, e);

	if (x == 0)
		x = nl_open(&nl, e);
	if (x < 0)
		return x;
	x = netns_id_of_pid(&nl, init, &id);
	if (x == 0)
		x = link_each_of(&nl, id, note_name, n);
	if (x == 0 && addresses && n->family != AF_INET6)
		x = addr_each(&nl, AF_INET, id, note_address, n);
	if (x == 0 && addresses && n->family != AF_INET)
		x = addr_each(&nl, AF_INET6, id, note_address, n);
	return x < 0 ? err_num(e, -x, "read", "the network of %s", c->name) : 0;
}

int container_ips(const struct container *c, const char *interface, int family, int scope, struct strv *out,
		  struct err *e)
{
	struct named n = { .interface = interface, .family = family, .scope = scope, .out = out };
	int x = ask(c, &n, true, e);

	strv_free(&n.names);
	if (x == 0 && out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_word);
	return x;
}

int container_interfaces(const struct container *c, struct strv *out, struct err *e)
{
	struct named n = { .out = out };
	int x = ask(c, &n, false, e);

	for (size_t i = 0; x == 0 && i < n.names.n; i++)
		x = strv_add(out, strchr(n.names.v[i], ' ') + 1);
	strv_free(&n.names);
	if (x == 0 && out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_word);
	return x;
}

int link_bytes(const char *ifname, uint64_t *rx, uint64_t *tx)
{
	_own_nl struct nl nl = NL_CLOSED;
	struct err ignored = { 0 };
	struct link l = { 0 };
	int r = nl_open(&nl, &ignored);

	if (r == 0)
		r = link_count(&nl, ifname, &l);
	if (r < 0)
		return r;
	*rx = l.tx_bytes;
	*tx = l.rx_bytes;
	return 0;
}
