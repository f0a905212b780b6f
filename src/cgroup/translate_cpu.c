/* SPDX-License-Identifier: MIT */
/* CPU time, in the other version's words. */
#include "cgroup/translate.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- weights --- */

static int shares_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	if (row_number(value, &v) < 0 || v <= 0)
		return -EINVAL;
	return row_put(w, a->there, "%lld", (long long)row_ratio(v, 100, 1024, 1, 10000));
}

static int shares_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	if (row_number(value, &v) < 0 || v < 1 || v > 10000)
		return -EINVAL;
	return row_put(w, a->there, "%lld", (long long)row_ratio(v, 1024, 100, 2, 262144));
}

static int shares_as_v1(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = cgroup_read_i64(a->dir, a->there, &v);

	if (r == 0)
		buf_addf(out, "%lld\n", (long long)row_ratio(v, 1024, 100, 2, 262144));
	return r;
}

static int shares_as_v2(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = cgroup_read_i64(a->dir, a->there, &v);

	if (r == 0)
		buf_addf(out, "%lld\n", (long long)row_ratio(v, 100, 1024, 1, 10000));
	return r;
}

const struct how how_shares = { shares_to_v2, shares_to_v1, shares_as_v1, shares_as_v2 };

/* What a nice value weighs (kernel: sched_prio_to_weight[]), -20 first: each is 1.25 times the next. */
static const unsigned weights[] = { 88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
				    9548,  7620,  6100,	 4904,	3906,  3121,  2501,  1991,  1586,  1277,
				    1024,  820,	  655,	 526,	423,   335,   272,   215,   172,   137,
				    110,   87,	  70,	 56,	45,    36,    29,    23,    18,	   15 };
_Static_assert(ARRAY_SIZE(weights) == 40, "-20 to 19");

static int nice_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	if (row_number(value, &v) < 0 || v < -20 || v > 19)
		return -EINVAL;
	return row_put(w, a->there, "%u", weights[v + 20]);
}

/* The nearest, as the kernel answers. */
static int nice_as_v2(const struct ask *a, struct buf *out)
{
	int64_t v, best = INT64_MAX;
	int nice = 0, r = cgroup_read_i64(a->dir, a->there, &v);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(weights); i++) {
		int64_t far = v > weights[i] ? v - weights[i] : weights[i] - v;

		if (far >= best)
			continue;
		best = far;
		nice = (int)i - 20;
	}
	if (r == 0)
		buf_addf(out, "%d\n", nice);
	return r;
}

const struct how how_nice = { NULL, nice_to_v1, NULL, nice_as_v2 };

/* --- cpu.max, which v1 has as two files --- */

/* The two words of cpu.max; without it, the kernel's own defaults. */
static void read_cpu_max(int dir, char quota[32], char period[32])
{
	char line[64] = "";

	(void)snprintf(quota, 32, "max");
	(void)snprintf(period, 32, "100000");
	if (io_read_line(dir, "cpu.max", line, sizeof(line)) > 0)
		(void)sscanf(line, "%31s %31s", quota, period);
}

static int quota_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	char quota[32], period[32];
	int64_t v;

	if (row_number(value, &v) < 0)
		return -EINVAL;
	read_cpu_max(a->dir, quota, period);
	return v < 0 ? row_put(w, a->there, "max %s", period) : row_put(w, a->there, "%lld %s", (long long)v, period);
}

static int period_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	char quota[32], period[32];
	int64_t v;

	if (row_number(value, &v) < 0 || v <= 0)
		return -EINVAL;
	read_cpu_max(a->dir, quota, period);
	return row_put(w, a->there, "%s %lld", quota, (long long)v);
}

/* v1 checks the quota against the period and the other way round: without a quota in between, none is refused. */
static int cpu_max_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	char quota[32] = "", period[32] = "";
	int n = sscanf(value, "%31s %31s", quota, period), r = 0;

	(void)a;
	if (n < 1)
		return -EINVAL;
	if (n == 2) {
		r = row_put(w, "cpu.cfs_quota_us", "-1");
		r = r < 0 ? r : row_put(w, "cpu.cfs_period_us", "%s", period);
	}
	return r < 0 ? r : row_put(w, "cpu.cfs_quota_us", "%s", strcmp(quota, "max") == 0 ? "-1" : quota);
}

static int quota_as_v1(const struct ask *a, struct buf *out)
{
	char quota[32], period[32];

	read_cpu_max(a->dir, quota, period);
	buf_addf(out, "%s\n", strcmp(quota, "max") == 0 ? "-1" : quota);
	return 0;
}

static int period_as_v1(const struct ask *a, struct buf *out)
{
	char quota[32], period[32];

	read_cpu_max(a->dir, quota, period);
	buf_addf(out, "%s\n", period);
	return 0;
}

static int cpu_max_as_v2(const struct ask *a, struct buf *out)
{
	char quota[32], period[32];
	int r = io_read_line(a->dir, "cpu.cfs_quota_us", quota, sizeof(quota));

	r = r < 0 ? r : io_read_line(a->dir, "cpu.cfs_period_us", period, sizeof(period));
	if (r < 0)
		return r;
	buf_addf(out, "%s %s\n", quota[0] == '-' ? "max" : quota, period);
	return 0;
}

const struct how how_quota = { quota_to_v2, cpu_max_to_v1, quota_as_v1, cpu_max_as_v2 };
const struct how how_period = { period_to_v2, cpu_max_to_v1, period_as_v1, cpu_max_as_v2 };

/* --- cpuacct.stat --- */

enum { USEC_PER_TICK = 10000 }; /* USER_HZ is 100 for every program */

static int cpuacct_stat_as_v1(const struct ask *a, struct buf *out)
{
	int64_t user, system;
	int r = cgroup_read_word(a->dir, a->there, "user_usec", &user);

	r = r < 0 ? r : cgroup_read_word(a->dir, a->there, "system_usec", &system);
	if (r == 0)
		buf_addf(out, "user %lld\nsystem %lld\n", (long long)(user / USEC_PER_TICK),
			 (long long)(system / USEC_PER_TICK));
	return r;
}

const struct how how_cpuacct_stat = { NULL, NULL, cpuacct_stat_as_v1, NULL };
