/* SPDX-License-Identifier: MIT */
/* Block devices: v1's blkio, v2's io, in the other version's words. */
#include "cgroup/translate.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 1 << 20 };

/* --- weights ----------------------------------------------------------------------------------- */

/* A scale that a weight is given on. */
struct scale {
	int64_t min, normal, max;
};

static const struct scale cfq = { 10, 500, 1000 }, bfq = { 1, 100, 1000 }, iocost = { 1, 100, 10000 };

static int64_t rescale(int64_t v, const struct scale *from, const struct scale *to)
{
	return row_ratio(v, to->normal, from->normal, to->min, to->max);
}

static int scaled_to_v2(const struct ask *a, const char *value, const struct scale *v1, const struct scale *v2,
			struct cgroup_writes *w)
{
	int64_t v;

	if (row_number(value, &v) < 0 || v < v1->min || v > v1->max)
		return -EINVAL;
	return row_put(w, a->there, "%lld", (long long)rescale(v, v1, v2));
}

/* "8:0 500"; 0 takes it away, which v2 calls "default" */
static int device_to_v2(const struct ask *a, const char *value, const struct scale *v1, const struct scale *v2,
			struct cgroup_writes *w)
{
	char device[24];
	const char *text = row_split_device(value, device);
	int64_t v;

	if (!text || row_number(text, &v) < 0 || (v && (v < v1->min || v > v1->max)))
		return -EINVAL;
	return v ? row_put(w, a->there, "%s %lld", device, (long long)rescale(v, v1, v2))
		 : row_put(w, a->there, "%s default", device);
}

/* "100", "default 100", "8:0 100", "8:0 default"; the file of devices is beside the other. */
static int scaled_to_v1(const struct ask *a, const char *value, const struct scale *v2, const struct scale *v1,
			struct cgroup_writes *w)
{
	char device[24], file[64];
	const char *text = row_split_device(value, device);
	int64_t v = 0;

	(void)snprintf(file, sizeof(file), "%s%s", a->row->v1,
		       text && !str_ends(a->row->v1, "_device") ? "_device" : "");
	if (text && str_starts(text, "default"))
		return row_put(w, file, "%s 0", device);
	if (row_number(text			       ? text
		       : str_starts(value, "default ") ? value + 8
						       : value,
		       &v) < 0 ||
	    v < v2->min || v > v2->max)
		return -EINVAL;
	v = rescale(v, v2, v1);
	return text ? row_put(w, file, "%s %lld", device, (long long)v) : row_put(w, file, "%lld", (long long)v);
}

static int scaled_as_v1(const struct ask *a, const struct scale *v2, const struct scale *v1, struct buf *out)
{
	char line[64];
	int64_t v;
	int r = io_read_line(a->dir, a->there, line, sizeof(line));

	r = r < 0 ? r : row_number(str_starts(line, "default ") ? line + 8 : line, &v);
	if (r == 0)
		buf_addf(out, "%lld\n", (long long)rescale(v, v2, v1));
	return r;
}

/* The lines "DEVICE N" of a file, on the other scale; it may have others, and need not be there. */
static int devices_of(int dir, const char *file, const struct scale *from, const struct scale *to, struct buf *out)
{
	_own_free char *text = NULL;
	char *save = NULL, device[24];
	int r = io_read_file(dir, file, FILE_MOST, &text, NULL);

	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *rest = row_split_device(line, device);
		int64_t v;

		if (rest && row_number(rest, &v) == 0)
			buf_addf(out, "%s %lld\n", device, (long long)rescale(v, from, to));
	}
	return r;
}

static int scaled_as_v2(const struct ask *a, const struct scale *v1, const struct scale *v2, struct buf *out)
{
	char devices[64];
	int64_t v;
	int r = cgroup_read_i64(a->dir, a->there, &v);

	if (r < 0)
		return r;
	buf_addf(out, "default %lld\n", (long long)rescale(v, v1, v2));
	(void)snprintf(devices, sizeof(devices), "%s_device", a->row->v1);
	r = devices_of(a->dir, devices, v1, v2, out);
	return r == -ENOENT ? 0 : r;
}

/* Each pair of scales is four functions of no text of their own. */
#define WEIGHT(name, v1, v2)                                                                                           \
	static int name##_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)                       \
	{                                                                                                              \
		return scaled_to_v2(a, value, v1, v2, w);                                                              \
	}                                                                                                              \
	static int name##_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)                       \
	{                                                                                                              \
		return scaled_to_v1(a, value, v2, v1, w);                                                              \
	}                                                                                                              \
	static int name##_as_v1(const struct ask *a, struct buf *out)                                                  \
	{                                                                                                              \
		return scaled_as_v1(a, v2, v1, out);                                                                   \
	}                                                                                                              \
	static int name##_as_v2(const struct ask *a, struct buf *out)                                                  \
	{                                                                                                              \
		return scaled_as_v2(a, v1, v2, out);                                                                   \
	}                                                                                                              \
	const struct how how_##name = { name##_to_v2, name##_to_v1, name##_as_v1, name##_as_v2 }

WEIGHT(weight, &cfq, &iocost);
WEIGHT(bfq, &bfq, &bfq);
WEIGHT(io_bfq, &bfq, &iocost);
WEIGHT(blkio_bfq, &cfq, &bfq);

static int weight_device_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	return device_to_v2(a, value, &cfq, &iocost, w);
}

static int weight_device_as_v1(const struct ask *a, struct buf *out)
{
	return devices_of(a->dir, a->there, &iocost, &cfq, out);
}

/* v2 has it in io.weight, whose row leads to both */
const struct how how_weight_device = { weight_device_to_v2, NULL, weight_device_as_v1, NULL };

static int bfq_device_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	return device_to_v2(a, value, &bfq, &bfq, w);
}

static int bfq_device_as_v1(const struct ask *a, struct buf *out)
{
	return devices_of(a->dir, a->there, &bfq, &bfq, out);
}

const struct how how_bfq_device = { bfq_device_to_v2, NULL, bfq_device_as_v1, NULL };

/* --- io.max: v1 has a file for each word ------------------------------------------------------- */

static int throttle_to_v2(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	char device[24];
	const char *text = row_split_device(value, device);
	int64_t v;

	if (!text || row_number(text, &v) < 0 || v < 0)
		return -EINVAL;
	return v ? row_put(w, a->there, "%s %s=%lld", device, a->row->word, (long long)v)
		 : row_put(w, a->there, "%s %s=max", device, a->row->word);
}

static const struct row *throttle_of(const char *word)
{
	const struct row *row;

	for (size_t i = 0; (row = row_next(&how_throttle, &i));)
		if (strcmp(row->word, word) == 0)
			return row;
	return NULL;
}

/* "8:0 rbps=N wiops=max" is a write into a file each */
static int io_max_to_v1(const struct ask *a, const char *value, struct cgroup_writes *w)
{
	char device[24], text[128], *save = NULL;
	const char *rest = row_split_device(value, device);
	int r = rest ? str_copy(text, sizeof(text), rest) : -EINVAL;
	char *word = r < 0 ? NULL : strtok_r(text, " \t\n", &save);

	(void)a;
	for (; word && r == 0; word = strtok_r(NULL, " \t\n", &save)) {
		char *is = strchr(word, '=');
		const struct row *row;

		if (is)
			*is++ = 0;
		row = is ? throttle_of(word) : NULL;
		r = row ? row_put(w, row->v1, "%s %s", device, strcmp(is, "max") == 0 ? "0" : is) : -EINVAL;
	}
	return r < 0 ? r : w->n ? 0 : -EINVAL;
}

static int throttle_as_v1(const struct ask *a, struct buf *out)
{
	_own_free char *text = NULL;
	char *save = NULL, device[24];
	int r = io_read_file(a->dir, a->there, FILE_MOST, &text, NULL);

	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *rest = row_split_device(line, device);
		int64_t v;

		if (rest && row_word_of(rest, a->row->word, &v) == 0 && v)
			buf_addf(out, "%s %lld\n", device, (long long)v);
	}
	return r;
}

/* Lines of several files, brought together by device. */
enum { DEVICES_MOST = 64, WORDS_MOST = 4 };
struct table {
	size_t n;
	struct {
		char device[24];
		int64_t v[WORDS_MOST];
	} row[DEVICES_MOST];
};

static int64_t *table_at(struct table *t, const char *device, size_t word)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->row[i].device, device) != 0)
		i++;
	if (i == DEVICES_MOST)
		return NULL;
	if (i == t->n)
		(void)!str_copy(t->row[t->n++].device, sizeof(t->row[0].device), device);
	return &t->row[i].v[word];
}

/* v1's "8:0 N", or "8:0 WORD N" */
static int table_read(struct table *t, int dir, const char *file, const char *word, size_t column)
{
	_own_free char *text = NULL;
	char *save = NULL, device[24];
	int r = io_read_file(dir, file, FILE_MOST, &text, NULL);

	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *rest = row_split_device(line, device);
		int64_t v, *to;

		if (rest && word)
			rest = str_starts(rest, word) ? rest + strlen(word) : NULL;
		if (!rest || row_number(rest, &v) < 0)
			continue;
		to = table_at(t, device, column);
		if (to)
			*to = v;
	}
	return r;
}

static int io_max_as_v2(const struct ask *a, struct buf *out)
{
	static const char *const words[WORDS_MOST] = { "rbps", "wbps", "riops", "wiops" };
	struct table t = { 0 };
	int r = 0;

	for (size_t i = 0; i < WORDS_MOST && r == 0; i++)
		r = table_read(&t, a->dir, throttle_of(words[i])->v1, NULL, i);
	for (size_t k = 0; k < t.n && r == 0; k++) {
		buf_addf(out, "%s", t.row[k].device);
		for (size_t i = 0; i < WORDS_MOST; i++)
			t.row[k].v[i] ? buf_addf(out, " %s=%lld", words[i], (long long)t.row[k].v[i])
				      : buf_addf(out, " %s=max", words[i]);
		buf_addf(out, "\n");
	}
	return r;
}

const struct how how_throttle = { throttle_to_v2, io_max_to_v1, throttle_as_v1, io_max_as_v2 };

/* --- io.stat ----------------------------------------------------------------------------------- */

static int served_as_v1(const struct ask *a, struct buf *out)
{
	_own_free char *text = NULL;
	char *save = NULL, device[24], read_word[16], write_word[16];
	long long total = 0;
	int r = io_read_file(a->dir, a->there, FILE_MOST, &text, NULL);

	(void)snprintf(read_word, sizeof(read_word), "r%s", a->row->word);
	(void)snprintf(write_word, sizeof(write_word), "w%s", a->row->word);
	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *rest = row_split_device(line, device);
		int64_t in, went;

		if (!rest || row_word_of(rest, read_word, &in) < 0 || row_word_of(rest, write_word, &went) < 0)
			continue;
		buf_addf(out, "%s Read %lld\n%s Write %lld\n%s Total %lld\n", device, (long long)in, device,
			 (long long)went, device, (long long)(in + went));
		total += in + went;
	}
	if (r == 0)
		buf_addf(out, "Total %lld\n", total);
	return r;
}

static int io_stat_as_v2(const struct ask *a, struct buf *out)
{
	static const char bytes[] = "blkio.throttle.io_service_bytes", ios[] = "blkio.throttle.io_serviced";
	struct table t = { 0 };
	int r = table_read(&t, a->dir, bytes, "Read ", 0);

	r = r < 0 ? r : table_read(&t, a->dir, bytes, "Write ", 1);
	r = r < 0 ? r : table_read(&t, a->dir, ios, "Read ", 2);
	r = r < 0 ? r : table_read(&t, a->dir, ios, "Write ", 3);
	for (size_t i = 0; i < t.n && r == 0; i++)
		buf_addf(out, "%s rbytes=%lld wbytes=%lld rios=%lld wios=%lld\n", t.row[i].device,
			 (long long)t.row[i].v[0], (long long)t.row[i].v[1], (long long)t.row[i].v[2],
			 (long long)t.row[i].v[3]);
	return r;
}

const struct how how_served = { NULL, NULL, served_as_v1, io_stat_as_v2 };
