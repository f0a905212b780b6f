/* SPDX-License-Identifier: MIT */
/* keg config: the system's settings, as lxc-config; and the way to the verbs that work on a container's config. */
#include "cli/config.h"

#include "base/own.h"

#include <string.h>

static const struct verb *const below[] = { &verb_config_get,
					    &verb_config_list,
					    &verb_config_set,
					    &verb_config_unset,
					    &verb_config_check,
					    &verb_config_explain,
					    NULL };

static int usage(const char *prog)
{
	(void)printf("Usage: %s -l: list all available configuration items\n"
		     "       %s item: print configuration item\n",
		     prog, prog);
	if (!str_starts(prog, "keg "))
		return 0;
	(void)puts("\nof a container:");
	for (size_t i = 0; below[i]; i++)
		(void)printf("       %s %s %s: %s\n", prog, below[i]->name, below[i]->synopsis, below[i]->about);
	return 0;
}

struct options {
	bool list;
};

static const struct opt opts[] = {
	{ 'l', "list", NULL, OPT_FLAG, offsetof(struct options, list), false, "List the settings" },
	OPT_FORMAT,
};

/* LXC compares what is given as a prefix: "lxc" prints the first item. NULL: there is none. */
static const struct global_key *find(const char *wanted)
{
	const struct global_key *k;

	for (size_t i = 0; (k = global_key(i)); i++)
		if (k->listed && strncmp(k->name, wanted, strlen(wanted)) == 0)
			return k;
	return NULL;
}

static int print_item(const struct global_key *k, const char *wanted)
{
	_own_free char *value = global_config(k->name);

	if (value)
		(void)puts(value);
	else
		(void)printf("%s is not set.\n", wanted);
	return 0;
}

/* only NULL: all of them. */
static int answer(const struct cli *c, const struct global_key *only)
{
	static const struct format_column columns[] = { { "name", CELL_TEXT }, { "value", CELL_TEXT } };
	struct answer a = { .noun = "settings", .columns = columns, .n = ARRAY_SIZE(columns) };
	const struct global_key *k;
	int bad = 0;

	for (size_t i = 0; (k = global_key(i)); i++) {
		_own_free char *value = only && k != only ? NULL : global_config(k->name);

		if (k->listed && (!only || k == only))
			bad |= strv_add(&a.cells, k->name) | strv_add(&a.cells, value ? value : "");
	}
	return cli_answer(c, &a, bad);
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	const char *wanted = c->n_args ? c->args[0] : NULL;
	const struct global_key *k = wanted ? find(wanted) : NULL;

	if (c->help || (!o->list && !wanted))
		return usage(c->prog);
	if (!o->list && !k) {
		(void)printf("Unknown configuration item: %s\n", wanted);
		return 1;
	}
	if (c->format != FORMAT_NONE)
		return answer(c, o->list ? NULL : k);
	if (!o->list)
		return print_item(k, wanted);
	for (size_t i = 0; (k = global_key(i)); i++)
		if (k->listed)
			(void)puts(k->name);
	return 0;
}

const struct verb verb_config = {
	.name = "config",
	.synopsis = "-l | ITEM",
	.about = "shows the system's settings; reads, changes and checks a container's config",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_NO_LOG | VERB_OWN_HELP,
	.run = run,
	.below = below,
};
