/* SPDX-License-Identifier: MIT */
/* keg cgroup: reads or writes a file of a running container's cgroups. */
#include "cli/cli.h"

#include "base/own.h"

#include <stdio.h>
#include <string.h>

static const struct opt opts[] = { OPT_FORMAT };

static int show(const struct cli *c, const char *file, char *value)
{
	static const struct format_column columns[] = { { "name", CELL_TEXT },
							{ "file", CELL_TEXT },
							{ "value", CELL_TEXT } };
	struct answer a = { .noun = "files", .columns = columns, .n = ARRAY_SIZE(columns) };
	size_t n = strlen(value);

	if (c->format == FORMAT_NONE) {
		(void)printf("%s\n", value); /* the file's own newline stays, as LXC prints it */
		return 0;
	}
	if (n && value[n - 1] == '\n')
		value[n - 1] = 0;
	return cli_answer(c, &a, strv_add(&a.cells, c->name) | strv_add(&a.cells, file) | strv_add(&a.cells, value));
}

static int run(struct cli *c)
{
	_own_container struct container *ct = NULL;
	_own_buf struct buf value = { 0 };
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err e = { 0 };
	char none[] = "";
	int r;

	if (c->n_args < 1) {
		cli_note(c, "%s: Missing state object\n", c->tool);
		return cli_misuse(c);
	}
	ct = cli_container(c);
	if (!ct)
		return 1;
	if (!cli_runs(c, ct))
		return cli_not_running(c, "'%s:%s' is not running", ct->lxcpath, c->name);
	if (container_cgroup_begun(ct, &host, &tree, &e) < 0)
		return cli_fail(c, &e);
	if (c->n_args > 1)
		r = cgroup_tree_set(&tree, c->args[0], c->args[1], &e);
	else
		r = cgroup_tree_get(&tree, c->args[0], &value, &e);
	cgroup_tree_close(&tree);
	if (r < 0)
		return cli_fail(c, &e);
	return c->n_args == 1 ? show(c, c->args[0], value.s ? value.s : none) : 0;
}

const struct verb verb_cgroup = {
	.name = "cgroup",
	.synopsis = "--name=NAME FILE [VALUE]",
	.about = "shows or sets a file of a container's cgroup, such as memory.max",
	OPTS(opts),
	.flags = VERB_EXISTING,
	.run = run,
	.examples = {
		{ "web1 memory.max", "shows the limit" },
		{ "web1 memory.max 512M", "sets it, until web1 stops; keg set web1 memory=512M lasts" },
	},
};
