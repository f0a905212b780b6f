/* SPDX-License-Identifier: MIT */
/* Names and values of cgroup v1 in the words of v2, and the other way round: the table, and who asks it. */
#include "cgroup/translate.h"

#include "base/io.h"
#include "base/own.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * As Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst describe the files. What has the same name in both
 * (cpuset.cpus, pids.max, rdma.max, misc.max, cpu.idle) needs no row. Of several rows for one name the first
 * counts whose file is there.
 */
static const struct row rows[] = {
	/* memory. soft_limit is memory.low: "memory.low replaces the soft limit" (v2: Deprecated v1 Core Features) */
	{ "memory.limit_in_bytes", "memory.max", &how_memory_max },
	{ "memory.soft_limit_in_bytes", "memory.low", &how_protection },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", &how_swap },
	{ "memory.memsw.usage_in_bytes", "memory.swap.current", &how_swap_usage },
	{ "memory.usage_in_bytes", "memory.current", &how_same },
	{ "memory.max_usage_in_bytes", "memory.peak", &how_same },
	{ "memory.kmem.usage_in_bytes", "memory.stat", &how_counter, "kernel", 1 },
	{ "memory.failcnt", "memory.events", &how_counter, "max", 1 },
	{ "memory.memsw.failcnt", "memory.swap.events", &how_counter, "max", 1 },
	{ "memory.oom_control", "memory.events", &how_oom },
	{ "memory.use_hierarchy", NULL, &how_fixed, "1" },
	{ "memory.move_charge_at_immigrate", NULL, &how_fixed, "0" },
	{ NULL, "memory.min", &how_fixed, "0" },
	{ NULL, "memory.high", &how_fixed, "max" },
	{ NULL, "memory.swap.high", &how_fixed, "max" },
	{ NULL, "memory.oom.group", &how_fixed, "0" },
	/* cpu, cpuacct */
	{ "cpu.shares", "cpu.weight", &how_shares },
	{ "cpu.shares", "cpu.weight.nice", &how_nice },
	{ "cpu.cfs_quota_us", "cpu.max", &how_quota },
	{ "cpu.cfs_period_us", "cpu.max", &how_period },
	{ "cpu.cfs_burst_us", "cpu.max.burst", &how_same },
	{ "cpuacct.usage", "cpu.stat", &how_counter, "usage_usec", 1000 },
	{ "cpuacct.usage_user", "cpu.stat", &how_counter, "user_usec", 1000 },
	{ "cpuacct.usage_sys", "cpu.stat", &how_counter, "system_usec", 1000 },
	{ "cpuacct.stat", "cpu.stat", &how_cpuacct_stat },
	/* cpuset */
	{ "cpuset.effective_cpus", "cpuset.cpus.effective", &how_same },
	{ "cpuset.effective_mems", "cpuset.mems.effective", &how_same },
	{ "cpuset.memory_migrate", NULL, &how_fixed, "1" },
	{ "cpuset.sched_load_balance", NULL, &how_fixed, "1" },
	{ "cpuset.cpu_exclusive", NULL, &how_fixed, "0" },
	{ "cpuset.mem_exclusive", NULL, &how_fixed, "0" },
	{ "cpuset.mem_hardwall", NULL, &how_fixed, "0" },
	{ "cpuset.memory_spread_page", NULL, &how_fixed, "0" },
	{ "cpuset.memory_spread_slab", NULL, &how_fixed, "0" },
	{ NULL, "cpuset.cpus.partition", &how_fixed, "member" },
	/* blkio, io. Kernels since 5.0 have weights by BFQ only on v1; v2 has io.weight by iocost, or BFQ's */
	{ "blkio.weight", "io.weight", &how_weight },
	{ "blkio.bfq.weight", "io.bfq.weight", &how_bfq },
	{ "blkio.weight", "io.bfq.weight", &how_blkio_bfq },
	{ "blkio.bfq.weight", "io.weight", &how_io_bfq },
	{ "blkio.weight_device", "io.weight", &how_weight_device },
	{ "blkio.bfq.weight_device", "io.bfq.weight", &how_bfq_device },
	{ "blkio.throttle.read_bps_device", "io.max", &how_throttle, "rbps" },
	{ "blkio.throttle.write_bps_device", "io.max", &how_throttle, "wbps" },
	{ "blkio.throttle.read_iops_device", "io.max", &how_throttle, "riops" },
	{ "blkio.throttle.write_iops_device", "io.max", &how_throttle, "wiops" },
	{ "blkio.throttle.io_service_bytes", "io.stat", &how_served, "bytes" },
	{ "blkio.throttle.io_serviced", "io.stat", &how_served, "ios" },
	{ "blkio.throttle.io_service_bytes_recursive", "io.stat", &how_served, "bytes" },
	{ "blkio.throttle.io_serviced_recursive", "io.stat", &how_served, "ios" },
	/* hugetlb */
	{ "hugetlb.*.rsvd.limit_in_bytes", "hugetlb.*.rsvd.max", &how_limit },
	{ "hugetlb.*.rsvd.usage_in_bytes", "hugetlb.*.rsvd.current", &how_same },
	{ "hugetlb.*.limit_in_bytes", "hugetlb.*.max", &how_limit },
	{ "hugetlb.*.usage_in_bytes", "hugetlb.*.current", &how_same },
	{ "hugetlb.*.failcnt", "hugetlb.*.events", &how_counter, "max", 1 },
	/* the core */
	{ "freezer.state", "cgroup.freeze", &how_freezer },
	{ "tasks", "cgroup.threads", &how_same },
	{ "notify_on_release", NULL, &how_fixed, "0" },
	{ "cgroup.clone_children", NULL, &how_fixed, "1" },
	{ NULL, "cgroup.max.depth", &how_fixed, "max" },
	{ NULL, "cgroup.max.descendants", &how_fixed, "max" },
	{ NULL, "cgroup.type", &how_fixed, "domain" },
};

/* --- names --- */

/* Fills the other side's name where `file` is one of `pattern`. */
static bool rename_by(const char *pattern, const char *other, const char *file, char *out, size_t size)
{
	size_t before = strcspn(pattern, "*"), len = strlen(file), before_other = strcspn(other, "*");
	const char *tail = pattern + before + (pattern[before] == '*');
	int n;

	if (!pattern[before]) {
		if (strcmp(pattern, file) != 0)
			return false;
		n = snprintf(out, size, "%s", other);
	} else {
		if (len <= before + strlen(tail) || strncmp(file, pattern, before) != 0 || !str_ends(file, tail))
			return false;
		n = snprintf(out, size, "%.*s%.*s%s", (int)before_other, other, (int)(len - before - strlen(tail)),
			     file + before, other + before_other + 1);
	}
	return n >= 0 && (size_t)n < size;
}

/* dir -1: the first, whether or not its file is there. */
static const struct row *find(int dir, const char *file, bool from_v1, char *other, size_t size)
{
	const struct row *first = NULL;
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		const char *here = from_v1 ? r->v1 : r->v2, *there = from_v1 ? r->v2 : r->v1;

		if (!here || !rename_by(here, there ? there : "", file, name, sizeof(name)))
			continue;
		if (first && (dir < 0 || faccessat(dir, name, F_OK, 0) < 0))
			continue;
		if (str_copy(other, size, name) < 0)
			continue;
		if (dir < 0 || !there || faccessat(dir, name, F_OK, 0) == 0)
			return r;
		first = r;
	}
	return first;
}

int cgroup_twin(const char *file, bool to_v2, char *twin, size_t size)
{
	return find(-1, file, to_v2, twin, size) && *twin ? 0 : -EOPNOTSUPP;
}

const struct row *row_next(const struct how *how, size_t *i)
{
	while (*i < ARRAY_SIZE(rows)) {
		const struct row *r = &rows[(*i)++];

		if (r->how == how)
			return r;
	}
	return NULL;
}

int cgroup_translate(int dir, const char *file, bool into_v2, const char *value, struct cgroup_writes *w)
{
	struct cgroup_writes made = { 0 };
	char there[64];
	const struct row *row = find(dir, file, into_v2, there, sizeof(there));
	struct ask a = { row, dir, there };
	int (*to)(const struct ask *, const char *, struct cgroup_writes *);
	int r;

	if (!row)
		return -EOPNOTSUPP;
	to = into_v2 ? row->how->to_v2 : row->how->to_v1;
	r = to ? to(&a, value, &made) : -EOPNOTSUPP;
	if (r == 0)
		*w = made;
	return r;
}

int cgroup_translate_back(int dir, const char *file, bool from_v2, struct buf *out)
{
	char there[64];
	const struct row *row = find(dir, file, from_v2, there, sizeof(there));
	struct ask a = { row, dir, there };
	int (*as)(const struct ask *, struct buf *);

	if (!row)
		return -EOPNOTSUPP;
	as = from_v2 ? row->how->as_v1 : row->how->as_v2;
	return as ? as(&a, out) : -EOPNOTSUPP;
}

/* --- values --- */

int row_put(struct cgroup_writes *w, const char *file, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->n == CGROUP_WRITES || str_copy(w->v[w->n].file, sizeof(w->v[0].file), file) < 0)
		return -EINVAL;
	va_start(ap, fmt);
	n = vsnprintf(w->v[w->n].value, sizeof(w->v[0].value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(w->v[0].value))
		return -EINVAL;
	w->n++;
	return 0;
}

int row_number(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	while (isspace((unsigned char)*end))
		end++;
	return end == text || *end || errno ? -EINVAL : 0;
}

int row_bytes(const char *text, int64_t *out)
{
	unsigned times = 0;
	char *end;
	long long v;

	if (strncmp(text, "max", 3) == 0) {
		*out = -1;
		return 0;
	}
	errno = 0;
	v = strtoll(text, &end, 0);
	if (end == text || errno || v < -1)
		return -EINVAL;
	for (const char *u = "gmk"; *u && *end; u++) {
		if (!times && tolower((unsigned char)*end) != *u)
			continue;
		times++;
		if (v > INT64_MAX / 1024)
			return -EINVAL;
		v *= 1024;
	}
	if (*end && !times && !isspace((unsigned char)*end))
		return -EINVAL;
	*out = v;
	return 0;
}

/* v1 has no word for "no limit" when read: the largest number of whole pages that the kernel counts. */
int row_read_bytes(int dir, const char *file, int64_t *out)
{
	char line[64];
	int r = io_read_line(dir, file, line, sizeof(line));

	r = r < 0 ? r : row_bytes(line, out);
	if (r == 0 && *out >= INT64_MAX - 65536)
		*out = -1;
	return r;
}

int64_t row_ratio(int64_t v, int64_t to, int64_t from, int64_t min, int64_t max)
{
	v = v < 0 ? 0 : v > INT32_MAX ? INT32_MAX : v;
	v = (v * to + from / 2) / from;
	return v < min ? min : v > max ? max : v;
}

const char *row_split_device(const char *text, char device[24])
{
	size_t n = strcspn(text, " \t");

	if (n >= 24 || !memchr(text, ':', n) || !text[n])
		return NULL;
	memcpy(device, text, n);
	device[n] = 0;
	return text + n + strspn(text + n, " \t");
}

int row_word_of(const char *line, const char *word, int64_t *out)
{
	size_t n = strlen(word);

	for (const char *p = line; (p = strstr(p, word)); p += n) {
		if ((p > line && p[-1] != ' ') || p[n] != '=')
			continue;
		*out = strncmp(p + n + 1, "max", 3) == 0 ? 0 : strtoll(p + n + 1, NULL, 10);
		return 0;
	}
	return -ENOENT;
}
