/* SPDX-License-Identifier: MIT */
/* keg start: boots a container. */
#include "cli/cli.h"

#include "base/own.h"
#include "cli/start.h"
#include "client/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct options {
	bool daemon, foreground, close_fds, explain, trace, check;
	const char *pidfile, *console, *console_log;
	struct strv defines;
	struct share share;
};

static const struct opt opts[] = {
	{ 'd', "daemon", NULL, OPT_FLAG, offsetof(struct options, daemon), false, "Return when it runs (default)" },
	{ 'F', "foreground", NULL, OPT_FLAG, offsetof(struct options, foreground), false,
	  "Stay, with this terminal as its console" },
	OPT_RCFILE,
	{ 's', "define", "KEY=VAL", OPT_LIST, offsetof(struct options, defines), false, "Set a config key" },
	{ 'c', "console", "FILE", OPT_TEXT, offsetof(struct options, console), false,
	  "The device or file of its console" },
	{ 'L', "console-log", "FILE", OPT_TEXT, offsetof(struct options, console_log), false,
	  "Log what its console shows" },
	{ 'C', "close-all-fds", NULL, OPT_FLAG, offsetof(struct options, close_fds), false,
	  "Close inherited fds (always done)" },
	{ 'p', "pidfile", "FILE", OPT_TEXT, offsetof(struct options, pidfile), false,
	  "Write the keeper's pid to FILE" },
	OPT_SHARE(struct options, share),
	{ 0, "explain", NULL, OPT_FLAG, offsetof(struct options, explain), false,
	  "Show the steps that would be taken, and take none" },
	{ 0, "check", NULL, OPT_FLAG, offsetof(struct options, check), false,
	  "Only say whether its config can be started" },
	OPT_FORMAT,
	{ 0, "trace", NULL, OPT_FLAG, offsetof(struct options, trace), false, "Show what each step took" },
};

int start_share(const struct cli *c, struct container *ct, const struct share *s)
{
	const char *const with[][2] = {
		{ "lxc.namespace.share.net", s->net },
		{ "lxc.namespace.share.ipc", s->ipc },
		{ "lxc.namespace.share.uts", s->uts },
		{ "lxc.namespace.share.pid", s->pid },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(with); i++)
		if (with[i][1])
			r = cli_set(c, ct, with[i][0], with[i][1], "option --share-...");
	return r;
}

/* The keeper has another current folder; the file may have yet to be made. */
static int set_file(const struct cli *c, struct container *ct, const char *key, const char *path, const char *option)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	_own_free char *real = realpath(path, NULL);

	close_fd(&fd);
	return cli_set(c, ct, key, real ? real : path, option);
}

int start_check(const struct cli *c, struct container *ct, bool host)
{
	_own_problems struct problems p = { 0 };
	int x = host ? container_check(ct, &p) : spec_check(ct->spec, &p);

	(void)cli_problems(c, &p);
	return x < 0;
}

static int prepare(const struct cli *c, struct container *ct, const struct options *o)
{
	int r = cli_define(c, ct, &o->defines);

	if (r == 0 && o->console && strcmp(o->console, "none") == 0)
		r = cli_set(c, ct, "lxc.console.path", "none", "option --console");
	else if (r == 0 && o->console)
		r = set_file(c, ct, "lxc.console.path", o->console, "option --console");
	if (r == 0 && o->console_log)
		r = set_file(c, ct, "lxc.console.logfile", o->console_log, "option --console-log");
	if (r == 0)
		r = start_share(c, ct, &o->share);
	return r ? r : start_check(c, ct, o->explain || o->check); /* a start that is one warns by itself */
}

enum { STEP, ROLE, AFTER, UNDONE, CELLS };

static int show_steps(const struct cli *c, struct strv *cells)
{
	static const struct format_column columns[] = {
		[STEP] = { "step", CELL_TEXT },
		[ROLE] = { "role", CELL_TEXT },
		[AFTER] = { "after", CELL_TEXT },
		[UNDONE] = { "undone", CELL_PLAIN },
	};
	struct answer a = { .noun = "steps", .columns = columns, .n = CELLS, .cells = *cells };

	if (c->format != FORMAT_NONE) {
		*cells = (struct strv){ 0 };
		return cli_answer(c, &a, 0);
	}
	for (char **v = cells->v; v < cells->v + cells->n; v += CELLS) {
		(void)printf("%-6s %s", strcmp(v[ROLE], "keeper") == 0 ? "KEEPER" : "INIT", v[STEP]);
		if (*v[AFTER])
			(void)printf("  (after %s)", v[AFTER]);
		(void)puts(strcmp(v[UNDONE], "true") == 0 ? "  (undone at the end)" : "");
	}
	return 0;
}

/* To LXC that is no failure. */
static int already_running(const struct cli *c)
{
	(void)cli_say(c, "Container is already running");
	return 0;
}

/* The config that is read and the files that are used are one container's: another may come to its name between. */
static int hold(const struct container *ct, struct err *e)
{
	int held;

	(void)!rename_finish(ct); /* which wants them for itself */
	held = container_hold(ct, 0, e);
	if (held < 0 && held != -EBUSY && held != -EINVAL) /* one without a folder: the start knows what that means */
		err_clear(e);
	return held;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	_own_buf struct buf out = { 0 };
	_own_strv struct strv steps = { 0 };
	struct start_request r = {
		.foreground = o->foreground && !o->daemon,
		.pass_signals = true,
		.leaves = true,
		.argv = c->n_args ? c->args : NULL,
		.pidfile = o->pidfile,
		.steps = o->explain || o->check ? &steps : NULL,
		.trace = o->trace,
		.warn = cli_warn,
		.warn_arg = c,
		.log_level = c->logpriority ? log_level() : -1,
		.out = &out,
	};
	_own_fd int held = -1;
	struct err e = { 0 };
	int status = 0, x;
	bool defined;

	if (!ct)
		return 1;
	if (!o->explain && c->format != FORMAT_NONE && c->format != FORMAT_JSON)
		return cli_errors_are_json(c);
	if (!r.steps && cli_runs(c, ct))
		return already_running(c);
	held = r.steps ? -1 : hold(ct, &e);
	if (e.set)
		return cli_fail(c, &e);
	if (cli_load(c, ct, &defined) != 0)
		return 1;
	if (!defined && !c->n_args)
		return cli_is_keg(c) && !c->rcfile ? cli_no_container(c, ct)
						   : cli_say(c, "No container config specified");
	if (prepare(c, ct, o) != 0)
		return 1;
	x = container_start(ct, &r, &status, &e);
	if (out.len)
		(void)fputs(out.s, stdout);
	if (x == 0 && o->explain)
		return show_steps(c, &steps);
	if (x < 0 && !e.errnum && strcmp(e.step, "runtime.lock") == 0) /* another start was there first, by a moment */
		return already_running(c);
	return x < 0 ? cli_fail(c, &e) : 0;
}

const struct verb verb_start = {
	.name = "start",
	.synopsis = "--name=NAME [-- COMMAND]",
	.about = "boots a container, with COMMAND as its init",
	OPTS(opts),
	.size = sizeof(struct options),
	.run = run,
	.examples = {
		{ "web1", "returns when it runs" },
		{ "-F web1", "this terminal is its console" },
		{ "--explain web1", "the steps that would be taken" },
	},
};
