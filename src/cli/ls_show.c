/* SPDX-License-Identifier: MIT */
/* The columns of `keg ls`, as LXC's padded table or as JSON. */
#include "cli/ls.h"

#include "base/io.h"
#include "base/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

enum { COLUMNS_MOST = 32, MIB = 1 << 20 };

struct column {
	const char *name;
	/* Adds the text; nothing: there is none. */
	void (*fill)(struct ls_row *r, struct buf *out);
	bool size;  /* a number of MiB, right-justified, with its unit */
	bool plain; /* JSON: a number or a truth value, not a text */
};

static void fill_name(struct ls_row *r, struct buf *out)
{
	buf_addf(out, "%s", r->ct->name);
}

static void fill_state(struct ls_row *r, struct buf *out)
{
	buf_addf(out, "%s", state_name(r->status.state));
}

static void fill_pid(struct ls_row *r, struct buf *out)
{
	if (r->status.state != STOPPED && r->status.init_pid > 0)
		buf_addf(out, "%d", (int)r->status.init_pid);
}

static bool stats(struct ls_row *r, struct cgroup_stats *s)
{
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err quiet = { 0 };

	if (r->status.state == STOPPED || container_cgroup(r->ct, &host, &tree, &quiet) < 0)
		return false;
	cgroup_tree_stats(&tree, s);
	cgroup_tree_close(&tree);
	return true;
}

static void fill_ram(struct ls_row *r, struct buf *out)
{
	struct cgroup_stats s;

	if (stats(r, &s))
		buf_addf(out, "%.2f", s.memory > 0 ? (double)s.memory / MIB : 0.0);
}

/* LXC cuts swap to whole MiB before it prints it with two places. */
static void fill_swap(struct ls_row *r, struct buf *out)
{
	struct cgroup_stats s;

	if (stats(r, &s))
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
	_own_free char *path = str_fmt("/proc/%d/net/dev", (int)r->status.init_pid), *text = NULL;
	size_t before = out->len;
	char *rest, *line;

	if (r->status.state == STOPPED || r->status.init_pid <= 0 || !path ||
	    io_read_file(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
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

	if (r->status.state == STOPPED || container_addresses(r->ct, v6, &found, &quiet) < 0)
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
	{ "GROUPS", fill_groups },
	{ "INTERFACE", fill_interface },
	{ "IPV4", fill_ipv4 },
	{ "IPV6", fill_ipv6 },
	{ "UNPRIVILEGED", fill_unprivileged, .plain = true },
};

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
		if (strlen(cells->v[i]) > w)
			w = strlen(cells->v[i]);
	return w;
}

static void print_cell(const struct column *col, const char *cell, int width)
{
	if (col->size && *cell)
		(void)printf("%*sMB ", width, cell);
	else
		(void)printf("%-*s ", width + (col->size ? 2 : 0), *cell ? cell : "-");
}

/* One column's cells; "" where there is nothing. */
static int fill_column(const struct column *col, struct ls_rows *rows, struct strv *cells)
{
	for (size_t i = 0; i < rows->n; i++) {
		_own_buf struct buf b = { 0 };

		col->fill(&rows->v[i], &b);
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

static void json_value(const struct column *col, struct ls_row *row)
{
	_own_buf struct buf b = { 0 };

	col->fill(row, &b);
	if (!b.len)
		(void)fputs("null", stdout);
	else if (col->plain)
		(void)fputs(b.s, stdout);
	else
		text_json(stdout, b.s);
}

int ls_show_json(const struct cli *c, struct ls_rows *rows, const char *list)
{
	const struct column *chosen[COLUMNS_MOST];
	size_t n;

	if (choose(c, list, chosen, &n) != 0)
		return 1;
	(void)putchar('[');
	for (size_t i = 0; i < rows->n; i++) {
		(void)fputs(i ? ",\n {" : "\n {", stdout);
		for (size_t k = 0; k < n; k++) {
			(void)fputs(k ? ", \"" : "\"", stdout);
			for (const char *p = chosen[k]->name; *p; p++)
				(void)putchar(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
			(void)fputs("\": ", stdout);
			json_value(chosen[k], &rows->v[i]);
		}
		(void)putchar('}');
	}
	(void)puts(rows->n ? "\n]" : "]");
	return 0;
}

/* 0: not a terminal. */
static int terminal_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

void ls_show_names(const struct ls_rows *rows, bool one_per_line)
{
	int width = 4, columns_on = terminal_width(), per_line; /* LXC pads to "NAME" at least */

	for (size_t i = 0; i < rows->n; i++)
		if ((int)strlen(rows->v[i].ct->name) > width)
			width = (int)strlen(rows->v[i].ct->name);
	per_line = columns_on / (width + 1);
	for (size_t i = 0; i < rows->n; i++) {
		if (one_per_line)
			(void)puts(rows->v[i].ct->name);
		else if (per_line < 1)
			(void)printf("%-*s\n", width, rows->v[i].ct->name);
		else
			(void)printf("%-*s %s", width, rows->v[i].ct->name,
				     (int)(i + 1) % per_line == 0 || i + 1 == rows->n ? "\n" : "");
	}
}
