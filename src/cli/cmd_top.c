/* SPDX-License-Identifier: MIT */
/* keg top: what the running containers use, again and again. lxc-top's screen is LXC's. */
#include "cli/top.h"

#include "base/own.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DELAY_S = 3, BATCH_DELAY_S = 300, DELAY_MOST = 1000000, FIRST_MS = 1000, ESCAPE = 27 };

struct options {
	struct opt_int delay;
	bool batch, reverse, totals;
	const char *sort, *columns;
};

static const struct opt opts[] = {
	{ 'd', "delay", "SEC", OPT_INT, offsetof(struct options, delay), false,
	  "Seconds from one look to the next (3; with -b 300)" },
	{ 'b', "batch", NULL, OPT_FLAG, offsetof(struct options, batch), false, "Lines for a file, no screen" },
	{ 's', "sort", "n|c|b|m|s|k", OPT_TEXT, offsetof(struct options, sort), false,
	  "By name, CPU, block I/O, memory, memory and swap, kernel memory; keg top: by any column's name" },
	{ 'r', "reverse", NULL, OPT_FLAG, offsetof(struct options, reverse), false, "In reverse order" },
	{ 0, "columns", "LIST", OPT_TEXT, offsetof(struct options, columns), false,
	  "keg top's columns, by name, parted by commas; without, those that the terminal has room for" },
	{ 0, "totals", NULL, OPT_FLAG, offsetof(struct options, totals), false,
	  "keg top: sums since the start, nothing per second" },
	OPT_FORMAT,
};

/* --- what LXC's screen, its lines and programs are shown: all that there is --- */

static void count(int64_t *n)
{
	if (*n < 0)
		*n = 0;
}

/* What is not counted here is shown as 0, as LXC does. */
static void fill(struct cgroup_stats *s)
{
	int64_t *const n[] = {
		&s->cpu_ns, &s->memory,	     &s->kmem,	     &s->swap,	  &s->io_bytes, &s->pids,
		&s->io_ops, &s->cpu_user_ns, &s->cpu_sys_ns, &s->io_read, &s->io_write, &s->memory_swap
	};

	for (size_t i = 0; i < ARRAY_SIZE(n); i++)
		count(n[i]);
}

static int show_all(const struct cli *c, const struct top_view *v, bool batch)
{
	bool answer = c->format != FORMAT_NONE;
	_own_free struct top_row **rows = NULL;
	struct top_look l;
	int r = top_gather(&l, c, answer ? TOP_LXC_STATS | STATS_PRESSURE : TOP_LXC_STATS, answer);

	rows = calloc(l.rows.n + 1, sizeof(*rows));
	if (r == 0 && !rows)
		r = cli_say(c, "out of memory");
	for (size_t i = 0; r == 0 && i < l.rows.n; i++) {
		fill(&l.rows.v[i].s);
		rows[i] = &l.rows.v[i];
	}
	if (r == 0)
		top_sort(v, rows, l.rows.n);
	if (r == 0 && answer)
		r = top_show_answer(c, rows, l.rows.n);
	else if (r == 0 && batch)
		top_show_batch(rows, l.rows.n, stdout);
	else if (r == 0)
		top_show_screen(rows, l.rows.n, stdout);
	top_look_free(&l);
	return r;
}

/* --- keys --- */

/* The next of the columns on the screen, or the one before; by name is left of them all. */
static const struct top_column *neighbour(const struct top_view *v, bool right)
{
	unsigned shown = top_screen_columns(v, text_columns(STDOUT_FILENO));
	size_t at = v->sort ? (size_t)(v->sort - top_columns) + 1 : 0; /* 0: the name */

	do
		at = (at + (right ? 1 : TOP_COLUMNS)) % (TOP_COLUMNS + 1);
	while (at && !(shown & (1U << (at - 1))));
	return at ? &top_columns[at - 1] : NULL;
}

/* Whether it is a key, which changes what is shown. */
static bool press(struct top_view *v, char key)
{
	const char word[] = { key, 0 };
	const struct top_column *by = top_column(word, v->lxc);

	if (by || key == 'n') {
		v->sort = by;
		return true;
	}
	switch (v->lxc && key != 'q' && key != 'r' ? 0 : key) {
	case 'q':
		cli_told_to_end = 1;
		return true;
	case 'r':
		v->reverse = !v->reverse;
		return true;
	case 't':
		v->totals = !v->totals;
		return true;
	case '<':
	case '>':
		v->sort = neighbour(v, key == '>');
		return true;
	}
	return false;
}

/* The last byte of the sequence that an escape at keys[i] begins: ESC [ ... LETTER, ESC O LETTER. */
static size_t end_of_sequence(const char *keys, size_t n, size_t i)
{
	if (i + 1 >= n || (keys[i + 1] != '[' && keys[i + 1] != 'O'))
		return i;
	for (i += 2; i < n && (keys[i] < '@' || keys[i] > '~');)
		i++;
	return i;
}

/* The arrows are < and >; other keys of more than one byte are none. */
static bool press_all(struct top_view *v, const char *keys, size_t n)
{
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		char key = keys[i];

		if (key == ESCAPE) {
			i = end_of_sequence(keys, n, i);
			key = i < n && keys[i] == 'C' ? '>' : i < n && keys[i] == 'D' ? '<' : 0;
		}
		changed |= key && press(v, key);
	}
	return changed;
}

/* --- again and again --- */

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the time is over, or what is shown is no longer what should be. */
static void wait_in(struct top_view *v, int64_t ms)
{
	int64_t until = now_ms() + ms, left;
	char keys[16];

	while (!cli_told_to_end && (left = until - now_ms()) > 0) {
		size_t n = top_terminal_wait(left, keys, sizeof(keys));

		if (press_all(v, keys, n) || top_terminal_changed())
			return;
	}
}

static int show_until_told(const struct cli *c, struct top_view v, bool batch, int64_t delay)
{
	struct top_look seen = { 0 };
	int r = 0;

	if (batch)
		top_show_batch_head(stdout);
	for (bool first = true; r == 0 && !cli_told_to_end && !ferror(stdout); first = false) {
		r = v.lxc ? show_all(c, &v, batch) : top_screen(c, &v, &seen, stdout);
		if (r == 0) /* what is shown per second takes two looks */
			wait_in(&v, first && !v.lxc && delay > FIRST_MS ? FIRST_MS : delay);
	}
	top_look_free(&seen);
	return r;
}

/* --columns */
static int choose(const struct cli *c, const char *list, struct top_view *v)
{
	_own_strv struct strv words = { 0 };

	if (strv_split(&words, list, ", ") < 0)
		return cli_say(c, "out of memory");
	for (size_t i = 0; i < words.n; i++) {
		const struct top_column *column = top_column(words.v[i], false);
		_own_buf struct buf all = { 0 };

		for (size_t k = 0; k < TOP_COLUMNS; k++)
			buf_addf(&all, "%s%s", k ? ", " : "", top_columns[k].name);
		if (!column)
			return cli_say(c, "--columns: there is no %s among %s", words.v[i], all.s ? all.s : "");
		v->shown |= 1U << (column - top_columns);
	}
	return 0;
}

/* Without a terminal keg shows one look, as a table. */
static int watch(struct cli *c, const struct options *o, const struct top_view *v, int delay)
{
	bool terminal = (v->lxc || isatty(STDOUT_FILENO)) && top_terminal_take(!v->lxc);
	int r;

	if (!terminal && !v->lxc) {
		c->format = FORMAT_TABLE;
		return show_all(c, v, false);
	}
	if (!terminal && !o->batch) {
		(void)fputs("stdin is not a tty\n", stderr);
		return cli_say(c, "Failed to setup terminal");
	}
	r = show_until_told(c, *v, o->batch, delay * (int64_t)1000);
	top_terminal_leave();
	return r;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_free char *dflt = c->lxcpaths.n ? NULL : global_config("lxc.lxcpath");
	bool lxc = (!cli_is_keg(c) && !o->columns) || o->batch;
	const char *sort = o->sort ? o->sort : lxc || c->format != FORMAT_NONE ? "n" : "c";
	struct top_view v = { .sort = top_column(sort, lxc), .reverse = o->reverse, .lxc = lxc };
	int delay = o->delay.set ? (int)o->delay.n : o->batch ? BATCH_DELAY_S : DELAY_S;

	v.totals = o->totals || lxc || c->format != FORMAT_NONE;
	if ((!v.sort && (lxc ? *sort != 'n' : strcmp(sort, "n") != 0 && strcmp(sort, "name") != 0)) || delay < 1 ||
	    delay > DELAY_MOST)
		return cli_misuse(c);
	if (o->columns && choose(c, o->columns, &v) != 0)
		return 1;
	if (dflt && strv_add(&c->lxcpaths, dflt) < 0)
		return cli_say(c, "out of memory");
	return c->format != FORMAT_NONE ? show_all(c, &v, false) : watch(c, o, &v, delay);
}

const struct verb verb_top = {
	.name = "top",
	.synopsis = "[OPTION...]",
	.about = "shows what the running containers use, until q is pressed",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_MANY_PATHS | VERB_NO_LOG,
	.run = run,
	.more = "\n  Keys: q quits, r reverses, n c b m s k sort; keg top: < and > sort by the next column, t shows sums,\n"
		"  i o p R W, and C M B for pressure, sort, too. Columns: cpu, memory, memory-pressure, io, rx, tx,\n"
		"  cpu-pressure, io-pressure, pids, memory-swap, read, write, kernel. Pressure is the part of the last ten\n"
		"  seconds in which somebody waited for it; cgroup v2 alone knows.\n",
	.examples = {
		{ "-s m", "a full screen, who has most memory first" },
		{ "-b -d 10", "lines for a file, every 10 seconds" },
		{ "--format json", "one look, for programs" },
	},
};
