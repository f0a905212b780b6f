/* SPDX-License-Identifier: MIT */
/* keg freeze, keg unfreeze: no process of the container runs; all run again. */
#include "cli/cli.h"

static int change(struct cli *c, bool freeze)
{
	_own_container struct container *ct = cli_container(c);
	struct err e = { 0 };
	enum state s;

	if (!ct)
		return 1;
	s = cli_state(c, ct);
	if (s == STOPPED)
		return freeze ? cli_say(c, "%s is not running", c->name) : 0; /* as LXC's: nothing is frozen */
	if ((s == FROZEN) == freeze)
		return 0;
	return container_freeze(ct, freeze, &e) < 0 ? cli_fail(c, &e) : 0;
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
	.name = "freeze", .synopsis = "--name=NAME", .about = "freezes all processes of a container", .run = run_freeze,
	.examples = {
		{ "web1", "its processes stand still, and keep their memory" },
	},
};

const struct verb verb_unfreeze = {
	.name = "unfreeze", .synopsis = "--name=NAME", .about = "lets a frozen container run again", .run = run_unfreeze,
	.examples = {
		{ "web1", "they go on where they were" },
	},
};
