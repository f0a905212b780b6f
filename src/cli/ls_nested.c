/* SPDX-License-Identifier: MIT */
/* Containers in containers: a process in each running one lists what is in there, and writes the texts out. */
#include "cli/ls.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>

enum { LOOK_MS = 10 * 1000 };

struct look {
	const struct cli *c;
	int depth;
	ls_collect *collect;
	void *arg;
};

/* A container's own words on the caller's terminal: no byte of them moves its cursor. */
static void add_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_add(out, (unsigned char)*text < 0x20 || *text == 0x7f ? "?" : text, 1);
	buf_add(out, "", 1);
}

/* In there: name, then each column, each ended by NUL. */
static int write_rows(int fd, void *arg)
{
	struct look *l = arg;
	struct cli c = *l->c;
	_own_buf struct buf out = { 0 };
	struct ls_rows rows = { 0 };

	c.lxcpaths = (struct strv){ 0 };
	if (l->collect(&c, l->arg, &rows) != 0 || ls_add_nested(&c, &rows, l->depth, l->collect, l->arg) != 0)
		return -EIO;
	for (size_t i = 0; i < rows.n; i++) {
		_own_strv struct strv cells = { 0 };

		if (ls_cells(&rows.v[i], &cells) < 0)
			return -ENOMEM;
		add_text(&out, ls_name(&rows.v[i]));
		for (size_t k = 0; k < cells.n; k++)
			add_text(&out, cells.v[k]);
	}
	return out.failed ? -ENOMEM : io_write_all(fd, out.s ? out.s : "", out.len);
}

/* The next text, NULL at the end. */
static const char *next(const struct buf *b, size_t *at)
{
	const char *text = b->s + *at;

	if (*at >= b->len || !memchr(text, 0, b->len - *at))
		return NULL;
	*at += strlen(text) + 1;
	return text;
}

static int read_rows(const char *parent, const struct buf *b, struct ls_rows *rows)
{
	const char *name, *text;

	for (size_t at = 0; (name = next(b, &at));) {
		struct ls_row row = { .label = str_fmt("%s/%s", parent, name) };
		int bad = !row.label;

		for (size_t k = 0; k < ls_columns() && !bad; k++) {
			text = next(b, &at);
			bad = !text || strv_add(&row.cells, text) < 0;
		}
		if (bad)
			ls_row_end(&row);
		else
			bad = ls_add(rows, &row) < 0;
		if (bad)
			return -ENOMEM;
	}
	return 0;
}

static int add_below(const struct look *l, const struct ls_row *parent, struct ls_rows *rows)
{
	struct look below = *l;
	_own_buf struct buf b = { 0 };
	struct err e = { 0 };

	if (!parent->ct || parent->state == STOPPED || parent->init_pid <= 0)
		return 0;
	below.depth--;
	if (container_inside(parent->init_pid, write_rows, &below, LOOK_MS, &b, &e) < 0) {
		(void)cli_fail_of(l->c, ls_name(parent), &e); /* the others are shown */
		return 0;
	}
	return read_rows(ls_name(parent), &b, rows);
}

int ls_add_nested(const struct cli *c, struct ls_rows *rows, int depth, ls_collect *collect, void *arg)
{
	struct look l = { .c = c, .depth = depth, .collect = collect, .arg = arg };
	struct ls_rows all = { 0 };
	bool bad = false;

	if (depth <= 0)
		return 0;
	for (size_t i = 0; i < rows->n; i++) {
		size_t at = all.n;

		if (bad) {
			ls_row_end(&rows->v[i]);
			continue;
		}
		bad = ls_add(&all, &rows->v[i]) < 0 || add_below(&l, &all.v[at], &all) < 0;
	}
	free(rows->v);
	*rows = all;
	return bad ? cli_say(c, "out of memory") : 0;
}
