/* SPDX-License-Identifier: MIT */
/*
 * keg run: a new container from a template, started, with a shell or a command in it; gone when that ends. keg shell: a
 * shell in one that runs.
 */
#include "cli/progress.h"

#include "base/own.h"
#include "client/disk.h"

#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAME_LETTERS = 6, GONE_MS = 60 * 1000, STEP_MS = 20 };

struct options {
	bool keep;
	const char *config;
	struct strv defines;
};

static const struct opt opts[] = {
	{ 'k', "keep", NULL, OPT_FLAG, offsetof(struct options, keep), false,
	  "Leave the container running, and there, afterwards" },
	{ 'f', "config", "FILE", OPT_TEXT, offsetof(struct options, config), false, "The initial config" },
	{ 's', "define", "KEY=VAL", OPT_LIST, offsetof(struct options, defines), false,
	  "Set a config key for this run" },
};

/* "busybox-x7k2qd" */
static char *some_name(const char *template)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	const char *slash = strrchr(template, '/');
	unsigned char r[NAME_LETTERS];
	char text[NAME_LETTERS + 1] = "";

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return NULL;
	for (size_t i = 0; i < NAME_LETTERS; i++)
		text[i] = letters[r[i] % (sizeof(letters) - 1)];
	return str_fmt("%s-%s", slash ? slash + 1 : template, text);
}

/* A clean environment but for what the terminal is and speaks. */
static int enter(struct cli *c, struct container *ct, char **argv)
{
	static char *const keep[] = { (char *)"TERM", (char *)"COLORTERM", (char *)"LANG", NULL };
	static char *const set[] = { (char *)"HOME=/root", (char *)"USER=root", NULL };
	struct attach_request r = {
		.argv = argv,
		.clear_env = true,
		.keep_env = (char **)keep,
		.set_env = (char **)set,
		.uid = -1,
		.gid = -1,
		.personality = -1,
		.fd = { 0, 1, 2 },
	};
	struct err e = { 0 };
	int status = 0;

	if (container_attach(ct, &r, &status, &e) < 0)
		return cli_fail(c, &e);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int start(struct cli *c, struct container *ct, const struct options *o)
{
	struct start_request r = { .warn = cli_warn, .warn_arg = c, .log_level = c->logpriority ? log_level() : -1 };
	struct err e = { 0 };
	int status;
	bool defined;

	if (cli_load(c, ct, &defined) != 0 || cli_define(c, ct, &o->defines) != 0)
		return 1;
	/* Its keeper destroys it when it has stopped, also where this command was killed. */
	if (!o->keep && cli_set(c, ct, "lxc.ephemeral", "1", "keg run") != 0)
		return 1;
	return container_start(ct, &r, &status, &e) < 0 ? cli_fail_of(c, ct->name, &e) : 0;
}

static void leave_undone(struct cli *c, struct container *ct)
{
	struct err e = { 0 };

	if (container_defined(ct) && container_destroy(ct, &e) < 0)
		(void)cli_fail(c, &e);
}

static bool is_there(const struct container *ct, const char *trash)
{
	return container_defined(ct) || access(trash, F_OK) == 0;
}

/* Stopped; that its keeper destroys it is awaited. */
static int stop(struct cli *c, struct container *ct)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	_own_free char *trash = str_fmt("%s/" DISK_TRASH "%s", ct->lxcpath, ct->name);
	struct err e = { 0 };

	if (!trash)
		return cli_say(c, "out of memory");
	if (container_kill(ct, &e) < 0)
		return cli_fail(c, &e);
	for (int ms = 0; is_there(ct, trash); ms += STEP_MS) {
		if (ms > GONE_MS)
			return cli_say(c, "it has stopped, but is still there: keg destroy %s", ct->name);
		/* waits: the loop counts */
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

static int live(struct cli *c, struct container *ct, const struct options *o, const char *template, char **argv)
{
	struct create_request r = {
		.template = template,
		.config = o->config,
		.quiet = true,
		.defaults = o->keep ? create_defaults : create_defaults_of_a_while,
	};
	struct progress p;
	struct err e = { 0 };
	int code;

	cli_undo_at_end(true); /* afterwards the container is stopped by the way back */
	progress_begin(&p, c, "creating", ct->name);
	code = container_create(ct, &r, &e);
	progress_end(&p);
	if (code < 0)
		return cli_fail_of(c, ct->name, &e);
	if (start(c, ct, o) != 0) {
		leave_undone(c, ct);
		return 1;
	}
	code = enter(c, ct, argv);
	if (o->keep) {
		cli_note(c, "%s runs on: keg shell %s, keg stop %s\n", ct->name, ct->name, ct->name);
		return code;
	}
	return stop(c, ct) != 0 ? 1 : code;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	int before = c->n_args - c->n_behind;
	_own_container struct container *ct = NULL;
	_own_free char *name = NULL;
	const char *template;

	if (before < 1) {
		cli_note(c, "%s: which template? Such as: keg run busybox\n", c->tool);
		return cli_misuse(c);
	}
	template = c->args[0];
	if (before > 1 || c->name)
		name = strdup(c->name ? c->name : c->args[1]);
	else
		name = some_name(template);
	if (before > 2 || !name || (c->name && before > 1)) {
		cli_note(c, "%s: a command stands behind --\n", c->tool);
		return cli_misuse(c);
	}
	c->name = name;
	ct = cli_container(c);
	before = !ct ? 1 : live(c, ct, o, template, c->n_behind ? c->args + c->n_args - c->n_behind : NULL);
	c->name = NULL;
	return before;
}

const struct verb verb_run = {
	.name = "run",
	.synopsis = "TEMPLATE [NAME] [--keep] [-- COMMAND]",
	.about = "creates a container, starts it and gives a shell in it, or runs COMMAND; it is gone afterwards",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "busybox", "a shell in a new system, which is gone when the shell ends" },
		{ "busybox -- uname -a", "one command instead" },
		{ "busybox web1 --keep -- true", "a container web1, which runs on" },
	},
};

static int run_shell(struct cli *c)
{
	_own_container struct container *ct = cli_container(c);

	if (!ct)
		return 1;
	if (!cli_runs(c, ct))
		return cli_not_running(c, "%s is not running", c->name);
	return enter(c, ct, c->n_args ? c->args : NULL);
}

const struct verb verb_shell = {
	.name = "shell",
	.synopsis = "NAME [-- COMMAND]",
	.about = "gives a shell in a running container, with a clean environment",
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = run_shell,
	.examples = {
		{ "web1", "a shell as its root" },
		{ "web1 -- ls -l /", "one command" },
	},
};
