/* SPDX-License-Identifier: MIT */
/*
 * What containers have sent and received. A veth's end on the host counts the same bytes, the other way round: one
 * question tells of all containers. Devices without such an end are asked for in the container's network namespace, by
 * its number, which costs each of them a few calls.
 */
#include "client/container.h"

#include "base/own.h"
#include "sys/link.h"
#include "sys/netns.h"

#include <errno.h>
#include <string.h>

enum { GROW = 64 };

static int note(const struct link *l, void *arg)
{
	struct traffic *t = arg;
	struct traffic_seen *grown = t->v;

	if (t->n % GROW == 0)
		grown = reallocarray(t->v, t->n + GROW, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	t->v = grown;
	/* the host sends what the container receives */
	grown[t->n++] = (struct traffic_seen){ .index = l->index, .rx = l->tx_bytes, .tx = l->rx_bytes };
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct traffic_seen *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

int traffic_look(struct traffic *t, struct err *e)
{
	_own_nl struct nl nl = NL_CLOSED;
	int r = nl_open(&nl, e);

	*t = (struct traffic){ 0 };
	if (r < 0)
		return r;
	r = link_stats_each(&nl, note, t);
	if (r < 0) {
		traffic_free(t);
		return err_num(e, -r, "read", "what the host's links have carried");
	}
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_index);
	return 0;
}

void traffic_free(struct traffic *t)
{
	free(t->v);
	*t = (struct traffic){ 0 };
}

/* False: one of its devices has no end on the host, or there is none at all. */
static bool by_host_ends(const struct status *s, const struct traffic *host, struct traffic_seen *sum)
{
	for (size_t i = 0; i < s->nics.n; i++) {
		const struct traffic_seen wanted = { .index = s->nics.v[i].ifindex }, *found;

		found = host->n ? bsearch(&wanted, host->v, host->n, sizeof(*host->v), by_index) : NULL;
		if (!found)
			return false;
		sum->rx += found->rx;
		sum->tx += found->tx;
	}
	return s->nics.n > 0;
}

/* What goes through a bridge of the container's own goes through its ports, too. */
static int add_inner(const struct link *l, void *arg)
{
	struct traffic_seen *sum = arg;

	if (l->flags & IFF_LOOPBACK || strcmp(l->kind, "bridge") == 0)
		return 0;
	sum->rx += l->rx_bytes;
	sum->tx += l->tx_bytes;
	return 0;
}

static int ask_inside(pid_t init, struct traffic_seen *sum)
{
	_own_nl struct nl nl = NL_CLOSED;
	struct err quiet = { 0 };
	int id = -1, r = nl_open(&nl, &quiet);

	if (r == 0)
		r = netns_id_of_pid(&nl, init, &id);
	if (r == 0 && id < 0)
		return -ENODATA;
	return r == 0 ? link_count_each_of(&nl, id, add_inner, sum) : r;
}

int container_traffic(const struct status *s, const struct traffic *host, uint64_t *rx, uint64_t *tx)
{
	struct traffic_seen sum = { 0 };
	int r = 0;

	if (s->state == STOPPED || s->init_pid <= 0)
		return -ESRCH;
	if (!by_host_ends(s, host, &sum)) {
		sum = (struct traffic_seen){ 0 };
		r = ask_inside(s->init_pid, &sum);
	}
	if (r < 0)
		return r;
	*rx = sum.rx;
	*tx = sum.tx;
	return 0;
}
