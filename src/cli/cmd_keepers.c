/* SPDX-License-Identifier: MIT */
/* keg keepers: the processes that own running containers, and their exchange after an upgrade. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>

static const struct opt opts[] = { OPT_FORMAT };

typedef int one_fn(const struct cli *c, const struct container *ct, void *arg);

/* Those that are named; without a name all that run. The exit code is that of the first that fails. */
static int each(const struct cli *c, one_fn *one, void *arg)
{
	_own_free char *dflt = global_config("lxc.lxcpath");
	const char *lxcpath = cli_lxcpath(c) ? cli_lxcpath(c) : dflt;
	_own_strv struct strv active = { 0 };
	struct err e = { 0 };
	int r = 0, bad = 0;

	for (int i = 0; i < c->n_args; i++)
		bad |= strv_add(&active, c->args[i]);
	if (!c->n_args && (!lxcpath || list_active(lxcpath, &active, &e) < 0))
		return cli_fail(c, &e);
	if (bad)
		return cli_say(c, "out of memory");
	for (size_t i = 0; i < active.n; i++) {
		_own_container struct container *ct = NULL;
		int x;

		err_clear(&e);
		x = container_open(&ct, active.v[i], cli_lxcpath(c), &e) < 0 ? cli_fail(c, &e) : one(c, ct, arg);
		r = r ? r : x;
	}
	return r;
}

static int add(const struct cli *c, const struct container *ct, void *arg)
{
	struct answer *a = arg;
	struct keeper_info k;
	struct err e = { 0 };
	int x = container_keeper(ct, &k, &e), bad;

	if (x == -ESRCH && !c->n_args) /* it has ended meanwhile */
		return 0;
	if (x < 0)
		return cli_fail_of(c, ct->name, &e);
	bad = strv_add(&a->cells, ct->name) | strv_addf(&a->cells, "%d", (int)k.pid) | strv_add(&a->cells, k.version);
	bad |= k.uptime_s < 0 ? strv_add(&a->cells, "") : strv_addf(&a->cells, "%lld", (long long)k.uptime_s);
	bad |= strv_add(&a->cells, k.replaced < 0 ? "" : k.replaced ? "true" : "false");
	return bad ? cli_say(c, "out of memory") : 0;
}

static int run(struct cli *c)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT },	    { "pid", CELL_PLAIN },	{ "version", CELL_TEXT },
		{ "uptime_s", CELL_PLAIN }, { "replaced", CELL_PLAIN },
	};
	struct answer a = { .noun = "keepers", .columns = columns, .n = sizeof(columns) / sizeof(columns[0]) };
	int r = each(c, add, &a);

	if (r && !a.cells.n)
		return r;
	return cli_answer(c, &a, 0) ? 1 : r;
}

static int upgrade_one(const struct cli *c, const struct container *ct, void *arg)
{
	struct err e = { 0 };

	(void)arg;
	return container_upgrade_keeper(ct, &e) < 0 ? cli_fail_of(c, ct->name, &e) : 0;
}

static int upgrade(struct cli *c)
{
	return each(c, upgrade_one, NULL);
}

static const struct verb verb_upgrade = {
	.name = "upgrade",
	.synopsis = "[NAME...]",
	.about = "puts running keepers onto the program that is installed now; nobody is cut off",
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = upgrade,
	.examples = {
		{ "", "all of them" },
		{ "web1", "that of web1" },
	},
};

static const struct verb *const below[] = { &verb_upgrade, NULL };

const struct verb verb_keepers = {
	.name = "keepers",
	.synopsis = "[NAME...]",
	.about = "lists the keepers of running containers, and whether their program was replaced since; upgrades them",
	OPTS(opts),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.below = below,
	.examples = {
		{ "", "all of them" },
		{ "web1 --format json", "that of web1, for programs" },
	},
};
