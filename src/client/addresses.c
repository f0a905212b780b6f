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
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

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

/* The number of the container's namespace; -1 where it is the caller's own (lxc.net.0.type = none). */
static int find_namespace(struct nl *nl, pid_t init, int *id)
{
	_own_fd int theirs = netns_of_pid(init);
	struct stat a, b;

	if (theirs < 0)
		return theirs;
	if (fstat(theirs, &a) < 0 || stat("/proc/thread-self/ns/net", &b) < 0)
		return -errno;
	if (a.st_ino == b.st_ino && a.st_dev == b.st_dev) {
		*id = -1;
		return 0;
	}
	return netns_id(nl, theirs, id);
}

static int read_addresses(pid_t init, int family, struct seen *seen, struct err *e)
{
	_own_nl struct nl nl = NL_CLOSED;
	int id = 0, r = nl_open(&nl, e);

	if (r < 0)
		return r;
	r = find_namespace(&nl, init, &id);
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
	int r = container_status(c, &s, e);

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
