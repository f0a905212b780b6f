/* SPDX-License-Identifier: MIT */
/* Memory and huge pages, in the other version's words. */
#include "cgroup/translate.h"

#include <errno.h>
#include <string.h>

/* What v1 shows where there is no limit: PAGE_COUNTER_MAX pages. */
#define V1_NO_LIMIT "9223372036854771712\n"

/* --- limits --- */

/* A value that is no number of bytes goes through as it is, for the kernel to refuse. */
static int limit_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	if (row_bytes(value, &v) < 0)
		return row_put(w, a->there, "%s", value);
	return v < 0 ? row_put(w, a->there, "max") : row_put(w, a->there, "%lld", (long long)v);
}

static int limit_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	return row_bytes(value, &v) < 0 ? row_put(w, a->there, "%s", value)
					: row_put(w, a->there, "%lld", (long long)v);
}

static int limit_as_v1(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = row_read_bytes(a->dir, a->there, &v);

	if (r < 0)
		return r;
	buf_addf(out, v < 0 ? V1_NO_LIMIT : "%lld\n", (long long)v);
	return 0;
}

static int limit_as_v2(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = row_read_bytes(a->dir, a->there, &v);

	if (r < 0)
		return r;
	buf_addf(out, v < 0 ? "max\n" : "%lld\n", (long long)v);
	return 0;
}

const struct how how_limit = { limit_to_v2, limit_to_v1, limit_as_v1, limit_as_v2 };

/* --- memory.max: v1 refuses one above the limit of memory and swap, and v2 keeps what swap may be used --- */

static int memory_max_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	static const char both[] = "memory.memsw.limit_in_bytes";
	int64_t v, was, memsw = -1;
	int r;

	if (row_bytes(value, &v) < 0 || row_read_bytes(a->dir, both, &memsw) < 0 || memsw < 0 ||
	    row_read_bytes(a->dir, a->there, &was) < 0 || was < 0 || v == was)
		return limit_to_v1(a, value, w);
	memsw = v < 0 ? -1 : v + (memsw - was);
	if (v >= 0 && v < was) { /* the larger of the two is written first as they grow, last as they shrink */
		r = limit_to_v1(a, value, w);
		return r < 0 ? r : row_put(w, both, "%lld", (long long)memsw);
	}
	r = row_put(w, both, "%lld", (long long)memsw);
	return r < 0 ? r : limit_to_v1(a, value, w);
}

const struct how how_memory_max = { limit_to_v2, memory_max_to_v1, limit_as_v1, limit_as_v2 };

/* --- memory.low --- */

static int protection_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	if (row_bytes(value, &v) < 0)
		return row_put(w, a->there, "%s", value);
	return row_put(w, a->there, "%lld", v < 0 ? 0LL : (long long)v);
}

static int protection_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	if (row_bytes(value, &v) < 0)
		return row_put(w, a->there, "%s", value);
	return row_put(w, a->there, "%lld", v <= 0 ? -1LL : (long long)v);
}

static int protection_as_v1(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = row_read_bytes(a->dir, a->there, &v);

	if (r < 0)
		return r;
	buf_addf(out, v <= 0 ? V1_NO_LIMIT : "%lld\n", (long long)v);
	return 0;
}

static int protection_as_v2(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = row_read_bytes(a->dir, a->there, &v);

	if (r < 0)
		return r;
	buf_addf(out, "%lld\n", v < 0 ? 0LL : (long long)v);
	return 0;
}

const struct how how_protection = { protection_to_v2, protection_to_v1, protection_as_v1, protection_as_v2 };

/* --- swap --- */

static int swap_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t memsw, memory;
	int r;

	if (row_bytes(value, &memsw) < 0)
		return row_put(w, a->there, "%s", value);
	if (memsw < 0)
		return row_put(w, a->there, "max");
	r = row_read_bytes(a->dir, "memory.max", &memory);
	if (r < 0)
		return r;
	if (memory < 0 || memory > memsw) /* as v1 refuses it */
		return -EINVAL;
	return row_put(w, a->there, "%lld", (long long)(memsw - memory));
}

static int swap_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t swap, memory;
	int r;

	if (row_bytes(value, &swap) < 0)
		return row_put(w, a->there, "%s", value);
	if (swap < 0)
		return row_put(w, a->there, "-1");
	r = row_read_bytes(a->dir, "memory.limit_in_bytes", &memory);
	if (r < 0)
		return r;
	if (memory < 0 || memory > INT64_MAX - swap) /* v1 cannot limit swap where memory is without a limit */
		return -EOPNOTSUPP;
	return row_put(w, a->there, "%lld", (long long)(memory + swap));
}

/* v1's number is the sum of two of v2's; v2's is the difference of two of v1's. */
static int swap_sum(int dir, const char *swap_file, const char *memory_file, struct buf *out)
{
	int64_t swap, memory;
	int r = row_read_bytes(dir, swap_file, &swap);

	r = r < 0 ? r : row_read_bytes(dir, memory_file, &memory);
	if (r < 0)
		return r;
	buf_addf(out, swap < 0 || memory < 0 ? V1_NO_LIMIT : "%lld\n", (long long)(swap + memory));
	return 0;
}

static int swap_difference(int dir, const char *memsw_file, const char *memory_file, struct buf *out)
{
	int64_t memsw, memory;
	int r = row_read_bytes(dir, memsw_file, &memsw);

	r = r < 0 ? r : row_read_bytes(dir, memory_file, &memory);
	if (r < 0)
		return r;
	buf_addf(out, memsw < 0 || memory < 0 ? "max\n" : "%lld\n", memsw > memory ? (long long)(memsw - memory) : 0LL);
	return 0;
}

static int swap_as_v1(const struct ask *a, struct buf *out)
{
	return swap_sum(a->dir, a->there, "memory.max", out);
}

static int swap_as_v2(const struct ask *a, struct buf *out)
{
	return swap_difference(a->dir, a->there, "memory.limit_in_bytes", out);
}

const struct how how_swap = { swap_to_v2, swap_to_v1, swap_as_v1, swap_as_v2 };

static int swap_usage_as_v1(const struct ask *a, struct buf *out)
{
	return swap_sum(a->dir, a->there, "memory.current", out);
}

static int swap_usage_as_v2(const struct ask *a, struct buf *out)
{
	return swap_difference(a->dir, a->there, "memory.usage_in_bytes", out);
}

const struct how how_swap_usage = { NULL, NULL, swap_usage_as_v1, swap_usage_as_v2 };

/* --- out of memory --- */

/* v2 always kills: to leave that on is to do nothing. */
static int oom_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	int64_t v;

	(void)a, (void)w;
	if (row_number(value, &v) < 0 || v < 0 || v > 1)
		return -EINVAL;
	return v == 0 ? 0 : -EOPNOTSUPP;
}

static int oom_as_v1(const struct ask *a, struct buf *out)
{
	int64_t kills;
	int r = cgroup_read_word(a->dir, a->there, "oom_kill", &kills);

	if (r == 0)
		buf_addf(out, "oom_kill_disable 0\nunder_oom 0\noom_kill %lld\n", (long long)kills);
	return r;
}

const struct how how_oom = { oom_to_v2, NULL, oom_as_v1, NULL };
