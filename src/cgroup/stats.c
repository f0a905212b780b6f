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

/* The sum of "rbytes=N" and "wbytes=N" over all devices of io.stat */
static int64_t io_v2(int dir)
{
	_own_free char *text = NULL;
	int64_t sum = 0;

	if (dir < 0 || io_read_file(dir, "io.stat", 1 << 20, &text, NULL) < 0)
		return -1;
	for (const char *p = text; (p = strstr(p, "bytes=")); p += 6)
		if (p > text + 1 && p[-2] == ' ' && (p[-1] == 'r' || p[-1] == 'w'))
			sum += strtoll(p + 6, NULL, 10);
	return sum;
}

static int64_t scaled(int64_t n, int64_t by)
{
	return n < 0 ? n : n * by;
}

void cgroup_tree_stats(const struct cgroup_tree *t, struct cgroup_stats *s)
{
	int v2 = t->host->unified < 0 ? -1 : t->fd[t->host->unified];
	int cpu = v1_fd(t, "cpuacct"), memory = v1_fd(t, "memory"), blkio = v1_fd(t, "blkio"), pids = v1_fd(t, "pids");

	/* v2 has a cpu.stat also where the controllers are in v1, which then is who counts */
	s->cpu_ns = cpu >= 0 ? number(cpu, "cpuacct.usage") : scaled(word(v2, "cpu.stat", "usage_usec"), 1000);
	s->memory = memory >= 0 ? number(memory, "memory.usage_in_bytes") : number(v2, "memory.current");
	s->kmem = memory >= 0 ? number(memory, "memory.kmem.usage_in_bytes") : word(v2, "memory.stat", "kernel");
	s->swap = memory >= 0 ? word(memory, "memory.stat", "swap") : number(v2, "memory.swap.current");
	s->io_bytes = blkio >= 0 ? word(blkio, "blkio.throttle.io_service_bytes", "Total") : io_v2(v2);
	s->pids = number(pids >= 0 ? pids : v2, "pids.current");
}
