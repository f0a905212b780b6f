/* SPDX-License-Identifier: MIT */
/* The columns of `keg ls`, as LXC's padded table or as JSON. */
#include "cli/ls.h"

#include "base/io.h"
#include "base/own.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

enum { COLUMNS_MOST = 32, MIB = 1 << 20 };

struct column {
	const char *name;
	/* Adds the text; nothing: there is none. */
	void (*fill)(struct ls_row *r, struct buf *out);
	bool size;  /* a number of MiB, right-justified, with its unit */
	bool plain; /* a number or a truth value, not a text */
	bool list;  /* texts, parted by ", " */
};

static void fill_name(struct ls_row *r, struct buf *out)
{
	buf_addf(out, "%s", ls_name(r));
}

static void fill_state(struct ls_row *r, struct buf *out)
{
	buf_addf(out, "%s", state_name(r->state));
}

static void fill_pid(struct ls_row *r, struct buf *out)
{
	if (r->state != STOPPED && r->init_pid > 0)
		buf_addf(out, "%d", (int)r->init_pid);
}

/* Looked at once for all rows. NULL: it has no cgroups. */
static const struct cgroup_host *host(void)
{
	static struct cgroup_host h;
	static int r = 1;
	struct err quiet = { 0 };

	if (r > 0)
		r = cgroup_look(&h, &quiet);
	return r < 0 ? NULL : &h;
}

static bool stats(struct ls_row *r, unsigned wanted, struct cgroup_stats *s)
{
	struct err quiet = { 0 };

	return r->state != STOPPED && host() && container_stats(r->ct, host(), wanted, s, &quiet) == 0;
}

static void fill_ram(struct ls_row *r, struct buf *out)
{
	struct cgroup_stats s;

	if (stats(r, STATS_MEMORY, &s))
		buf_addf(out, "%.2f", s.memory > 0 ? (double)s.memory / MIB : 0.0);
}

/* LXC cuts swap to whole MiB before it prints it with two places. */
static void fill_swap(struct ls_row *r, struct buf *out)
{
	struct cgroup_stats s;

	if (stats(r, STATS_SWAP, &s))
		buf_addf(out, "%lld.00", s.swap > 0 ? (long long)(s.swap / MIB) : 0);
}

static void fill_autostart(struct ls_row *r, struct buf *out)
{
	const struct spec *s = ls_config(r);
	_own_buf struct buf v = { 0 };

	buf_addf(out, "%s", s && spec_get(s, "lxc.start.auto", &v) == 0 && v.len ? v.s : "0");
}

/* Lines as one line, parted by ", ". */
static void join(char *lines, struct buf *out)
{
	bool first = true;
	char *line;

	while ((line = strsep(&lines, "\n"))) {
		if (!*line)
			continue;
		buf_addf(out, "%s%s", first ? "" : ", ", line);
		first = false;
	}
}

static void fill_groups(struct ls_row *r, struct buf *out)
{
	const struct spec *s = ls_config(r);
	_own_buf struct buf v = { 0 };

	if (s && spec_get(s, "lxc.group", &v) == 0 && v.len)
		join(v.s, out);
}

/* /proc/PID/net is the network namespace of that process: no need to enter it. */
static void fill_interface(struct ls_row *r, struct buf *out)
{
	_own_free char *path = str_fmt("/proc/%d/net/dev", (int)r->init_pid), *text = NULL;
	size_t before = out->len;
	char *rest, *line;

	if (r->state == STOPPED || r->init_pid <= 0 || !path || io_read_file(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = 0;
		buf_addf(out, "%s%s", out->len > before ? ", " : "", line + strspn(line, " "));
	}
}

static void fill_addresses(struct ls_row *r, bool v6, struct buf *out)
{
	_own_strv struct strv found = { 0 };
	struct err quiet = { 0 };

	if (r->state == STOPPED || container_addresses(r->ct, v6, &found, &quiet) < 0)
		return;
	for (size_t i = 0; i < found.n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", found.v[i]);
}

static void fill_ipv4(struct ls_row *r, struct buf *out)
{
	fill_addresses(r, false, out);
}

static void fill_ipv6(struct ls_row *r, struct buf *out)
{
	fill_addresses(r, true, out);
}

static void fill_unprivileged(struct ls_row *r, struct buf *out)
{
	const struct spec *s = ls_config(r);
	_own_buf struct buf v = { 0 };

	buf_addf(out, "%s", s && spec_get(s, "lxc.idmap", &v) == 0 && v.len ? "true" : "false");
}

static const struct column columns[] = {
	{ "NAME", fill_name },
	{ "STATE", fill_state },
	{ "PID", fill_pid, .plain = true },
	{ "RAM", fill_ram, .size = true, .plain = true },
	{ "SWAP", fill_swap, .size = true, .plain = true },
	{ "AUTOSTART", fill_autostart, .plain = true },
	{ "GROUPS", fill_groups, .list = true },
	{ "INTERFACE", fill_interface, .list = true },
	{ "IPV4", fill_ipv4, .list = true },
	{ "IPV6", fill_ipv6, .list = true },
	{ "UNPRIVILEGED", fill_unprivileged, .plain = true },
};

size_t ls_columns(void)
{
	return ARRAY_SIZE(columns);
}

static void cell(const struct column *col, struct ls_row *r, struct buf *out)
{
	if (r->ct || col->fill == fill_name)
		col->fill(r, out);
	else
		buf_addf(out, "%s", r->cells.v[col - columns]);
}

int ls_cells(struct ls_row *r, struct strv *cells)
{
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
		_own_buf struct buf b = { 0 };

		cell(&columns[k], r, &b);
		if (b.failed || strv_add(cells, b.s ? b.s : "") < 0)
			return -ENOMEM;
	}
	return 0;
}

static const char usual[] = "NAME,STATE,AUTOSTART,GROUPS,IPV4,IPV6,UNPRIVILEGED";

static int choose(const struct cli *c, const char *list, const struct column **chosen, size_t *n)
{
	_own_strv struct strv words = { 0 };

	if (strv_split(&words, list ? list : usual, ", ") < 0 || words.n > COLUMNS_MOST)
		return cli_say(c, "too many columns");
	for (*n = 0; *n < words.n; (*n)++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(columns) && strcasecmp(columns[k].name, words.v[*n]) != 0)
			k++;
		if (k == ARRAY_SIZE(columns)) {
			cli_note(c, "Invalid key: %s\n", words.v[*n]);
			return 1;
		}
		chosen[*n] = &columns[k];
	}
	return 0;
}

static size_t width_of(const struct column *col, struct strv *cells)
{
	size_t w = strlen(col->name);

	if (col->size && w < sizeof("0.00") - 1)
		w = sizeof("0.00") - 1;
	for (size_t i = 0; i < cells->n; i++)
		if (utf8_columns(cells->v[i]) > w)
			w = utf8_columns(cells->v[i]);
	return w;
}

/* printf() counts bytes. */
static void padded(const char *text, int width)
{
	(void)printf("%s%*s ", text, width - (int)utf8_columns(text), "");
}

static void print_cell(const struct column *col, const char *cell, int width)
{
	if (col->size && *cell)
		(void)printf("%*sMB ", width, cell);
	else
		padded(*cell ? cell : "-", width + (col->size ? 2 : 0));
}

/* One column's cells; "" where there is nothing. */
static int fill_column(const struct column *col, struct ls_rows *rows, struct strv *cells)
{
	for (size_t i = 0; i < rows->n; i++) {
		_own_buf struct buf b = { 0 };

		cell(col, &rows->v[i], &b);
		if (b.failed || strv_add(cells, b.s ? b.s : "") < 0)
			return -1;
	}
	return 0;
}

int ls_show_table(const struct cli *c, struct ls_rows *rows, const char *list)
{
	const struct column *chosen[COLUMNS_MOST];
	struct strv cells[COLUMNS_MOST] = { 0 };
	int width[COLUMNS_MOST], r = 0;
	size_t n;

	if (choose(c, list, chosen, &n) != 0)
		return 0; /* as LXC: told, and no failure */
	for (size_t k = 0; r == 0 && k < n; k++) {
		r = fill_column(chosen[k], rows, &cells[k]);
		width[k] = (int)width_of(chosen[k], &cells[k]);
	}
	for (size_t k = 0; r == 0 && k < n; k++)
		(void)printf("%-*s ", width[k] + (chosen[k]->size ? 2 : 0), chosen[k]->name);
	for (size_t i = 0; r == 0 && i < rows->n; i++) {
		(void)putchar('\n');
		for (size_t k = 0; k < n; k++)
			print_cell(chosen[k], cells[k].v[i], width[k]);
	}
	(void)putchar('\n');
	for (size_t k = 0; k < n; k++)
		strv_free(&cells[k]);
	return r < 0 ? cli_say(c, "out of memory") : 0;
}

/* What is a list, one on a line. */
static void add_answer(const struct column *col, struct ls_row *row, struct buf *out)
{
	_own_buf struct buf b = { 0 };
	char *rest, *word;

	cell(col, row, &b);
	if (!col->list || !b.s) {
		buf_addf(out, "%s", b.s ? b.s : "");
		return;
	}
	for (rest = b.s; (word = strsep(&rest, ","));)
		buf_addf(out, "%s%s", out->len ? "\n" : "", word + strspn(word, " "));
}

static void lower(const char *name, char *to, size_t size)
{
	size_t n = 0;

	for (; name[n] && n + 1 < size; n++)
		to[n] = (char)tolower((unsigned char)name[n]);
	to[n] = 0;
}

int ls_show_answer(const struct cli *c, struct ls_rows *rows, const char *list)
{
	const struct column *chosen[COLUMNS_MOST];
	struct format_column columns_of[COLUMNS_MOST];
	char names[COLUMNS_MOST][32];
	struct answer a = { .noun = "containers", .columns = columns_of };
	int bad = 0;

	if (choose(c, list, chosen, &a.n) != 0)
		return 1;
	for (size_t k = 0; k < a.n; k++) {
		lower(chosen[k]->name, names[k], sizeof(names[k]));
		columns_of[k] = (struct format_column){ names[k], chosen[k]->list    ? CELL_LIST
								  : chosen[k]->plain ? CELL_PLAIN
										     : CELL_TEXT };
	}
	for (size_t i = 0; i < rows->n * a.n && !bad; i++) {
		_own_buf struct buf b = { 0 };

		add_answer(chosen[i % a.n], &rows->v[i / a.n], &b);
		bad = b.failed || strv_add(&a.cells, b.s ? b.s : "") < 0;
	}
	return cli_answer(c, &a, bad);
}

void ls_show_names(const struct ls_rows *rows, bool one_per_line)
{
	int width = 4, columns_on = (int)text_columns(STDOUT_FILENO), per_line; /* LXC pads to "NAME" at least */

	for (size_t i = 0; i < rows->n; i++)
		if ((int)utf8_columns(ls_name(&rows->v[i])) > width)
			width = (int)utf8_columns(ls_name(&rows->v[i]));
	per_line = columns_on / (width + 1);
	for (size_t i = 0; i < rows->n; i++) {
		const char *name = ls_name(&rows->v[i]);

		if (one_per_line)
			(void)puts(name);
		else if (per_line < 1)
			(void)printf("%s%*s\n", name, width - (int)utf8_columns(name), "");
		else
			(void)printf("%s%*s %s", name, width - (int)utf8_columns(name), "",
				     (int)(i + 1) % per_line == 0 || i + 1 == rows->n ? "\n" : "");
	}
}
