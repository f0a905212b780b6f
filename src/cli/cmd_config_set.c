/* SPDX-License-Identifier: MIT */
/* keg config set and unset: a change of the container's file that leaves every other line as it is. */
#include "cli/config.h"

#include "base/own.h"
#include "client/disk.h"
#include "spec/document.h"

#include <errno.h>

struct options {
	bool replace, running;
};

static const struct opt opts[] = {
	{ 'r', "replace", NULL, OPT_FLAG, offsetof(struct options, replace), false,
	  "Take a list's old values away instead of adding one" },
	{ 0, "running", NULL, OPT_FLAG, offsetof(struct options, running), false,
	  "Change what it runs with, not its file: cgroup limits, the log's level, autostart" },
};

/* What was read is what is replaced: *held, an fd, keeps others that change it away meanwhile. */
static int document_of(const struct cli *c, const struct container *ct, struct document **out, int *held)
{
	struct err e = { 0 };
	int r = *held = container_hold(ct, HOLD_ALONE | HOLD_QUEUE, &e);

	if (r >= 0)
		r = document_read(out, ct->config_file, &e);
	return r < 0 ? cli_fail(c, &e) : 0;
}

/* The whole config must still take the value: a network key also asks for the type of its device. */
static int valid(const struct cli *c, struct container *ct, const char *key, const char *value)
{
	struct err e = { 0 };

	if (spec_set(ct->own, key, value, (struct origin){ 0 }, &e) == 0)
		return 0;
	e.key[0] = e.file[0] = 0; /* the sentence has it, and no line of a file to show */
	return cli_fail(c, &e);
}

static int run_set(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	_own_document struct document *d = NULL;
	_own_fd int held = -1;
	struct err e = { 0 };
	int r = 0;

	if (c->n_args != 2 || (o->running && o->replace))
		return cli_misuse(c);
	if (o->running) {
		ct = cli_container(c);
		return !ct || container_set_running(ct, c->args[0], c->args[1], &e) == 0 ? !ct : cli_fail(c, &e);
	}
	ct = config_of(c, false);
	if (!ct || valid(c, ct, c->args[0], c->args[1]) != 0 || document_of(c, ct, &d, &held) != 0)
		return 1;
	if (o->replace)
		r = document_clear(d, c->args[0], &e);
	if (r == 0)
		r = document_set(d, c->args[0], c->args[1], &e);
	if (r == 0)
		r = document_save(d, NULL, &e);
	return r < 0 ? cli_fail(c, &e) : 0;
}

const struct verb verb_config_set = {
	.name = "set",
	.synopsis = "NAME KEY VALUE",
	.about = "sets a key in a container's file; a list gets one value more",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = run_set,
	.examples = {
		{ "web1 lxc.start.auto 1", "starts with the host" },
		{ "--running web1 lxc.cgroup2.memory.max 512M", "at once, until it stops" },
	},
};

static int run_unset(struct cli *c)
{
	_own_container struct container *ct = NULL;
	_own_document struct document *d = NULL;
	_own_fd int held = -1;
	struct err e = { 0 };
	int r;

	if (c->n_args != 1)
		return cli_misuse(c);
	ct = config_of(c, false);
	if (!ct || document_of(c, ct, &d, &held) != 0)
		return 1;
	r = document_clear(d, c->args[0], &e);
	if (r == 0)
		r = document_save(d, NULL, &e);
	e.key[0] = e.file[0] = 0;
	return r < 0 ? cli_fail(c, &e) : 0;
}

const struct verb verb_config_unset = {
	.name = "unset",
	.synopsis = "NAME KEY",
	.about = "takes a key's lines out of a container's file",
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = run_unset,
	.examples = {
		{ "web1 lxc.start.auto", "as if it had never been set" },
	},
};
