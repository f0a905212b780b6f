/* SPDX-License-Identifier: MIT */
/* keg config: the system's settings, as lxc-config; and the way to the verbs that work on a container's config. */
#include "cli/config.h"

#include "base/own.h"

#include <string.h>

extern const struct verb verb_config;

static const struct verb *const below[] = { &verb_config_get,
					    &verb_config_list,
					    &verb_config_set,
					    &verb_config_unset,
					    &verb_config_check,
					    &verb_config_explain,
					    NULL };

static int usage(const char *prog, bool with_examples)
{
	(void)printf("Usage: %s -l: list all available configuration items\n"
		     "       %s item: print configuration item\n",
		     prog, prog);
	if (str_starts(prog, "keg "))
		(void)puts("\nof a container:");
	for (size_t i = 0; str_starts(prog, "keg ") && below[i]; i++)
		(void)printf("       %s %s %s: %s\n", prog, below[i]->name, below[i]->synopsis, below[i]->about);
	if (with_examples) {
		(void)putchar('\n');
		cli_examples(prog, &verb_config, stdout);
	}
	return 0;
}

static const struct opt opts[] = { OPT_FORMAT };

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

/* The word behind --format, taken out of the arguments; NULL: it is not there, "": it has none. */
static const char *take_format(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		bool alone = strcmp(argv[i], "--format") == 0;
		const char *word = !alone && str_starts(argv[i], "--format=") ? strchr(argv[i], '=') + 1 : NULL;
		int n = 1;

		if (alone) {
			word = i + 1 < *argc ? argv[i + 1] : "";
			n += i + 1 < *argc;
		}
		if (!word)
			continue;
		*argc -= n;
		memmove(argv + i, argv + i + n, (size_t)(*argc - i + 1) * sizeof(*argv));
		return word;
	}
	return NULL;
}

/* By hand: of options LXC knows -l and -h, and looks for a setting by every other word, such as "-x". */
static int raw(int argc, char **argv)
{
	struct cli c = { .verb = &verb_config, .tool = str_starts(argv[0], "keg ") ? "keg" : argv[0] };
	const struct global_key *k;
	bool list;

	c.format_word = take_format(&argc, argv);
	if (c.format_word && format_of(c.format_word, &c.format) < 0)
		return cli_say(&c, "--format %s: none of table, json, csv", c.format_word);
	if (argc < 2)
		return usage(argv[0], false);
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		return usage(argv[0], true);
	list = strcmp(argv[1], "-l") == 0;
	k = list ? NULL : find(argv[1]);
	if (!list && !k) {
		(void)printf("Unknown configuration item: %s\n", argv[1]);
		return 1;
	}
	if (c.format != FORMAT_NONE)
		return answer(&c, k);
	if (k)
		return print_item(k, argv[1]);
	for (size_t i = 0; (k = global_key(i)); i++)
		if (k->listed)
			(void)puts(k->name);
	return 0;
}

const struct verb verb_config = {
	.name = "config",
	.synopsis = "-l | ITEM [--format FORMAT]",
	.about = "shows the system's settings; reads, changes and checks a container's config",
	OPTS(opts),
	.flags = VERB_RAW,
	.raw = raw,
	.below = below,
	.examples = {
		{ "-l", "the names of the system's settings" },
		{ "lxc.lxcpath", "the folder that holds the containers" },
	},
};
