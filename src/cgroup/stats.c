/* SPDX-License-Identifier: MIT */
/* What a container uses, as its cgroups count it. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file is read once, whatever is wanted of it. NULL: it is not there. */
static char *text_of(int dir, const char *file)
{
	char *text = NULL;

	return dir >= 0 && io_read_file(dir, file, 1 << 20, &text, NULL) == 0 ? text : NULL;
}

static int64_t word(const char *text, const char *name)
{
	int64_t n;

	return text && cgroup_word_in(text, name, &n) == 0 ? n : -1;
}

static int64_t number(int dir, const char *file)
{
	int64_t n;

	return dir >= 0 && cgroup_read_i64(dir, file, &n) == 0 ? n : -1;
}

/* The sum over all devices of what stands behind `word`: "rbytes=" of io.stat, "Read " of v1's. */
static int64_t summed(const char *text, const char *word)
{
	int64_t sum = 0;

	if (!text)
		return -1;
	for (const char *p = text; (p = strstr(p, word)); p += strlen(word))
		if (p > text && p[-1] == ' ')
			sum += strtoll(p + strlen(word), NULL, 10);
	return sum;
}

static int64_t both(int64_t a, int64_t b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

static int64_t scaled(int64_t n, int64_t by)
{
	return n < 0 ? n : n * by;
}

/* v1 counts in ticks of USER_HZ, which is 100 on every architecture, but for the whole. */
static void cpu_v1(struct cgroup_stats *s, unsigned wanted, int dir)
{
	enum { TICK_NS = 10 * 1000 * 1000 };
	_own_free char *times = wanted & STATS_DETAIL ? text_of(dir, "cpuacct.stat") : NULL;

	if (wanted & STATS_CPU)
		s->cpu_ns = number(dir, "cpuacct.usage");
	if (!(wanted & STATS_DETAIL))
		return;
	s->cpu_user_ns = scaled(word(times, "user"), TICK_NS);
	s->cpu_sys_ns = scaled(word(times, "system"), TICK_NS);
}

static void cpu_v2(struct cgroup_stats *s, unsigned wanted, int dir)
{
	_own_free char *times = text_of(dir, "cpu.stat");

	if (wanted & STATS_CPU)
		s->cpu_ns = scaled(word(times, "usage_usec"), 1000);
	if (!(wanted & STATS_DETAIL))
		return;
	s->cpu_user_ns = scaled(word(times, "user_usec"), 1000);
	s->cpu_sys_ns = scaled(word(times, "system_usec"), 1000);
}

/* "swap" of v1's memory.stat is of the cgroup itself alone, without those that the container has made in it. */
static void memory_v1(struct cgroup_stats *s, unsigned wanted, int dir)
{
	_own_free char *stat = wanted & STATS_SWAP ? text_of(dir, "memory.stat") : NULL;

	if (wanted & STATS_MEMORY)
		s->memory = number(dir, "memory.usage_in_bytes");
	if (wanted & STATS_KERNEL)
		s->kmem = number(dir, "memory.kmem.usage_in_bytes");
	if (wanted & STATS_SWAP)
		s->swap = word(stat, "total_swap");
	if (wanted & STATS_MEMORY_SWAP)
		s->memory_swap = number(dir, "memory.memsw.usage_in_bytes");
}

static void memory_v2(struct cgroup_stats *s, unsigned wanted, int dir)
{
	_own_free char *stat = wanted & STATS_KERNEL ? text_of(dir, "memory.stat") : NULL;
	int64_t memory = wanted & (STATS_MEMORY | STATS_MEMORY_SWAP) ? number(dir, "memory.current") : -1;
	int64_t swap = wanted & (STATS_SWAP | STATS_MEMORY_SWAP) ? number(dir, "memory.swap.current") : -1;

	if (wanted & STATS_MEMORY)
		s->memory = memory;
	if (wanted & STATS_KERNEL)
		s->kmem = word(stat, "kernel");
	if (wanted & STATS_SWAP)
		s->swap = swap;
	if (wanted & STATS_MEMORY_SWAP)
		s->memory_swap = both(memory, swap);
}

static void io_v1(struct cgroup_stats *s, unsigned wanted, int dir)
{
	_own_free char *bytes = wanted & STATS_IO ? text_of(dir, "blkio.throttle.io_service_bytes") : NULL;
	_own_free char *ops = wanted & STATS_DETAIL ? text_of(dir, "blkio.throttle.io_serviced") : NULL;

	if (wanted & STATS_IO) {
		s->io_bytes = word(bytes, "Total");
		s->io_read = summed(bytes, "Read ");
		s->io_write = summed(bytes, "Write ");
	}
	if (wanted & STATS_DETAIL)
		s->io_ops = word(ops, "Total");
}

static void io_v2(struct cgroup_stats *s, unsigned wanted, int dir)
{
	_own_free char *stat = text_of(dir, "io.stat");

	if (wanted & STATS_IO) {
		s->io_read = summed(stat, "rbytes=");
		s->io_write = summed(stat, "wbytes=");
		s->io_bytes = both(s->io_read, s->io_write);
	}
	if (wanted & STATS_DETAIL)
		s->io_ops = both(summed(stat, "rios="), summed(stat, "wios="));
}

static void pids_any(struct cgroup_stats *s, unsigned wanted, int dir)
{
	(void)wanted;
	s->pids = number(dir, "pids.current");
}

/* "some avg10=1.25 avg60=0.50 avg300=0.10 total=12345", in microseconds. */
static struct cgroup_pressure pressure(int dir, const char *file)
{
	_own_free char *text = text_of(dir, file);
	struct cgroup_pressure p = { -1, -1 };
	long long whole, part, us;

	/* a kernel without PSI has no such file, or one that cannot be read */
	if (text && sscanf(text, "some avg10=%lld.%2lld avg60=%*s avg300=%*s total=%lld", &whole, &part, &us) == 3)
		p = (struct cgroup_pressure){ .ns = us * 1000, .percent = whole * 100 + part };
	return p;
}

static void pressure_v2(struct cgroup_stats *s, unsigned wanted, int dir)
{
	if (wanted & STATS_CPU_PRESSURE)
		s->cpu_pressure = pressure(dir, "cpu.pressure");
	if (wanted & STATS_MEMORY_PRESSURE)
		s->memory_pressure = pressure(dir, "memory.pressure");
	if (wanted & STATS_IO_PRESSURE)
		s->io_pressure = pressure(dir, "io.pressure");
}

void cgroup_stats_clear(struct cgroup_stats *s)
{
	*s = (struct cgroup_stats){
		.cpu_ns = -1,
		.memory = -1,
		.kmem = -1,
		.swap = -1,
		.io_bytes = -1,
		.pids = -1,
		.cpu_user_ns = -1,
		.cpu_sys_ns = -1,
		.io_read = -1,
		.io_write = -1,
		.io_ops = -1,
		.memory_swap = -1,
		.cpu_pressure = { -1, -1 },
		.memory_pressure = { -1, -1 },
		.io_pressure = { -1, -1 },
	};
}

static const struct counter {
	const char *v1; /* its controller there; NULL: v1 counts nothing of the kind */
	unsigned wanted;
	void (*read_v1)(struct cgroup_stats *s, unsigned wanted, int dir);
	void (*read_v2)(struct cgroup_stats *s, unsigned wanted, int dir);
} counters[] = {
	/* v2 has a cpu.stat also where the controllers are in v1, which then is who counts */
	{ "cpuacct", STATS_CPU | STATS_DETAIL, cpu_v1, cpu_v2 },
	{ "memory", STATS_MEMORY | STATS_SWAP | STATS_KERNEL | STATS_MEMORY_SWAP, memory_v1, memory_v2 },
	{ "blkio", STATS_IO | STATS_DETAIL, io_v1, io_v2 },
	{ "pids", STATS_PIDS, pids_any, pids_any },
	{ NULL, STATS_PRESSURE, NULL, pressure_v2 },
};

void cgroup_tree_open_counters(struct cgroup_tree *t, unsigned wanted)
{
	const char *controllers[ARRAY_SIZE(counters) + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (counters[i].v1 && counters[i].wanted & wanted)
			controllers[n++] = counters[i].v1;
	cgroup_tree_open_for(t, controllers);
}

void cgroup_tree_stats(const struct cgroup_tree *t, unsigned wanted, struct cgroup_stats *s)
{
	int v2 = t->host->unified < 0 ? -1 : t->fd[t->host->unified];

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct counter *c = &counters[i];
		int at = c->v1 ? cgroup_v1_index(t->host, c->v1) : -1, v1 = at < 0 ? -1 : t->fd[at];

		if (!(c->wanted & wanted))
			continue;
		if (v1 >= 0)
			c->read_v1(s, wanted, v1);
		else if (v2 >= 0)
			c->read_v2(s, wanted, v2);
	}
}

/* v1 counts where the victim was (Linux 4.13), v2 also in all above it. */
int64_t cgroup_tree_oom_kills(const struct cgroup_tree *t)
{
	int v1 = cgroup_v1_index(t->host, "memory"), v2 = t->host->unified;
	_own_free char *events = NULL, *inner_events = NULL;
	int64_t own, inner;

	if (v1 < 0 && v2 < 0)
		return 0;
	events = v1 < 0 ? text_of(t->fd[v2], "memory.events") : text_of(t->fd[v1], "memory.oom_control");
	own = word(events, "oom_kill");
	if (v1 < 0)
		return own;
	inner_events = text_of(t->inner_fd[v1], "memory.oom_control");
	inner = word(inner_events, "oom_kill");
	return (own > 0 ? own : 0) + (inner > 0 ? inner : 0);
}
