/* SPDX-License-Identifier: MIT */
/* keg freeze, keg unfreeze: no process of the container runs; all run again. */
#include "cli/cli.h"

#include <string.h>

enum { TIMEOUT_MOST = 2000000 };

struct options {
	struct opt_int timeout;
};

static const struct opt opts[] = {
	{ 't', "timeout", "SEC", OPT_INT, offsetof(struct options, timeout), false,
	  "After SEC seconds (10) it is an error, and all is as it was" },
};

static int change(struct cli *c, bool freeze)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	struct err e = { 0 };
	enum state s;

	if (o->timeout.set && (o->timeout.n < 1 || o->timeout.n > TIMEOUT_MOST))
		return cli_say(c, "Invalid timeout");
	ct = cli_container(c);
	if (!ct)
		return 1;
	s = cli_state(c, ct);
	if (s == STOPPED && !freeze && !cli_is_keg(c))
		return 0; /* as LXC's: nothing is frozen */
	if (s == STOPPED)
		return cli_not_running(c, "%s is not running", c->name);
	if ((s == FROZEN) == freeze)
		return 0;
	return container_freeze(ct, freeze, o->timeout.set ? (int)o->timeout.n * 1000 : FREEZE_MS, &e) < 0
		       ? cli_fail(c, &e)
		       : 0;
}

static int run_freeze(struct cli *c)
{
	return change(c, true);
}

static int run_unfreeze(struct cli *c)
{
	return change(c, false);
}

const struct verb verb_freeze = {
	.name = "freeze",
	.synopsis = "--name=NAME",
	.about = "freezes all processes of a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS,
	.run = run_freeze,
	.examples = {
		{ "web1", "its processes stand still, and keep their memory" },
	},
};

const struct verb verb_unfreeze = {
	.name = "unfreeze",
	.synopsis = "--name=NAME",
	.about = "lets a frozen container run again",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS,
	.run = run_unfreeze,
	.examples = {
		{ "web1", "they go on where they were" },
	},
};
