/* SPDX-License-Identifier: MIT */
/* The numbers that `top` can show and sort by. */
#include "cli/top.h"

#include "base/own.h"

#include <stdlib.h>
#include <string.h>

#define OF(member) offsetof(struct top_row, member)

/* A capital letter is the pressure on what the small one is about. */
const struct top_column top_columns[TOP_COLUMNS] = {
	{ "cpu", 'c', "CPU s", "CPU%", 7, TOP_CPU, STATS_CPU, false, OF(s.cpu_ns), true },
	{ "memory", 'm', "MEMORY", NULL, 7, TOP_BYTES, STATS_MEMORY, false, OF(s.memory), true },
	{ "memory-pressure", 'M', "MEM-P%", NULL, 6, TOP_PERCENT, STATS_MEMORY_PRESSURE, false,
	  OF(s.memory_pressure.percent), false },
	{ "io", 'b', "I/O", "I/O/s", 7, TOP_BYTES, STATS_IO, false, OF(s.io_bytes), true },
	{ "rx", 'i', "NET-IN", "IN/s", 7, TOP_BYTES, 0, true, OF(rx), false },
	{ "tx", 'o', "NET-OUT", "OUT/s", 7, TOP_BYTES, 0, true, OF(tx), false },
	{ "cpu-pressure", 'C', "CPU-P%", NULL, 6, TOP_PERCENT, STATS_CPU_PRESSURE, false, OF(s.cpu_pressure.percent),
	  false },
	{ "io-pressure", 'B', "I/O-P%", NULL, 6, TOP_PERCENT, STATS_IO_PRESSURE, false, OF(s.io_pressure.percent),
	  false },
	{ "pids", 'p', "PIDS", NULL, 6, TOP_COUNT, STATS_PIDS, false, OF(s.pids), false },
	{ "memory-swap", 's', "MEM+SW", NULL, 7, TOP_BYTES, STATS_MEMORY_SWAP, false, OF(s.memory_swap), true },
	{ "read", 'R', "READ", "READ/s", 7, TOP_BYTES, STATS_IO, false, OF(s.io_read), false },
	{ "write", 'W', "WRITE", "WRITE/s", 7, TOP_BYTES, STATS_IO, false, OF(s.io_write), false },
	{ "kernel", 'k', "KERNEL", NULL, 7, TOP_BYTES, STATS_KERNEL, false, OF(s.kmem), true },
};

const struct top_column *top_column(const char *word, bool lxc)
{
	for (size_t i = 0; i < TOP_COLUMNS; i++) {
		const struct top_column *c = &top_columns[i];

		if (lxc ? c->lxc && *word == c->key : strcmp(word, c->name) == 0 || (*word == c->key && !word[1]))
			return c;
	}
	return NULL;
}

static int64_t stored(const struct top_row *r, const struct top_column *c)
{
	return *(const int64_t *)(const void *)((const char *)r + c->field);
}

int64_t top_value(const struct top_row *r, const struct top_column *c, bool totals)
{
	int64_t now = stored(r, c), then;

	if (totals || !c->as_rate || now < 0)
		return now;
	then = r->before ? stored(r->before, c) : -1;
	/* less than before: it was started again meanwhile */
	if (then < 0 || now < then || r->at_ns <= r->before->at_ns)
		return -1;
	return (int64_t)((double)(now - then) * 1e9 / (double)(r->at_ns - r->before->at_ns));
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct top_row *x = *(struct top_row *const *)a, *y = *(struct top_row *const *)b;
	const struct top_view *v = arg;
	int64_t m = v->sort ? top_value(x, v->sort, v->totals) : 0, n = v->sort ? top_value(y, v->sort, v->totals) : 0;
	int order = m != n ? (m > n ? -1 : 1) : strcmp(x->name, y->name);

	return v->reverse ? -order : order;
}

void top_sort(const struct top_view *v, struct top_row **rows, size_t n)
{
	if (n)
		qsort_r(rows, n, sizeof(struct top_row *), compare, (void *)v);
}
