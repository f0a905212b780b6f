/* SPDX-License-Identifier: MIT */
/* Names and values of cgroup v1 in the words of v2, and the other way round: what to write. */
#include "cgroup/translate.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct row rows[] = {
	{ "memory.limit_in_bytes", "memory.max", LIMIT },
	{ "memory.soft_limit_in_bytes", "memory.low", PROTECTION },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", SWAP },
	{ "memory.memsw.usage_in_bytes", "memory.swap.current", SWAP },
	{ "memory.usage_in_bytes", "memory.current", SAME },
	{ "memory.max_usage_in_bytes", "memory.peak", SAME },
	{ "memory.kmem.usage_in_bytes", "memory.stat", COUNTER, "kernel", 1 },
	{ "memory.failcnt", "memory.events", COUNTER, "max", 1 },
	{ "cpu.shares", "cpu.weight", SHARES },
	{ "cpu.cfs_quota_us", "cpu.max", QUOTA },
	{ "cpu.cfs_period_us", "cpu.max", PERIOD },
	{ "cpuacct.usage", "cpu.stat", COUNTER, "usage_usec", 1000 },
	{ "cpuacct.usage_user", "cpu.stat", COUNTER, "user_usec", 1000 },
	{ "cpuacct.usage_sys", "cpu.stat", COUNTER, "system_usec", 1000 },
	{ "cpuset.effective_cpus", "cpuset.cpus.effective", SAME },
	{ "cpuset.effective_mems", "cpuset.mems.effective", SAME },
	{ "blkio.weight", "io.weight", WEIGHT },
	{ "blkio.weight_device", "io.weight", DEVICE_WEIGHT },
	{ "blkio.bfq.weight", "io.bfq.weight", SAME },
	{ "blkio.throttle.read_bps_device", "io.max", THROTTLE, "rbps" },
	{ "blkio.throttle.write_bps_device", "io.max", THROTTLE, "wbps" },
	{ "blkio.throttle.read_iops_device", "io.max", THROTTLE, "riops" },
	{ "blkio.throttle.write_iops_device", "io.max", THROTTLE, "wiops" },
	{ "hugetlb.*.rsvd.limit_in_bytes", "hugetlb.*.rsvd.max", LIMIT },
	{ "hugetlb.*.rsvd.usage_in_bytes", "hugetlb.*.rsvd.current", SAME },
	{ "hugetlb.*.limit_in_bytes", "hugetlb.*.max", LIMIT },
	{ "hugetlb.*.usage_in_bytes", "hugetlb.*.current", SAME },
	{ "hugetlb.*.failcnt", "hugetlb.*.events", COUNTER, "max", 1 },
	{ "freezer.state", "cgroup.freeze", FREEZER },
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
	return n > 0 && (size_t)n < size;
}

const struct row *row_find(const char *file, bool from_v1, char *other, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		if (!from_v1 && r->meaning == COUNTER)
			continue;
		if (rename_by(from_v1 ? r->v1 : r->v2, from_v1 ? r->v2 : r->v1, file, other, size))
			return r;
	}
	return NULL;
}

int cgroup_twin(const char *file, bool to_v2, char *twin, size_t size)
{

	return row_find(file, to_v2, twin, size) ? 0 : -EOPNOTSUPP;
}

/* --- values --- */

/* "4M", "-1", "max": -1 is no limit */
static int parse_bytes(const char *text, int64_t *out)
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

	r = r < 0 ? r : parse_bytes(line, out);
	if (r == 0 && *out >= INT64_MAX - 65536)
		*out = -1;
	return r;
}

int64_t row_clamp(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

static int64_t ratio(int64_t v, int64_t to, int64_t from)
{
	return (row_clamp(v, 0, INT32_MAX) * to + from / 2) / from;
}

int64_t row_shares_to_weight(int64_t v)
{
	return row_clamp(ratio(v, 100, 1024), 1, 10000);
}

int64_t row_weight_to_shares(int64_t v)
{
	return row_clamp(ratio(v, 1024, 100), 2, 262144);
}

int64_t row_blkio_to_io(int64_t v)
{
	return row_clamp(ratio(v, 100, 500), 1, 10000);
}

int64_t row_io_to_blkio(int64_t v)
{
	return row_clamp(ratio(v, 500, 100), 10, 1000);
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

_printf(3, 4) static int put(struct cgroup_writes *w, const char *file, const char *fmt, ...)
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

/* The two words of cpu.max; the period where the file is not there yet is the kernel's own default. */
void row_read_cpu_max(int dir, char quota[32], char period[32])
{
	char line[64] = "";

	(void)snprintf(quota, 32, "max");
	(void)snprintf(period, 32, "100000");
	if (io_read_line(dir, "cpu.max", line, sizeof(line)) > 0)
		(void)sscanf(line, "%31s %31s", quota, period);
}

/* "8:0 VALUE": the device in front of it, and the value behind. */
const char *row_split_device(const char *text, char device[24])
{
	size_t n = strcspn(text, " \t");

	if (n >= 24 || !memchr(text, ':', n) || !text[n])
		return NULL;
	memcpy(device, text, n);
	device[n] = 0;
	return text + n + strspn(text + n, " \t");
}

/* --- v1's value in v2's words --- */

static int swap_to_v2(int dir, const char *to, int64_t memsw, struct cgroup_writes *w)
{
	int64_t memory;
	int r;

	if (memsw < 0)
		return put(w, to, "max");
	r = row_read_bytes(dir, "memory.max", &memory);
	if (r < 0)
		return r;
	if (memory < 0 || memory > memsw) /* as v1 refuses it */
		return -EINVAL;
	return put(w, to, "%lld", (long long)(memsw - memory));
}

static int device_to_v2(const struct row *row, const char *to, const char *value, struct cgroup_writes *w)
{
	char device[24];
	const char *text = row_split_device(value, device);
	int64_t v;

	if (!text || row_number(text, &v) < 0 || v < 0)
		return -EINVAL;
	if (row->meaning == DEVICE_WEIGHT)
		return v ? put(w, to, "%s %lld", device, (long long)row_blkio_to_io(v))
			 : put(w, to, "%s default", device);
	return v ? put(w, to, "%s %s=%lld", device, row->word, (long long)v)
		 : put(w, to, "%s %s=max", device, row->word);
}

static int to_v2(int dir, const struct row *row, const char *to, const char *value, struct cgroup_writes *w)
{
	char quota[32], period[32];
	int64_t v = 0;
	int r;

	switch (row->meaning) {
	case SAME:
		return put(w, to, "%s", value);
	case LIMIT:
	case PROTECTION:
	case SWAP:
		r = parse_bytes(value, &v);
		if (r < 0)
			return put(w, to, "%s", value); /* for the kernel to refuse */
		if (row->meaning == SWAP)
			return swap_to_v2(dir, to, v, w);
		if (v < 0)
			return put(w, to, row->meaning == LIMIT ? "max" : "0");
		return put(w, to, "%lld", (long long)v);
	case SHARES:
	case WEIGHT:
		r = row_number(value, &v);
		if (r < 0 || v <= 0)
			return -EINVAL;
		return put(w, to, "%lld",
			   (long long)(row->meaning == SHARES ? row_shares_to_weight(v) : row_blkio_to_io(v)));
	case QUOTA:
	case PERIOD:
		r = row_number(value, &v);
		if (r < 0)
			return r;
		row_read_cpu_max(dir, quota, period);
		if (row->meaning == PERIOD)
			return put(w, to, "%s %lld", quota, (long long)v);
		return v < 0 ? put(w, to, "max %s", period) : put(w, to, "%lld %s", (long long)v, period);
	case DEVICE_WEIGHT:
	case THROTTLE:
		return device_to_v2(row, to, value, w);
	case FREEZER:
		if (!str_starts(value, "FROZEN") && !str_starts(value, "THAWED"))
			return -EINVAL;
		return put(w, to, value[0] == 'F' ? "1" : "0");
	case COUNTER:
		return -EINVAL; /* v1 resets some of them by a write, v2 none */
	}
	return -EOPNOTSUPP;
}

/* --- v2's value in v1's words --- */

static int swap_to_v1(int dir, const char *to, int64_t swap, struct cgroup_writes *w)
{
	int64_t memory;
	int r = swap < 0 ? 0 : row_read_bytes(dir, "memory.limit_in_bytes", &memory);

	if (r < 0)
		return r;
	if (swap < 0)
		return put(w, to, "-1");
	if (memory < 0 || memory > INT64_MAX - swap) /* v1 cannot limit swap where memory is without a limit */
		return -EINVAL;
	return put(w, to, "%lld", (long long)(memory + swap));
}

static int cpu_max_to_v1(const char *value, struct cgroup_writes *w)
{
	char quota[32] = "", period[32] = "";
	int n = sscanf(value, "%31s %31s", quota, period), r = 0;

	if (n < 1)
		return -EINVAL;
	if (n == 2)
		r = put(w, "cpu.cfs_period_us", "%s", period);
	return r < 0 ? r : put(w, "cpu.cfs_quota_us", "%s", strcmp(quota, "max") == 0 ? "-1" : quota);
}

/* "8:0 rbps=N wiops=max" is a write into a file each */
static int io_max_to_v1(const char *value, struct cgroup_writes *w)
{
	char device[24], text[128], *save = NULL;
	const char *rest = row_split_device(value, device);
	int r = rest ? str_copy(text, sizeof(text), rest) : -EINVAL;
	char *word = r < 0 ? NULL : strtok_r(text, " \t\n", &save);

	for (; word && r == 0; word = strtok_r(NULL, " \t\n", &save)) {
		char *is = strchr(word, '=');
		const struct row *row = NULL;

		if (is)
			*is++ = 0;
		for (size_t i = 0; is && i < ARRAY_SIZE(rows); i++)
			if (rows[i].meaning == THROTTLE && strcmp(rows[i].word, word) == 0)
				row = &rows[i];
		r = row ? put(w, row->v1, "%s %s", device, strcmp(is, "max") == 0 ? "0" : is) : -EINVAL;
	}
	return r;
}

/* "100", "default 100", "8:0 100" */
static int io_weight_to_v1(const char *value, struct cgroup_writes *w)
{
	char device[24];
	const char *text = row_split_device(value, device);
	int64_t v;

	if (!text)
		text = str_starts(value, "default ") ? value + 8 : value;
	else if (str_starts(text, "default"))
		return put(w, "blkio.weight_device", "%s 0", device);
	if (row_number(text, &v) < 0 || v <= 0)
		return -EINVAL;
	if (text != value && !str_starts(value, "default"))
		return put(w, "blkio.weight_device", "%s %lld", device, (long long)row_io_to_blkio(v));
	return put(w, "blkio.weight", "%lld", (long long)row_io_to_blkio(v));
}

static int to_v1(int dir, const struct row *row, const char *to, const char *value, struct cgroup_writes *w)
{
	int64_t v = 0;

	switch (row->meaning) {
	case SAME:
		return put(w, to, "%s", value);
	case LIMIT:
	case PROTECTION:
	case SWAP:
		if (parse_bytes(value, &v) < 0)
			return put(w, to, "%s", value);
		if (row->meaning == SWAP)
			return swap_to_v1(dir, to, v, w);
		if (v < 0 || (v == 0 && row->meaning == PROTECTION))
			return put(w, to, "-1");
		return put(w, to, "%lld", (long long)v);
	case SHARES:
		if (row_number(value, &v) < 0 || v <= 0)
			return -EINVAL;
		return put(w, to, "%lld", (long long)row_weight_to_shares(v));
	case QUOTA:
	case PERIOD:
		return cpu_max_to_v1(value, w);
	case WEIGHT:
	case DEVICE_WEIGHT:
		return io_weight_to_v1(value, w);
	case THROTTLE:
		return io_max_to_v1(value, w);
	case FREEZER:
		if (value[0] != '0' && value[0] != '1')
			return -EINVAL;
		return put(w, to, value[0] == '1' ? "FROZEN" : "THAWED");
	case COUNTER:
		return -EOPNOTSUPP;
	}
	return -EOPNOTSUPP;
}

int cgroup_translate(int dir, const char *file, bool into_v2, const char *value, struct cgroup_writes *w)
{
	struct cgroup_writes made = { 0 };
	char other[64];
	const struct row *row = row_find(file, into_v2, other, sizeof(other));
	int r;

	if (!row)
		return -EOPNOTSUPP;
	r = into_v2 ? to_v2(dir, row, other, value, &made) : to_v1(dir, row, other, value, &made);
	if (r == 0)
		*w = made;
	return r;
}
