/* SPDX-License-Identifier: MIT */
/* What a verb tells its user, and the container that a command line names. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names are a user's: in a message they may not move the cursor. */
static const char *shown_name(const struct cli *c)
{
	return c->name && !(c->verb->flags & VERB_NAMELESS) ? c->name : NULL;
}

/* One line of JSON, for programs: doc/FORMAT.md. */
static void print_record(const struct err *e, const char *name)
{
	static const struct format_column columns[] = {
		{ "format", CELL_PLAIN }, { "name", CELL_TEXT }, { "warning", CELL_PLAIN }, { "error", CELL_TEXT },
		{ "errno", CELL_TEXT },	  { "op", CELL_TEXT },	 { "object", CELL_TEXT },   { "step", CELL_TEXT },
		{ "role", CELL_TEXT },	  { "key", CELL_TEXT },	 { "file", CELL_TEXT },	    { "line", CELL_PLAIN },
		{ "said", CELL_TEXT },	  { "hint", CELL_TEXT },
	};
	char version[12], line[12] = "", text[ERR_TEXT];
	const char *number = e->errnum ? strerrorname_np(e->errnum) : NULL;
	const char *cells[] = { version,
				name ? name : "",
				e->warning ? "true" : "false",
				text,
				number ? number : "",
				e->op,
				e->object,
				e->step,
				e->role,
				e->key,
				e->file,
				line,
				e->said,
				e->hint };

	_Static_assert(ARRAY_SIZE(columns) == ARRAY_SIZE(cells), "every column has its cell");
	(void)snprintf(version, sizeof(version), "%d", FORMAT_VERSION);
	if (e->line)
		(void)snprintf(line, sizeof(line), "%u", e->line);
	err_text(e, text, sizeof(text));
	format_line(columns, ARRAY_SIZE(columns), (char *const *)cells, stderr);
}

int cli_fail_of(const struct cli *c, const char *name, const struct err *e)
{
	_own_free char *hint = cli_hint(c, e->hint);
	struct err told = *e;

	log_err(c->verb->name, e);
	if (c->quiet)
		return 1;
	(void)snprintf(told.hint, sizeof(told.hint), "%s", hint ? hint : e->hint);
	if (c->format == FORMAT_JSON)
		print_record(&told, name);
	else
		err_print(&told, c->tool, name);
	return e->errnum == ETIME ? CLI_SILENT : 1;
}

int cli_fail(const struct cli *c, const struct err *e)
{
	return cli_fail_of(c, shown_name(c), e);
}

int cli_say(const struct cli *c, const char *fmt, ...)
{
	struct err e = { .set = true };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e.object, sizeof(e.object), fmt, ap);
	va_end(ap);
	return cli_fail(c, &e);
}

bool cli_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return !(no && *no) && isatty(STDOUT_FILENO);
}

int cli_answer(const struct cli *c, struct answer *a, int failed)
{
	if (!failed)
		failed = format_print(a, c->format, stdout);
	strv_free(&a->cells);
	return failed ? cli_say(c, "out of memory") : 0;
}

bool cli_is_keg(const struct cli *c)
{
	return strcmp(c->tool, "keg") == 0;
}

void cli_warn(void *cli, const struct err *e)
{
	(void)cli_fail(cli, e);
}

int cli_problems(const struct cli *c, const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		(void)cli_fail(c, &p->v[i]);
	return 1;
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
}

const char *cli_lxcpath(const struct cli *c)
{
	return c->lxcpaths.n ? c->lxcpaths.v[0] : NULL;
}

struct container *cli_container(const struct cli *c)
{
	struct container *ct = NULL;
	struct err e = { 0 };

	if (container_open(&ct, c->name, cli_lxcpath(c), &e) < 0) {
		(void)cli_fail(c, &e);
		return NULL;
	}
	if (!cli_must_exist(c, ct)) {
		container_free(ct);
		return NULL;
	}
	return ct;
}

int cli_load(const struct cli *c, struct container *ct, bool *defined)
{
	_own_problems struct problems p = { 0 };
	int r = container_load(ct, c->rcfile, &p);

	*defined = r != -ENOENT;
	if (r == -ENOENT && c->rcfile)
		return cli_say(c, "cannot read the config %s: %s", c->rcfile, strerror(ENOENT));
	if (r < 0 && r != -ENOENT)
		return cli_problems(c, &p);
	return 0;
}

int cli_set(const struct cli *c, struct container *ct, const char *key, const char *value, const char *option)
{
	struct err e = { 0 };

	if (spec_set(ct->own, key, value, (struct origin){ 0 }, &e) == 0)
		return 0;
	err_key(&e, key, (struct origin){ .file = option });
	return cli_fail(c, &e);
}

int cli_define(const struct cli *c, struct container *ct, const struct strv *defines)
{
	for (size_t i = 0; i < defines->n; i++) {
		_own_problems struct problems p = { 0 };
		const char *line = defines->v[i];

		if (!strchr(line, '=') || !str_starts(line, "lxc."))
			return cli_misuse(c);
		if (strchr(line, '\n'))
			return cli_say(c, "-s %s: a value cannot hold a newline", line);
		if (spec_read_text(ct->own, line, strlen(line), "option -s", 0, &p) < 0)
			return cli_problems(c, &p);
	}
	return 0;
}

static enum state told(const struct cli *c, int x, struct status *s, const struct err *e)
{
	if (x < 0) {
		(void)cli_fail(c, e);
		return STOPPED;
	}
	status_free(s);
	return s->state;
}

enum state cli_state(const struct cli *c, const struct container *ct)
{
	struct err e = { 0 };
	struct status s;
	int x = container_status(ct, &s, &e);

	return told(c, x, &s, &e);
}

bool cli_runs(const struct cli *c, const struct container *ct)
{
	struct err e = { 0 };
	struct status s;
	int x = container_look(ct, &s, &e);

	return told(c, x, &s, &e) != STOPPED;
}
