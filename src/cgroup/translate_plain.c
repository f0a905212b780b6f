/* SPDX-License-Identifier: MIT */
/* Rows whose value needs little: the same text, one counter of several, what is always so, the freezer. */
#include "cgroup/translate.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>

static int same_write(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	return row_put(w, a->there, "%s", value);
}

static int same_read(const struct ask *a, struct buf *out)
{
	_own_free char *text = NULL;
	size_t len;
	int r = io_read_file(a->dir, a->there, 1 << 20, &text, &len);

	if (r == 0)
		buf_add(out, text, len);
	return r;
}

const struct how how_same = { same_write, same_write, same_read, same_read };

static int counter_as_v1(const struct ask *a, struct buf *out)
{
	int64_t v;
	int r = cgroup_read_word(a->dir, a->there, a->row->word, &v);

	if (r == 0)
		buf_addf(out, "%lld\n", (long long)v * a->row->scale);
	return r;
}

/* All that v1 counts of that file, each behind its word. */
static int counter_as_v2(const struct ask *a, struct buf *out)
{
	const struct row *row;
	int64_t v;
	bool any = false;

	for (size_t i = 0; (row = row_next(&how_counter, &i));) {
		if (strcmp(row->v2, a->row->v2) != 0 || cgroup_read_i64(a->dir, row->v1, &v) < 0)
			continue;
		buf_addf(out, "%s %lld\n", row->word, (long long)(v / row->scale));
		any = true;
	}
	return any ? 0 : -ENOENT;
}

/* v1 resets some of them by a write, v2 none */
const struct how how_counter = { NULL, NULL, counter_as_v1, counter_as_v2 };

static int fixed_write(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	size_t n = strlen(a->row->word);

	(void)w; /* nothing is to be done */
	return strncmp(value, a->row->word, n) == 0 && (!value[n] || value[n] == '\n') ? 0 : -EOPNOTSUPP;
}

static int fixed_read(const struct ask *a, struct buf *out)
{
	buf_addf(out, "%s\n", a->row->word);
	return 0;
}

const struct how how_fixed = { fixed_write, fixed_write, fixed_read, fixed_read };

static int freezer_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	if (!str_starts(value, "FROZEN") && !str_starts(value, "THAWED"))
		return -EINVAL;
	return row_put(w, a->there, value[0] == 'F' ? "1" : "0");
}

static int freezer_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	if (value[0] != '0' && value[0] != '1')
		return -EINVAL;
	return row_put(w, a->there, value[0] == '1' ? "FROZEN" : "THAWED");
}

static int freezer_as_v1(const struct ask *a, struct buf *out)
{
	int64_t frozen;
	int r = cgroup_read_word(a->dir, "cgroup.events", "frozen", &frozen);

	if (r == 0)
		buf_addf(out, frozen ? "FROZEN\n" : "THAWED\n");
	return r;
}

static int freezer_as_v2(const struct ask *a, struct buf *out)
{
	char state[16];
	int r = io_read_line(a->dir, a->there, state, sizeof(state));

	if (r >= 0)
		buf_addf(out, state[0] == 'T' ? "0\n" : "1\n");
	return r < 0 ? r : 0;
}

const struct how how_freezer = { freezer_to_v2, freezer_to_v1, freezer_as_v1, freezer_as_v2 };
