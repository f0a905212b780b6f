/* SPDX-License-Identifier: MIT */
/* keg top: what the running containers use, again and again. */
#include "cli/top.h"

#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { DELAY_S = 3, BATCH_DELAY_S = 300, DELAY_MOST = 1000000 };
/* No swap by itself: v1 has it in memory.stat alone, and to fill that takes the kernel longer than all else. */
enum { TOP_STATS = STATS_ALL & ~STATS_SWAP };

struct options {
	struct opt_int delay;
	bool batch, reverse;
	const char *sort;
};

static const struct opt opts[] = {
	{ 'd', "delay", "SEC", OPT_INT, offsetof(struct options, delay), false,
	  "Seconds from one look to the next (3; with -b 300)" },
	{ 'b', "batch", NULL, OPT_FLAG, offsetof(struct options, batch), false, "Lines for a file, no screen" },
	{ 's', "sort", "n|c|b|m|s|k", OPT_TEXT, offsetof(struct options, sort), false,
	  "By name, CPU, block I/O, memory, memory and swap, kernel memory" },
	{ 'r', "reverse", NULL, OPT_FLAG, offsetof(struct options, reverse), false, "In reverse order" },
	OPT_FORMAT,
};

/* --- gathering --- */

static void rows_free(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->v[i].name);
	free(rows->v);
	*rows = (struct top_rows){ 0 };
}

static int64_t counted(int64_t n)
{
	return n < 0 ? 0 : n;
}

/* What is not counted here is shown as 0, as LXC does. */
static void fill(struct cgroup_stats *s)
{
	int64_t *const n[] = {
		&s->cpu_ns, &s->memory,	     &s->kmem,	     &s->swap,	  &s->io_bytes, &s->pids,
		&s->io_ops, &s->cpu_user_ns, &s->cpu_sys_ns, &s->io_read, &s->io_write, &s->memory_swap
	};

	for (size_t i = 0; i < ARRAY_SIZE(n); i++)
		*n[i] = counted(*n[i]);
}

static int add(struct top_rows *rows, const struct cgroup_host *host, const char *lxcpath, const char *name)
{
	_own_container struct container *ct = NULL;
	struct top_row row, *grown;
	struct err quiet = { 0 };

	if (container_open(&ct, name, lxcpath, &quiet) < 0 || container_stats(ct, host, TOP_STATS, &row.s, &quiet) < 0)
		return 0; /* it has stopped, or does by now */
	fill(&row.s);
	row.name = strdup(name);
	grown = row.name ? reallocarray(rows->v, rows->n + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(row.name);
		return -ENOMEM;
	}
	rows->v = grown;
	grown[rows->n++] = row;
	return 0;
}

static int gather(const struct cli *c, struct top_rows *rows)
{
	struct cgroup_host host;
	struct err quiet = { 0 };

	if (cgroup_look(&host, &quiet) < 0) /* then nothing is counted here */
		return 0;
	for (size_t i = 0; i < c->lxcpaths.n; i++) {
		_own_strv struct strv known = { 0 };
		struct err e = { 0 };

		if (list_remembered(c->lxcpaths.v[i], &known, &e) < 0)
			return cli_fail(c, &e);
		for (size_t k = 0; k < known.n; k++)
			if (add(rows, &host, c->lxcpaths.v[i], known.v[k]) < 0)
				return cli_say(c, "out of memory");
	}
	return 0;
}

/* --- sorting --- */

static const struct {
	char key;
	size_t field; /* of struct cgroup_stats */
} sorts[] = {
	{ 'c', offsetof(struct cgroup_stats, cpu_ns) }, { 'b', offsetof(struct cgroup_stats, io_bytes) },
	{ 'm', offsetof(struct cgroup_stats, memory) }, { 's', offsetof(struct cgroup_stats, memory_swap) },
	{ 'k', offsetof(struct cgroup_stats, kmem) },
};

struct view {
	char sort; /* 'n': by name */
	bool reverse;
};

static int64_t sorted_by(const struct top_row *r, char sort)
{
	for (size_t i = 0; i < ARRAY_SIZE(sorts); i++)
		if (sorts[i].key == sort)
			return *(const int64_t *)(const void *)((const char *)&r->s + sorts[i].field);
	return 0;
}

/* Names upwards; of numbers the largest first. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct top_row *x = a, *y = b;
	const struct view *v = arg;
	int64_t m = sorted_by(x, v->sort), n = sorted_by(y, v->sort);
	int order = m != n ? (m > n ? -1 : 1) : strcmp(x->name, y->name);

	return v->reverse ? -order : order;
}

static bool is_sort(char key)
{
	return key && strchr("ncbmsk", key);
}

/* --- the terminal --- */

/* Keys come one by one and are not shown. */
static bool take_terminal(struct termios *was)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, was) < 0)
		return false;
	now = *was;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &now) == 0;
}

/* The key that is pressed; 0: the time is over, or a signal came. */
static char wait_for_key(bool terminal, int64_t ms, const sigset_t *while_waiting)
{
	struct pollfd p = { .fd = terminal ? STDIN_FILENO : -1, .events = POLLIN };
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	char key = 0;

	if (cli_told_to_end || ppoll(&p, 1, &t, while_waiting) <= 0)
		return 0;
	/* waits: poll has seen it */
	return read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the delay is over or a key changes what is shown. */
static void wait_in(struct view *v, bool terminal, int delay, const sigset_t *while_waiting)
{
	int64_t until = now_ms() + delay * (int64_t)1000, left;

	while (!cli_told_to_end && (left = until - now_ms()) > 0) {
		char key = wait_for_key(terminal, left, while_waiting);

		if (key == 'q')
			cli_told_to_end = 1;
		if (key == 'r')
			v->reverse = !v->reverse;
		if (is_sort(key))
			v->sort = key;
		if (key == 'r' || is_sort(key))
			return;
	}
}

static int show_until_told(const struct cli *c, struct view v, bool batch, bool terminal, int delay)
{
	sigset_t while_waiting;
	int r = 0;

	cli_end_while_waiting(&while_waiting);
	if (batch)
		top_show_batch_head(stdout);
	while (r == 0 && !cli_told_to_end && !ferror(stdout)) {
		struct top_rows rows = { 0 };

		r = gather(c, &rows);
		if (rows.n)
			qsort_r(rows.v, rows.n, sizeof(*rows.v), compare, &v);
		if (r == 0 && batch)
			top_show_batch(&rows, stdout);
		else if (r == 0)
			top_show_screen(&rows, stdout);
		rows_free(&rows);
		if (r == 0)
			wait_in(&v, terminal, delay, &while_waiting);
	}
	return r;
}

static int show_once(const struct cli *c, struct view v)
{
	struct top_rows rows = { 0 };
	int r = gather(c, &rows);

	if (rows.n)
		qsort_r(rows.v, rows.n, sizeof(*rows.v), compare, &v);
	if (r == 0)
		r = top_show_answer(c, &rows);
	rows_free(&rows);
	return r;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_free char *dflt = c->lxcpaths.n ? NULL : global_config("lxc.lxcpath");
	struct view v = { .sort = o->sort ? *o->sort : 'n', .reverse = o->reverse };
	int delay = o->delay.set ? (int)o->delay.n : o->batch ? BATCH_DELAY_S : DELAY_S, r;
	struct termios was;
	bool terminal;

	if (!is_sort(v.sort) || delay < 1 || delay > DELAY_MOST)
		return cli_misuse(c);
	if (dflt && strv_add(&c->lxcpaths, dflt) < 0)
		return cli_say(c, "out of memory");
	if (c->format != FORMAT_NONE)
		return show_once(c, v);
	terminal = take_terminal(&was);
	if (!terminal && !o->batch) {
		(void)fputs("stdin is not a tty\n", stderr);
		return cli_say(c, "Failed to setup terminal");
	}
	r = show_until_told(c, v, o->batch, terminal, delay);
	if (terminal)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &was);
	if (terminal)
		(void)putchar('\n');
	return r;
}

const struct verb verb_top = {
	.name = "top",
	.synopsis = "[OPTION...]",
	.about = "shows what the running containers use, until q is pressed",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_MANY_PATHS | VERB_NO_LOG,
	.run = run,
	.more = "\n  Keys: q quits, r reverses, n c b m s k sort\n",
	.examples = {
		{ "-s m", "a full screen, who has most memory first" },
		{ "-b -d 10", "lines for a file, every 10 seconds" },
		{ "--format json", "one look, for programs" },
	},
};
