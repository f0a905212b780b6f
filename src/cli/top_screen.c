/* SPDX-License-Identifier: MIT */
/* keg top's screen: the columns that fit, and of the containers that are not on it only what they are sorted by. */
#include "cli/top.h"

#include "base/own.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME = 16, CELL = 32, AROUND = 3, WIDE = 10000 };

#define INVERSE "\033[7m"
#define PLAIN	"\033[0m"
#define TO_END	"\033[K"

/* "0", "812", "9.5K", "12M": at most five columns. */
static void bytes_text(int64_t n, char text[CELL])
{
	static const char units[] = "KMGTPE";
	double v = (double)n;
	size_t u = 0;

	if (n < 1000) {
		(void)snprintf(text, CELL, "%" PRId64, n);
		return;
	}
	for (v /= 1024; v >= 999.5 && u + 2 < sizeof(units); u++)
		v /= 1024;
	(void)snprintf(text, CELL, v < 99.95 ? "%.1f%c" : "%.0f%c", v, units[u]);
}

static void cell_text(const struct top_row *r, const struct top_column *c, bool totals, char text[CELL])
{
	int64_t n = top_value(r, c, totals);

	if (n < 0) {
		(void)snprintf(text, CELL, "-");
		return;
	}
	switch (c->kind) {
	case TOP_CPU: /* a whole core is 1e9 nanoseconds a second */
		(void)snprintf(text, CELL, totals ? "%.0f" : "%.1f", (double)n / (totals ? 1e9 : 1e7));
		return;
	case TOP_BYTES:
		bytes_text(n, text);
		return;
	case TOP_COUNT:
		(void)snprintf(text, CELL, "%" PRId64, n);
		return;
	case TOP_PERCENT:
		(void)snprintf(text, CELL, "%.1f", (double)n / 100);
		return;
	}
}

static size_t add_column(unsigned *shown, size_t i, size_t left)
{
	size_t needs = (size_t)top_columns[i].width + 1;

	if (needs > left || *shown & (1U << i))
		return left;
	*shown |= 1U << i;
	return left - needs;
}

unsigned top_screen_columns(const struct top_view *v, size_t width)
{
	size_t left = width > NAME ? width - NAME : 0;
	unsigned shown = v->shown;

	if (shown)
		return shown;
	if (v->sort)
		left = add_column(&shown, (size_t)(v->sort - top_columns), left);
	for (size_t i = 0; i < TOP_COLUMNS; i++)
		left = add_column(&shown, i, left);
	return shown;
}

/* What a screen is made of. */
struct screen {
	const struct top_view *v;
	const struct top_look *look;
	struct top_row **rows; /* sorted */
	size_t n_shown, columns, name_width;
	unsigned shown;
};

/* What no column needs is the name's, as far as the names are longer. */
static size_t name_width(const struct screen *s)
{
	size_t used = 0, longest = NAME, most;

	for (size_t i = 0; i < TOP_COLUMNS; i++)
		if (s->shown & (1U << i))
			used += (size_t)top_columns[i].width + 1;
	for (size_t i = 0; i < s->n_shown; i++)
		if (utf8_columns(s->rows[i]->name) > longest)
			longest = utf8_columns(s->rows[i]->name);
	most = s->columns > used + NAME ? s->columns - used : NAME;
	return longest < most ? longest : most;
}

/* printf() counts bytes. */
static void print_name(const struct screen *s, const char *name, FILE *f)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s", name);
	text_cut(text, s->name_width);
	(void)fprintf(f, "%s%*s", text, (int)(s->name_width - utf8_columns(text)), "");
}

/* Titles are inverse, but for the sorted one. */
static void print_titles(const struct screen *s, FILE *f)
{
	(void)fputs(s->v->sort ? INVERSE : PLAIN, f);
	print_name(s, "NAME", f);
	for (size_t i = 0; i < TOP_COLUMNS; i++) {
		const struct top_column *c = &top_columns[i];
		const char *title = c->as_rate && !s->v->totals ? c->as_rate : c->title;

		if (!(s->shown & (1U << i)))
			continue;
		(void)fprintf(f, INVERSE " %s%*s", c == s->v->sort ? PLAIN : "", c->width, title);
	}
	(void)fputs(PLAIN TO_END "\n", f);
}

static void print_row(const struct screen *s, const struct top_row *r, FILE *f)
{
	char text[CELL];

	print_name(s, r->name, f);
	for (size_t i = 0; i < TOP_COLUMNS; i++) {
		if (!(s->shown & (1U << i)))
			continue;
		cell_text(r, &top_columns[i], s->v->totals, text);
		(void)fprintf(f, " %*s", top_columns[i].width, text);
	}
	(void)fputs(TO_END "\n", f);
}

/* A line that is wider than the terminal would go on in the next one. */
static void print_words(const struct screen *s, char *text, const char *end, FILE *f)
{
	text_cut(text, s->columns);
	(void)fprintf(f, "%s" TO_END "%s", text, end);
}

static void print_head(const struct screen *s, FILE *f)
{
	const struct top_view *v = s->v;
	size_t n = s->look->rows.n;
	char text[256];

	(void)snprintf(text, sizeof(text), "%zu running, %zu shown; by %s%s; %s", n, s->n_shown,
		       v->sort ? v->sort->name : "name", v->reverse ? ", reversed" : "",
		       v->totals ? "sums since the start" : "per second since the last look");
	print_words(s, text, "\n", f);
}

static void print_keys(const struct screen *s, FILE *f)
{
	char text[] = "q quit  < > sort by  r reverse  t sums  n c m b i o p columns  C M B pressure";

	print_words(s, text, "", f);
}

static void print_screen(const struct screen *s, FILE *f)
{
	(void)fputs("\033[H", f);
	print_head(s, f);
	print_titles(s, f);
	for (size_t i = 0; i < s->n_shown; i++)
		print_row(s, s->rows[i], f);
	print_keys(s, f);
	(void)fputs("\033[J", f);
	(void)fflush(f);
}

/* What the shown columns are made of. */
static void wants_of(unsigned shown, unsigned *stats, bool *network)
{
	for (size_t i = 0; i < TOP_COLUMNS; i++) {
		if (!(shown & (1U << i)))
			continue;
		*stats |= top_columns[i].stats;
		*network |= top_columns[i].network;
	}
}

static struct top_row **sorted(const struct top_view *v, struct top_rows *rows)
{
	struct top_row **p = calloc(rows->n + 1, sizeof(*p));

	for (size_t i = 0; p && i < rows->n; i++)
		p[i] = &rows->v[i];
	if (p)
		top_sort(v, p, rows->n);
	return p;
}

static int draw(const struct cli *c, struct screen *s, struct top_look *now, FILE *f)
{
	const struct top_column *by = s->v->sort;
	bool network = false;
	unsigned stats = 0;

	s->rows = sorted(s->v, &now->rows);
	if (!s->rows)
		return cli_say(c, "out of memory");
	wants_of(s->shown, &stats, &network);
	for (size_t i = 0; i < s->n_shown; i++) /* what they are sorted by is known already */
		top_read(now, s->rows[i], by ? stats & ~by->stats : stats, network && !(by && by->network));
	s->name_width = name_width(s);
	print_screen(s, f);
	free(s->rows);
	return 0;
}

int top_screen(const struct cli *c, const struct top_view *v, struct top_look *l, FILE *f)
{
	size_t columns = text_columns(STDOUT_FILENO), lines = top_lines();
	struct top_look now;
	struct screen s = { .v = v, .look = &now, .columns = columns ? columns : WIDE };
	int r = top_gather(&now, c, v->sort ? v->sort->stats : 0, v->sort && v->sort->network);

	top_remember(&now, l);
	s.shown = top_screen_columns(v, s.columns);
	s.n_shown = lines > AROUND ? lines - AROUND : 1;
	if (s.n_shown > now.rows.n)
		s.n_shown = now.rows.n;
	if (r == 0)
		r = draw(c, &s, &now, f);
	for (size_t i = 0; i < now.rows.n; i++)
		now.rows.v[i].before = NULL;
	top_look_free(l);
	*l = now;
	return r;
}
