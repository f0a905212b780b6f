/* SPDX-License-Identifier: MIT */
/* Files of the one version of cgroups, read as the other would show them. */
#include "cgroup/translate.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>

static int back_same(int dir, const char *other, struct buf *out)
{
	_own_free char *text = NULL;
	size_t len;
	int r = io_read_file(dir, other, 1 << 20, &text, &len);

	if (r == 0)
		buf_add(out, text, len);
	return r;
}

/* Each line "DEVICE ..." that has the word, as v1 prints it */
static int back_throttle(int dir, const struct row *row, const char *other, struct buf *out)
{
	_own_free char *text = NULL;
	char *save = NULL, device[24];
	int r = io_read_file(dir, other, 1 << 20, &text, NULL);

	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *rest = row_split_device(line, device), *at = rest ? strstr(rest, row->word) : NULL;

		if (at && at[strlen(row->word)] == '=' && at[strlen(row->word) + 1] != 'm')
			buf_addf(out, "%s %lld\n", device, strtoll(at + strlen(row->word) + 1, NULL, 10));
	}
	return r;
}

static int back_swap(int dir, const char *file, bool from_v2, struct buf *out)
{
	bool usage = strstr(file, "usage") || strstr(file, "current");
	const char *swap = from_v2 ? usage ? "memory.swap.current" : "memory.swap.max"
			   : usage ? "memory.memsw.usage_in_bytes"
				   : "memory.memsw.limit_in_bytes";
	const char *memory = from_v2 ? usage ? "memory.current" : "memory.max"
			     : usage ? "memory.usage_in_bytes"
				     : "memory.limit_in_bytes";
	int64_t s, m;
	int r = row_read_bytes(dir, swap, &s);

	r = r < 0 ? r : row_read_bytes(dir, memory, &m);
	if (r < 0)
		return r;
	if (s < 0 || m < 0)
		buf_addf(out, from_v2 ? "9223372036854771712\n" : "max\n");
	else
		buf_addf(out, "%lld\n", (long long)(from_v2 ? s + m : row_clamp(s - m, 0, INT64_MAX)));
	return 0;
}

static int back_cpu_max(int dir, enum meaning meaning, bool from_v2, struct buf *out)
{
	char quota[32], period[32];
	int r = 0;

	if (from_v2) {
		row_read_cpu_max(dir, quota, period);
		buf_addf(out, "%s\n", meaning == PERIOD ? period : strcmp(quota, "max") == 0 ? "-1" : quota);
		return 0;
	}
	r = io_read_line(dir, "cpu.cfs_quota_us", quota, sizeof(quota));
	r = r < 0 ? r : io_read_line(dir, "cpu.cfs_period_us", period, sizeof(period));
	if (r >= 0)
		buf_addf(out, "%s %s\n", quota[0] == '-' ? "max" : quota, period);
	return r < 0 ? r : 0;
}

static int back_weight(int dir, enum meaning meaning, bool from_v2, const char *other, struct buf *out)
{
	char line[64];
	int64_t v;
	int r = io_read_line(dir, other, line, sizeof(line));

	r = r < 0 ? r : row_number(str_starts(line, "default ") ? line + 8 : line, &v);
	if (r < 0)
		return r;
	if (meaning == SHARES)
		buf_addf(out, "%lld\n", (long long)(from_v2 ? row_weight_to_shares(v) : row_shares_to_weight(v)));
	else if (from_v2)
		buf_addf(out, "%lld\n", (long long)row_io_to_blkio(v));
	else
		buf_addf(out, "default %lld\n", (long long)row_blkio_to_io(v));
	return 0;
}

static int back_limit(int dir, const struct row *row, bool from_v2, const char *other, struct buf *out)
{
	bool none_is_zero = row->meaning == PROTECTION;
	int64_t v;
	int r = row_read_bytes(dir, other, &v);

	if (r < 0)
		return r;
	if (from_v2 && (v < 0 || (none_is_zero && v == 0)))
		buf_addf(out, "9223372036854771712\n");
	else if (!from_v2 && v < 0)
		buf_addf(out, none_is_zero ? "0\n" : "max\n");
	else
		buf_addf(out, "%lld\n", (long long)v);
	return 0;
}

static int back_freezer(int dir, bool from_v2, struct buf *out)
{
	char state[16];
	int64_t frozen;
	int r;

	if (from_v2) {
		r = cgroup_read_word(dir, "cgroup.events", "frozen", &frozen);
		if (r == 0)
			buf_addf(out, frozen ? "FROZEN\n" : "THAWED\n");
		return r;
	}
	r = io_read_line(dir, "freezer.state", state, sizeof(state));
	if (r >= 0)
		buf_addf(out, state[0] == 'T' ? "0\n" : "1\n");
	return r < 0 ? r : 0;
}

static int back_counter(int dir, const struct row *row, const char *other, struct buf *out)
{
	int64_t v;
	int r = cgroup_read_word(dir, other, row->word, &v);

	if (r == 0)
		buf_addf(out, "%lld\n", (long long)v * row->scale);
	return r;
}

int cgroup_translate_back(int dir, const char *file, bool from_v2, struct buf *out)
{
	char other[64];
	const struct row *row = row_find(file, from_v2, other, sizeof(other));

	if (!row)
		return -EOPNOTSUPP;
	switch (row->meaning) {
	case SAME:
		return back_same(dir, other, out);
	case LIMIT:
	case PROTECTION:
		return back_limit(dir, row, from_v2, other, out);
	case SWAP:
		return back_swap(dir, file, from_v2, out);
	case SHARES:
	case WEIGHT:
		return back_weight(dir, row->meaning, from_v2, other, out);
	case QUOTA:
	case PERIOD:
		return back_cpu_max(dir, row->meaning, from_v2, out);
	case THROTTLE:
		return from_v2 ? back_throttle(dir, row, other, out) : -EOPNOTSUPP;
	case DEVICE_WEIGHT:
		return -EOPNOTSUPP;
	case FREEZER:
		return back_freezer(dir, from_v2, out);
	case COUNTER:
		return back_counter(dir, row, other, out);
	}
	return -EOPNOTSUPP;
}
