/* SPDX-License-Identifier: MIT */
/* What the running containers use. No file is read whose number is not shown. */
#include "cli/top.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static const struct traffic *traffic(struct top_look *l)
{
	struct err quiet = { 0 };

	if (!l->has_traffic)
		(void)!traffic_look(&l->traffic, &quiet);
	l->has_traffic = true;
	return &l->traffic;
}

/* False: it has stopped, or does by now. */
static bool read_row(struct top_look *l, struct top_row *r, unsigned stats, bool network)
{
	_own_container struct container *ct = NULL;
	struct err quiet = { 0 };
	struct status s;
	uint64_t rx, tx;
	bool runs;

	if (container_open(&ct, r->name, l->cli->lxcpaths.v[r->path], &quiet) < 0 || container_look(ct, &s, &quiet) < 0)
		return false;
	runs = s.state != STOPPED && s.cgroup[0] &&
	       (!stats || container_stats_as(&s, &l->host, stats, &r->s, &quiet) == 0);
	if (runs && network && container_traffic(&s, traffic(l), &rx, &tx) == 0) {
		r->rx = (int64_t)rx;
		r->tx = (int64_t)tx;
	}
	status_free(&s);
	return runs;
}

static int add(struct top_look *l, size_t path, const char *name, unsigned stats, bool network)
{
	struct top_row row = { .name = strdup(name), .path = path, .at_ns = now_ns(), .rx = -1, .tx = -1 };
	struct top_row *grown;

	if (!row.name)
		return -ENOMEM;
	cgroup_stats_clear(&row.s);
	if (!read_row(l, &row, stats, network)) {
		free(row.name);
		return 0;
	}
	grown = reallocarray(l->rows.v, l->rows.n + 1, sizeof(*grown));
	if (!grown) {
		free(row.name);
		return -ENOMEM;
	}
	l->rows.v = grown;
	grown[l->rows.n++] = row;
	return 0;
}

int top_gather(struct top_look *l, const struct cli *c, unsigned stats, bool network)
{
	struct err quiet = { 0 };

	*l = (struct top_look){ .cli = c };
	if (cgroup_look(&l->host, &quiet) < 0) /* then nothing is counted here */
		return 0;
	for (size_t i = 0; i < c->lxcpaths.n; i++) {
		_own_strv struct strv known = { 0 };
		struct err e = { 0 };

		if (list_remembered(c->lxcpaths.v[i], &known, &e) < 0)
			return cli_fail(c, &e);
		for (size_t k = 0; k < known.n; k++)
			if (add(l, i, known.v[k], stats, network) < 0)
				return cli_say(c, "out of memory");
	}
	return 0;
}

void top_read(struct top_look *l, struct top_row *r, unsigned stats, bool network)
{
	(void)read_row(l, r, stats, network);
}

/* Both are in the same order. */
void top_remember(struct top_look *l, const struct top_look *earlier)
{
	size_t at = 0;

	for (size_t i = 0; i < l->rows.n; i++) {
		struct top_row *r = &l->rows.v[i];

		for (; at < earlier->rows.n; at++) {
			const struct top_row *o = &earlier->rows.v[at];
			int order = o->path == r->path ? strcmp(o->name, r->name) : o->path < r->path ? -1 : 1;

			if (order == 0)
				r->before = o;
			if (order >= 0)
				break;
		}
	}
}

void top_look_free(struct top_look *l)
{
	for (size_t i = 0; i < l->rows.n; i++)
		free(l->rows.v[i].name);
	free(l->rows.v);
	traffic_free(&l->traffic);
	*l = (struct top_look){ 0 };
}
