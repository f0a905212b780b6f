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

/* LXC compares what is given as a prefix: "lxc" prints the first item. */
static int print_item(const char *wanted)
{
	const struct global_key *k;

	for (size_t i = 0; (k = global_key(i)); i++) {
		_own_free char *value = NULL;

		if (!k->listed || strncmp(k->name, wanted, strlen(wanted)) != 0)
			continue;
		value = global_config(k->name);
		if (value)
			(void)puts(value);
		else
			(void)printf("%s is not set.\n", wanted);
		return 0;
	}
	(void)printf("Unknown configuration item: %s\n", wanted);
	return 1;
}

static int raw(int argc, char **argv)
{
	const struct global_key *k;

	if (argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		return usage(argv[0]);
	if (strcmp(argv[1], "-l") != 0)
		return print_item(argv[1]);
	for (size_t i = 0; (k = global_key(i)); i++)
		if (k->listed)
			(void)puts(k->name);
	return 0;
}

const struct verb verb_config = {
	.name = "config",
	.synopsis = "-l | ITEM",
	.about = "shows the system's settings; reads, changes and checks a container's config",
	.flags = VERB_RAW,
	.raw = raw,
	.below = below,
};
