/* SPDX-License-Identifier: MIT */
/* What a container uses, as its cgroups count it. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"

#include <string.h>

static int v1_fd(const struct cgroup_tree *t, const char *controller)
{
	int i = cgroup_v1_index(t->host, controller);

	return i < 0 ? -1 : t->fd[i];
}

static int64_t word(int dir, const char *file, const char *name)
{
	int64_t n;

	return dir >= 0 && cgroup_read_word(dir, file, name, &n) == 0 ? n : -1;
}

static int64_t number(int dir, const char *file)
{
	int64_t n;

	return dir >= 0 && cgroup_read_i64(dir, file, &n) == 0 ? n : -1;
}

/* The sum over all devices of what stands behind `word` in a file: "rbytes=" of io.stat, "Read " of v1's. */
static int64_t summed(int dir, const char *file, const char *word)
{
	_own_free char *text = NULL;
	int64_t sum = 0;

	if (dir < 0 || io_read_file(dir, file, 1 << 20, &text, NULL) < 0)
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

/* v1 counts in ticks of USER_HZ, which is 100 on every architecture. */
static void cpu_times(struct cgroup_stats *s, int v1, int v2)
{
	enum { TICK_NS = 10 * 1000 * 1000 };

	s->cpu_user_ns = v1 >= 0 ? scaled(word(v1, "cpuacct.stat", "user"), TICK_NS)
				 : scaled(word(v2, "cpu.stat", "user_usec"), 1000);
	s->cpu_sys_ns = v1 >= 0 ? scaled(word(v1, "cpuacct.stat", "system"), TICK_NS)
				: scaled(word(v2, "cpu.stat", "system_usec"), 1000);
}

static void memory_use(struct cgroup_stats *s, int v1, int v2)
{
	s->memory = v1 >= 0 ? number(v1, "memory.usage_in_bytes") : number(v2, "memory.current");
	s->kmem = v1 >= 0 ? number(v1, "memory.kmem.usage_in_bytes") : word(v2, "memory.stat", "kernel");
}

static int64_t swap_use(int v1, int v2)
{
	return v1 >= 0 ? word(v1, "memory.stat", "swap") : number(v2, "memory.swap.current");
}

#define V1_BYTES "blkio.throttle.io_service_bytes"

static int64_t io_bytes(int v1, int v2)
{
	return v1 >= 0 ? word(v1, V1_BYTES, "Total")
		       : both(summed(v2, "io.stat", "rbytes="), summed(v2, "io.stat", "wbytes="));
}

static void io_each(struct cgroup_stats *s, int v1, int v2)
{
	s->io_read = v1 >= 0 ? summed(v1, V1_BYTES, "Read ") : summed(v2, "io.stat", "rbytes=");
	s->io_write = v1 >= 0 ? summed(v1, V1_BYTES, "Write ") : summed(v2, "io.stat", "wbytes=");
	s->io_ops = v1 >= 0 ? word(v1, "blkio.throttle.io_serviced", "Total")
			    : both(summed(v2, "io.stat", "rios="), summed(v2, "io.stat", "wios="));
}

static const struct cgroup_stats nothing = {
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
};

void cgroup_tree_stats(const struct cgroup_tree *t, unsigned wanted, struct cgroup_stats *s)
{
	int v2 = t->host->unified < 0 ? -1 : t->fd[t->host->unified];
	int cpu = v1_fd(t, "cpuacct"), memory = v1_fd(t, "memory"), blkio = v1_fd(t, "blkio"), pids = v1_fd(t, "pids");

	*s = nothing;
	/* v2 has a cpu.stat also where the controllers are in v1, which then is who counts */
	if (wanted & STATS_CPU)
		s->cpu_ns = cpu >= 0 ? number(cpu, "cpuacct.usage") : scaled(word(v2, "cpu.stat", "usage_usec"), 1000);
	if (wanted & (STATS_MEMORY | STATS_DETAIL))
		memory_use(s, memory, v2);
	if (wanted & STATS_SWAP || (wanted & STATS_DETAIL && memory < 0))
		s->swap = swap_use(memory, v2);
	if (wanted & STATS_IO)
		s->io_bytes = io_bytes(blkio, v2);
	if (wanted & STATS_PIDS)
		s->pids = number(pids >= 0 ? pids : v2, "pids.current");
	if (!(wanted & STATS_DETAIL))
		return;
	s->memory_swap = memory >= 0 ? number(memory, "memory.memsw.usage_in_bytes") : both(s->memory, s->swap);
	cpu_times(s, cpu, v2);
	io_each(s, blkio, v2);
}

/* v1 counts where the victim was (Linux 4.13), v2 also in all above it. */
int64_t cgroup_tree_oom_kills(const struct cgroup_tree *t)
{
	int v1 = cgroup_v1_index(t->host, "memory"), v2 = t->host->unified;
	int64_t own, inner;

	if (v1 < 0)
		return v2 < 0 ? 0 : word(t->fd[v2], "memory.events", "oom_kill");
	own = word(t->fd[v1], "memory.oom_control", "oom_kill");
	inner = word(t->inner_fd[v1], "memory.oom_control", "oom_kill");
	return (own > 0 ? own : 0) + (inner > 0 ? inner : 0);
}
