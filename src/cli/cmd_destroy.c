/* SPDX-License-Identifier: MIT */
/* keg destroy: removes a container's files. */
#include "cli/cli.h"

#include "client/disk.h"

#include <stdlib.h>

struct options {
	bool force, snapshots;
};

static const struct opt opts[] = {
	{ 'f', "force", NULL, OPT_FLAG, offsetof(struct options, force), false, "Stop it first if it runs" },
	{ 's', "snapshots", NULL, OPT_FLAG, offsetof(struct options, snapshots), false, "Destroy its snapshots too" },
};

static int refuse_running(const struct cli *c)
{
	struct err e = { 0 };

	(void)err_say(&e, 0, "%s is running", c->name);
	err_hint(&e, "lxc-destroy -f -n %s stops it first", c->name);
	return cli_fail(c, &e);
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	struct err e = { 0 };
	char *kept;
	int r = 0;

	if (!ct)
		return 1;
	if (cli_runs(c, ct)) {
		if (!o->force)
			return refuse_running(c);
		if (container_kill(ct, &e) < 0)
			return cli_fail(c, &e);
	}
	if (o->snapshots)
		r = container_snapshots_destroy(ct, &e);
	if (r == 0)
		r = container_destroy(ct, &e);
	if (r < 0)
		return cli_fail(c, &e);
	kept = storage_rootfs(ct);
	if (!destroy_removes(ct))
		cli_note(c, "%s: %s: nothing is removed: lxc.rootfs.managed is 0\n", c->tool, c->name);
	else if (kept && !storage_inside(ct, kept)) /* inside it is a newer container's */
		cli_note(c, "%s: %s: %s is kept: it was not made for this container\n", c->tool, c->name, kept);
	free(kept);
	return 0;
}

const struct verb verb_destroy = {
	.name = "destroy",
	.synopsis = "--name=NAME [-f] [-s]",
	.about = "removes a container and all its files",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS,
	.run = run,
	.examples = {
		{ "web1", "a stopped container and its files" },
		{ "-f -s web1", "stops it first, and removes its snapshots, too" },
	},
};
