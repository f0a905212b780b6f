/* SPDX-License-Identifier: MIT */
/* keg checkpoint: takes LXC's command line, and says that it cannot be done yet. */
#include "cli/cli.h"

#include <errno.h>

struct options {
	bool restore, verbose, stop, pre_dump, daemon, foreground;
	const char *dir, *script, *predump_dir;
};

static const struct opt opts[] = {
	{ 'r', "restore", NULL, OPT_FLAG, offsetof(struct options, restore), false, "Restore the container" },
	{ 'D', "checkpoint-dir", "DIR", OPT_TEXT, offsetof(struct options, dir), false,
	  "The folder that holds the checkpoint" },
	{ 'v', "verbose", NULL, OPT_FLAG, offsetof(struct options, verbose), false, "Let criu tell more" },
	{ 'A', "action-script", "PATH", OPT_TEXT, offsetof(struct options, script), false, "criu's action script" },
	{ 's', "stop", NULL, OPT_FLAG, offsetof(struct options, stop), false, "Stop the container afterwards" },
	{ 'p', "pre-dump", NULL, OPT_FLAG, offsetof(struct options, pre_dump), false,
	  "Only dump memory; the container goes on" },
	{ 0, "predump-dir", "DIR", OPT_TEXT, offsetof(struct options, predump_dir), false,
	  "The previous dump, relative to -D" },
	{ 'd', "daemon", NULL, OPT_FLAG, offsetof(struct options, daemon), false, "Return when it runs (default)" },
	{ 'F', "foreground", NULL, OPT_FLAG, offsetof(struct options, foreground), false,
	  "Stay, with this terminal as its console" },
};

/* The words of what does not go together; NULL: it does. */
static const char *wrong(const struct options *o)
{
	if (!o->dir)
		return "-D DIR must be given";
	if (o->restore && o->stop)
		return "-s does not go with -r";
	if (o->restore && o->pre_dump)
		return "-p does not go with -r";
	if (!o->restore && (o->daemon || o->foreground))
		return "-d and -F go with -r only";
	return NULL;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	const char *why = wrong(o);
	struct err e = { 0 };
	enum state s;

	if (why) {
		cli_note(c, "%s: %s\n", c->tool, why);
		return cli_misuse(c);
	}
	ct = cli_container(c);
	if (!ct)
		return 1;
	if (!container_defined(ct))
		return cli_say(c, "%s is not defined", c->name);
	s = cli_state(c, ct);
	if (!o->restore && s == STOPPED)
		return cli_say(c, "%s not running, not checkpointing", c->name);
	if (o->restore && s != STOPPED)
		return cli_say(c, "%s is running, not restoring", c->name);
	(void)err_say(&e, ENOSYS, "checkpoints cannot be %s: that is not built yet", o->restore ? "restored" : "taken");
	err_hint(&e, "lxc-freeze holds a running container; lxc-snapshot keeps its files");
	return cli_fail(c, &e);
}

const struct verb verb_checkpoint = {
	.name = "checkpoint",
	.synopsis = "--name=NAME -D DIR",
	.about = "takes a checkpoint of a running container, or restores it (not built yet: it refuses)",
	OPTS(opts),
	.size = sizeof(struct options),
	.run = run,
	.examples = {
		{ "-n web1 -s -D /var/tmp/web1", "would write its state there and stop it" },
	},
};
