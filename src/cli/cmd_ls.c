/* SPDX-License-Identifier: MIT */
/* keg ls: which containers there are. No process is started or asked; a config is read only if it must be. */
#include "cli/ls.h"

#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>

enum { NESTING = 5, NESTING_MOST = 100, /* levels */ ROWS_FIRST = 64 };

struct options {
	bool line, fancy, active, running, frozen, stopped, defined;
	const char *columns, *nesting, *filter;
	struct strv groups;
};

static const struct opt opts[] = {
	{ '1', "line", NULL, OPT_FLAG, offsetof(struct options, line), false, "One name on a line" },
	{ 'f', "fancy", NULL, OPT_FLAG, offsetof(struct options, fancy), false, "A table" },
	{ 'F', "fancy-format", "COLUMN,...", OPT_TEXT, offsetof(struct options, columns), false,
	  "Its columns: NAME STATE PID RAM SWAP AUTOSTART GROUPS INTERFACE IPV4 IPV6 UNPRIVILEGED" },
	{ 0, "active", NULL, OPT_FLAG, offsetof(struct options, active), false, "Only those that run or are frozen" },
	{ 0, "running", NULL, OPT_FLAG, offsetof(struct options, running), false, "Only those that are not stopped" },
	{ 0, "frozen", NULL, OPT_FLAG, offsetof(struct options, frozen), false, "Only frozen ones" },
	{ 0, "stopped", NULL, OPT_FLAG, offsetof(struct options, stopped), false, "Only stopped ones" },
	{ 0, "defined", NULL, OPT_FLAG, offsetof(struct options, defined), false, "Only those that have a config" },
	{ 0, "nesting", "N", OPT_OPTIONAL, offsetof(struct options, nesting), false, "Containers in containers too" },
	{ 'g', "groups", "GROUP,...", OPT_LIST, offsetof(struct options, groups), false,
	  "Only those in all the groups" },
	{ 0, "filter", "REGEX", OPT_TEXT, offsetof(struct options, filter), false, "Only those whose name matches" },
	OPT_FORMAT,
};

const struct spec *ls_config(struct ls_row *r)
{
	_own_problems struct problems ignored = { 0 };

	if (!r->ct->spec)
		(void)!container_load(r->ct, NULL, &ignored);
	return r->ct->spec;
}

static bool state_wanted(const struct options *o, enum state s)
{
	if (!o->active && !o->running && !o->frozen && !o->stopped)
		return true;
	return (o->active && s != STOPPED) || (o->running && s != STOPPED) || (o->frozen && s == FROZEN) ||
	       (o->stopped && s == STOPPED);
}

static bool is_member(const struct strv *of, const char *group)
{
	for (size_t i = 0; i < of->n; i++)
		if (strcmp(of->v[i], group) == 0)
			return true;
	return false;
}

static bool groups_wanted(const struct options *o, struct ls_row *r)
{
	_own_buf struct buf text = { 0 };
	_own_strv struct strv of = { 0 };
	const struct spec *s;

	if (!o->groups.n)
		return true;
	s = ls_config(r);
	if (!s || spec_get(s, "lxc.group", &text) < 0 || strv_split(&of, text.s ? text.s : "", "\n,") < 0)
		return false;
	for (size_t i = 0; i < o->groups.n; i++) {
		_own_strv struct strv wanted = { 0 };

		if (strv_split(&wanted, o->groups.v[i], ",") < 0)
			return false;
		for (size_t k = 0; k < wanted.n; k++)
			if (!is_member(&of, wanted.v[k]))
				return false;
	}
	return true;
}

const char *ls_name(const struct ls_row *r)
{
	return r->ct ? r->ct->name : r->label;
}

void ls_row_end(struct ls_row *r)
{
	if (r->ct)
		container_free(r->ct);
	free(r->label);
	strv_free(&r->cells);
}

int ls_add(struct ls_rows *rows, struct ls_row *take)
{
	if (rows->n == rows->room) {
		size_t room = rows->room ? rows->room * 2 : ROWS_FIRST;
		struct ls_row *grown = reallocarray(rows->v, room, sizeof(*grown));

		if (!grown) {
			ls_row_end(take);
			return -ENOMEM;
		}
		rows->v = grown;
		rows->room = room;
	}
	rows->v[rows->n++] = *take;
	return 0;
}

/* Names alone can be told without asking how each of them is. */
static bool states_asked(const struct cli *c, const struct options *o)
{
	return o->fancy || c->format != FORMAT_NONE || o->active || o->running || o->frozen || o->stopped || o->nesting;
}

static void ask_state(const struct cli *c, struct ls_row *row)
{
	struct status s;
	struct err e = { 0 };

	if (container_status(row->ct, &s, &e) < 0) {
		(void)cli_fail(c, &e);
		return;
	}
	row->state = s.state;
	row->init_pid = s.init_pid;
	status_free(&s);
}

/* Takes the container into the rows if it is wanted. remembered: it has a runtime folder. */
static int consider(const struct cli *c, const struct options *o, const char *name, bool defined, bool remembered,
		    struct ls_rows *rows)
{
	struct ls_row row = { .defined = defined, .state = STOPPED };
	struct err e = { 0 };

	if ((o->defined && !defined) || container_open(&row.ct, name, cli_lxcpath(c), &e) < 0)
		return 0; /* or not a name that a container can have */
	if (remembered && (!defined || states_asked(c, o)))
		ask_state(c, &row);
	if ((!defined && row.state == STOPPED) || !state_wanted(o, row.state) || !groups_wanted(o, &row)) {
		ls_row_end(&row);
		return 0;
	}
	return ls_add(rows, &row);
}

/* Two sorted lists as one. */
static int collect(const struct cli *c, const struct options *o, const regex_t *match, struct ls_rows *rows)
{
	_own_free char *dflt = global_config("lxc.lxcpath");
	const char *lxcpath = cli_lxcpath(c) ? cli_lxcpath(c) : dflt;
	_own_strv struct strv defined = { 0 }, remembered = { 0 };
	struct err e = { 0 };
	size_t i = 0, k = 0;

	if (!lxcpath || list_defined(lxcpath, &defined, &e) < 0 || list_remembered(lxcpath, &remembered, &e) < 0)
		return cli_fail(c, &e);
	while (i < defined.n || k < remembered.n) {
		int order = i == defined.n ? 1 : k == remembered.n ? -1 : strcmp(defined.v[i], remembered.v[k]);
		const char *name = order <= 0 ? defined.v[i] : remembered.v[k];

		i += order <= 0;
		k += order >= 0;
		if (match && regexec(match, name, 0, NULL, 0) != 0)
			continue;
		if (consider(c, o, name, order <= 0, order >= 0, rows) < 0)
			return cli_say(c, "out of memory");
	}
	return 0;
}

struct wanted {
	const struct options *o;
	const regex_t *match;
};

static int collect_wanted(const struct cli *c, void *arg, struct ls_rows *rows)
{
	const struct wanted *w = arg;

	return collect(c, w->o, w->match, rows);
}

static int show(const struct cli *c, const struct options *o, struct ls_rows *rows)
{
	if (c->format == FORMAT_JSON || c->format == FORMAT_CSV)
		return ls_show_answer(c, rows, o->columns);
	if (rows->n == 0)
		return 0;
	if (o->fancy || c->format)
		return ls_show_table(c, rows, o->columns);
	ls_show_names(rows, o->line);
	return 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	const char *pattern = o->filter ? o->filter : c->name;
	struct wanted wanted = { .o = o };
	struct ls_rows rows = { 0 };
	int64_t depth = 0;
	regex_t match;
	int r;

	if (o->nesting && *o->nesting && num_i64(o->nesting, 0, NESTING_MOST, &depth) < 0)
		return cli_misuse(c);
	if (o->nesting && !*o->nesting)
		depth = NESTING;
	if (pattern && regcomp(&match, pattern, REG_NOSUB | REG_EXTENDED) != 0)
		return cli_say(c, "failed to compile the regex '%s'", pattern);
	wanted.match = pattern ? &match : NULL;
	r = collect_wanted(c, &wanted, &rows);
	if (r == 0)
		r = ls_add_nested(c, &rows, (int)depth, collect_wanted, &wanted);
	if (pattern)
		regfree(&match);
	if (r == 0)
		r = show(c, o, &rows);
	if (r == 0 && !rows.n && cli_is_keg(c) && c->format == FORMAT_NONE && isatty(STDOUT_FILENO))
		cli_note(c, pattern || o->active || o->running || o->frozen || o->stopped
				    ? "none\n"
				    : "none yet: keg run busybox\n");
	for (size_t i = 0; i < rows.n; i++)
		ls_row_end(&rows.v[i]);
	free(rows.v);
	return r;
}

const struct verb verb_ls = {
	.name = "ls",
	.synopsis = "[OPTION...] [REGEX]",
	.about = "lists containers",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAME_OPTIONAL | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "-f", "a table with states and addresses" },
		{ "-f -F NAME,STATE,RAM", "with these columns" },
		{ "-1 --running '^web'", "the names of those that run and begin with web" },
	},
};
