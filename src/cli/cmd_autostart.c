/* SPDX-License-Identifier: MIT */
/*
 * keg autostart: starts, reboots, shuts down or kills the containers that say so themselves (lxc.start.*, lxc.group),
 * one after the other or several at once; none of them can hold up the others for ever.
 */
#include "cli/autostart.h"

#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_S = 60, TIMEOUT_MOST = 2000000, JOBS_MOST = 64, SOME_FAILED = 2 };

struct options {
	bool kill, list, reboot, shutdown, all, ignore_auto;
	struct strv groups;
	struct opt_int timeout, jobs;
};

static const struct opt opts[] = {
	{ 'k', "kill", NULL, OPT_FLAG, offsetof(struct options, kill), false, "Kill them" },
	{ 'L', "list", NULL, OPT_FLAG, offsetof(struct options, list), false, "Only list them, with their delays" },
	{ 'r', "reboot", NULL, OPT_FLAG, offsetof(struct options, reboot), false, "Reboot them" },
	{ 's', "shutdown", NULL, OPT_FLAG, offsetof(struct options, shutdown), false, "Shut them down" },
	{ 'a', "all", NULL, OPT_FLAG, offsetof(struct options, all), false, "Those of every group, and of none" },
	{ 'A', "ignore-auto", NULL, OPT_FLAG, offsetof(struct options, ignore_auto), false,
	  "Also those without lxc.start.auto" },
	{ 'g', "groups", "GROUP,...", OPT_LIST, offsetof(struct options, groups), false,
	  "Those of these groups, group by group; an empty one: those of no group (default)" },
	{ 't', "timeout", "SEC", OPT_INT, offsetof(struct options, timeout), false,
	  "Wait SEC seconds (60; -1: for ever) for each, then kill it; as long for one that another needs ready" },
	{ 'j', "jobs", "N", OPT_INT, offsetof(struct options, jobs), false,
	  "Up to N (1) at once, of those whose lxc.start.order is the same" },
	OPT_FORMAT,
};

static const struct format_column columns[] = {
	{ "name", CELL_TEXT },	 { "delay_s", CELL_PLAIN }, { "order", CELL_PLAIN },
	{ "groups", CELL_LIST }, { "ok", CELL_PLAIN },
};

static int64_t number_of(const struct spec *s, const char *key)
{
	_own_buf struct buf v = { 0 };
	int64_t n;

	return spec_get(s, key, &v) == 0 && v.len && num_i64(v.s, INT32_MIN, UINT32_MAX, &n) == 0 ? n : 0;
}

static void candidate_end(struct candidate *k)
{
	if (k->ct)
		container_free(k->ct);
	strv_free(&k->groups);
	strv_free(&k->after);
	strv_free(&k->requires);
	*k = (struct candidate){ 0 };
}

static int words_of(const struct spec *s, const char *key, struct strv *out)
{
	_own_buf struct buf text = { 0 };

	if (spec_get(s, key, &text) < 0)
		return -ENOMEM;
	return strv_split(out, text.s ? text.s : "", "\n");
}

/* 1: there is such a container. */
static int read_one(const struct cli *c, const struct options *o, const char *lxcpath, const char *name,
		    struct candidate *k)
{
	_own_problems struct problems p = { 0 };
	struct err e = { 0 };

	if (container_open(&k->ct, name, lxcpath, &e) < 0)
		return 0; /* not a name that a container can have */
	if (container_load(k->ct, NULL, &p) < 0) {
		cli_note(c, "Failed to load config for %s\n", name);
		for (size_t i = 0; i < p.n; i++)
			(void)cli_fail_of(c, name, &p.v[i]);
		return 0;
	}
	k->takes_part = o->ignore_auto || number_of(k->ct->spec, "lxc.start.auto") == 1;
	k->order = number_of(k->ct->spec, "lxc.start.order");
	k->delay = (unsigned)number_of(k->ct->spec, "lxc.start.delay");
	k->pidfd = -1;
	if (words_of(k->ct->spec, "lxc.group", &k->groups) < 0 ||
	    words_of(k->ct->spec, "lxc.start.after", &k->after) < 0 ||
	    words_of(k->ct->spec, "lxc.start.requires", &k->requires) < 0)
		return -ENOMEM;
	return 1;
}

static int by_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->ct->name, y->ct->name);
}

static int read_all(const struct cli *c, const struct options *o, const char *lxcpath, const struct strv *names,
		    struct candidates *all)
{
	all->v = calloc(names->n + 1, sizeof(*all->v));
	for (size_t i = 0; all->v && i < names->n; i++) {
		int x = read_one(c, o, lxcpath, names->v[i], &all->v[all->n]);

		if (x == 1)
			all->n++;
		else
			candidate_end(&all->v[all->n]);
		if (x < 0)
			return cli_say(c, "out of memory");
	}
	return all->v ? 0 : cli_say(c, "out of memory");
}

static int collect(const struct cli *c, const struct options *o, struct candidates *all)
{
	_own_free char *dflt = global_config("lxc.lxcpath");
	const char *lxcpath = cli_lxcpath(c) ? cli_lxcpath(c) : dflt;
	_own_strv struct strv names = { 0 };
	struct err e = { 0 };
	int r;

	if (!lxcpath || access(lxcpath, R_OK | X_OK) < 0)
		return cli_say(c, "cannot read folder %s: %s", lxcpath ? lxcpath : "?", strerror(errno));
	if (list_defined(lxcpath, &names, &e) < 0)
		return cli_fail(c, &e);
	r = read_all(c, o, lxcpath, &names, all);
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_order);
	return r;
}

/* group "": those that have none. */
static bool is_member(const struct candidate *k, const char *group)
{
	if (!*group)
		return k->groups.n == 0;
	for (size_t i = 0; i < k->groups.n; i++)
		if (strcmp(k->groups.v[i], group) == 0)
			return true;
	return false;
}

static bool starts(const struct options *o)
{
	return !o->shutdown && !o->kill && !o->reboot;
}

static int timeout_ms(const struct options *o)
{
	return !o->timeout.set ? TIMEOUT_S * 1000 : o->timeout.n < 0 ? -1 : (int)o->timeout.n * 1000;
}

static int start(const struct cli *c, struct candidate *k, struct err *e)
{
	_own_problems struct problems p = { 0 };
	struct start_request r = { .log_level = c->logpriority ? log_level() : -1 };
	int status;

	if (spec_check(k->ct->spec, &p) < 0 && p.n) {
		for (size_t i = 1; i < p.n; i++)
			(void)cli_fail_of(c, k->ct->name, &p.v[i]);
		*e = p.v[0];
		return -EINVAL;
	}
	return container_start(k->ct, &r, &status, e);
}

/* A shutdown that is not heeded in time becomes a kill. */
static int act(const struct cli *c, struct candidate *k, struct err *e)
{
	const struct options *o = c->opt;
	int ms = timeout_ms(o), x;

	if (o->kill)
		return container_kill(k->ct, e);
	if (o->reboot)
		return container_reboot(k->ct, ms, e);
	if (starts(o))
		return start(c, k, e);
	x = o->timeout.set ? container_shutdown(k->ct, ms, e) : container_halt(k->ct, ms, e);
	if (x == 0)
		return 0;
	err_clear(e);
	return container_kill_late(k->ct, e);
}

/* ok: "true", "false"; "": nothing was done. */
static int add_listed(struct strv *cells, const struct candidate *k, const char *ok)
{
	_own_buf struct buf groups = { 0 };

	for (size_t i = 0; i < k->groups.n; i++)
		buf_addf(&groups, "%s\n", k->groups.v[i]);
	return groups.failed || strv_add(cells, k->ct->name) < 0 || strv_addf(cells, "%u", k->delay) < 0 ||
	       strv_addf(cells, "%lld", (long long)k->order) < 0 || strv_add(cells, groups.s ? groups.s : "") < 0 ||
	       strv_add(cells, ok) < 0;
}

static void list_one(const struct cli *c, const struct options *o, struct candidates *all, const struct candidate *k)
{
	struct status s = { .state = STOPPED };
	struct err e = { 0 };

	if (container_status(k->ct, &s, &e) == 0)
		status_free(&s);
	if ((s.state == STOPPED) != starts(o))
		return;
	if (c->format != FORMAT_NONE)
		all->bad |= add_listed(&all->listed.cells, k, "");
	else if (o->shutdown || o->kill)
		(void)printf("%s\n", k->ct->name);
	else
		(void)printf("%s %u\n", k->ct->name, k->delay);
}

/* Those of the group (NULL: all) with what they need before them. What only others need goes along where it starts. */
static void queue_group(const struct cli *c, struct candidates *all, struct queue *q, const char *group)
{
	for (size_t i = 0; i < all->n; i++) {
		struct candidate *k = &all->v[i];
		struct err e = { 0 };

		if (k->is != NOT_BEGUN || !k->takes_part || (group && !is_member(k, group)))
			continue;
		if (queue_add(all, q, k, &e) < 0) {
			all->tried++;
			all->failed++;
			k->is = FAILED;
			all->bad |= c->format != FORMAT_NONE && add_listed(&all->listed.cells, k, "false");
			(void)cli_fail_of(c, k->ct->name, &e);
		}
	}
}

/* Words between commas, empty ones too: "onboot," is onboot, then those of no group. */
static int queue_list(const struct cli *c, struct candidates *all, struct queue *q, const char *list)
{
	_own_free char *copy = strdup(list);
	char *rest = copy, *word;

	if (!copy)
		return cli_say(c, "out of memory");
	while ((word = strsep(&rest, ",")))
		queue_group(c, all, q, word);
	return 0;
}

/* What was started last is stopped first. */
static void turn_round(struct queue *q)
{
	for (size_t i = 0; i < q->n / 2; i++) {
		struct candidate *k = q->v[i];

		q->v[i] = q->v[q->n - 1 - i];
		q->v[q->n - 1 - i] = k;
	}
}

static void handle(const struct cli *c, const struct options *o, struct candidates *all, struct queue *q)
{
	struct jobs j = { .c = c,
			  .at_once = o->jobs.set ? (unsigned)o->jobs.n : 1,
			  .starts = starts(o),
			  .delays = starts(o) || o->reboot,
			  .ready_ms = timeout_ms(o),
			  .act = act };

	if (o->shutdown || o->kill)
		turn_round(q);
	for (size_t i = 0; o->list && i < q->n; i++)
		list_one(c, o, all, q->v[i]);
	if (o->list)
		return;
	jobs_run(&j, all, q);
	for (size_t i = 0; c->format != FORMAT_NONE && i < q->n; i++)
		if (q->v[i]->tried)
			all->bad |= add_listed(&all->listed.cells, q->v[i], q->v[i]->is == DONE ? "true" : "false");
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	struct candidates all = { .listed = { .noun = "containers", .columns = columns, .n = ARRAY_SIZE(columns) } };
	struct queue q = { .pulls = starts(o) };
	int r;

	if (o->timeout.n < -1 || o->timeout.n > TIMEOUT_MOST ||
	    (o->jobs.set && (o->jobs.n < 1 || o->jobs.n > JOBS_MOST)))
		return cli_misuse(c);
	r = collect(c, o, &all);
	q.v = calloc(all.n + 1, sizeof(struct candidate *));
	if (!q.v)
		r = cli_say(c, "out of memory");
	if (r == 0 && (o->all || !o->groups.n))
		queue_group(c, &all, &q, o->all ? NULL : "");
	for (size_t i = 0; r == 0 && !o->all && i < o->groups.n; i++)
		r = queue_list(c, &all, &q, o->groups.v[i]);
	if (r == 0)
		handle(c, o, &all, &q);
	free(q.v);
	for (size_t i = 0; i < all.n; i++)
		candidate_end(&all.v[i]);
	free(all.v);
	if (r == 0 && c->format != FORMAT_NONE)
		r = cli_answer(c, &all.listed, all.bad);
	strv_free(&all.listed.cells);
	if (r == 0 && all.failed)
		r = all.failed == all.tried ? 1 : SOME_FAILED;
	return r;
}

const struct verb verb_autostart = {
	.name = "autostart",
	.synopsis = "[OPTION...]",
	.about = "starts, reboots or stops the containers that are to start with the host",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "", "starts those that have lxc.start.auto = 1, in their order" },
		{ "-L -g onboot", "lists those of the group onboot, starts none" },
		{ "-s -t 20", "stops them; who does not end in 20 seconds is killed" },
	},
};
