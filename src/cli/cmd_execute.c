/* SPDX-License-Identifier: MIT */
/* keg execute: one program in a container of its own, below a small init of ours. */
#include "cli/cli.h"

#include "base/own.h"
#include "cli/start.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

struct options {
	bool daemon;
	struct strv defines;
	struct opt_int uid, gid;
	struct share share;
};

static const struct opt opts[] = {
	{ 'd', "daemon", NULL, OPT_FLAG, offsetof(struct options, daemon), false, "Return when it runs" },
	OPT_RCFILE,
	{ 's', "define", "KEY=VAL", OPT_LIST, offsetof(struct options, defines), false, "Set a config key" },
	{ 'u', "uid", "UID", OPT_INT, offsetof(struct options, uid), false, "Run COMMAND as UID of the container" },
	{ 'g', "gid", "GID", OPT_INT, offsetof(struct options, gid), false, "Run COMMAND as GID of the container" },
	OPT_SHARE(struct options, share),
};

static int set_id(const struct cli *c, struct container *ct, const char *key, const struct opt_int *id,
		  const char *option)
{
	char text[24];

	if (!id->set)
		return 0;
	(void)snprintf(text, sizeof(text), "%lld", id->n);
	return cli_set(c, ct, key, text, option);
}

static int prepare(const struct cli *c, struct container *ct, const struct options *o)
{
	int r = cli_define(c, ct, &o->defines);

	if (r == 0)
		r = set_id(c, ct, "lxc.init.uid", &o->uid, "option --uid");
	if (r == 0)
		r = set_id(c, ct, "lxc.init.gid", &o->gid, "option --gid");
	if (r == 0)
		r = start_share(c, ct, &o->share);
	return r ? r : start_check(c, ct, false);
}

/*
 * Without a config of its own, the command runs on this host's "/", in namespaces of its own, by the
 * config that new containers begin with. (LXC refuses: there, it could take the host along.)
 */
static int load_default(const struct cli *c, struct container *ct)
{
	_own_free char *file = default_config();
	_own_problems struct problems p = { 0 };
	int r = file ? container_load(ct, file, &p) : -ENOENT;

	if (r == -ENOENT)
		return cli_say(c, "no config, and no default one: give -f FILE");
	return r < 0 ? cli_problems(c, &p) : 0;
}

/* The command's own code, as a shell tells it. */
static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	struct start_request r = {
		.foreground = !o->daemon,
		.pass_signals = true,
		.use_init = true,
		.leaves = true,
		.argv = c->n_args ? c->args : NULL,
		.warn = cli_warn,
		.warn_arg = c,
		.log_level = c->logpriority ? log_level() : -1,
	};
	struct err e = { 0 };
	int status = 0;
	bool defined;

	if (!ct)
		return 1;
	if (cli_runs(c, ct))
		return cli_say(c, "Container is already running");
	if (cli_load(c, ct, &defined) != 0)
		return 1;
	if (!defined && load_default(c, ct) != 0)
		return 1;
	if (prepare(c, ct, o) != 0)
		return 1;
	if (container_start(ct, &r, &status, &e) < 0)
		return cli_fail(c, &e);
	return o->daemon ? 0 : exit_code(status);
}

const struct verb verb_execute = {
	.name = "execute",
	.synopsis = "--name=NAME -- COMMAND",
	.about = "runs COMMAND in a container of its own",
	OPTS(opts),
	.size = sizeof(struct options),
	.run = run,
	.examples = {
		{ "web1 -- /bin/ps", "runs it in web1's files and namespaces, without booting them" },
		{ "-u 1000 -g 1000 web1 -- /bin/id", "as another user" },
	},
};
