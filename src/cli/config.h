/* SPDX-License-Identifier: MIT */
#pragma once
/* What the verbs of `keg config` share: a container's config, loaded; its values as a list. */
#include "cli/cli.h"

struct value {
	char *key, *text;
	struct origin at; /* file: the spec's; NULL where no file says it */
};

struct values {
	struct value *v;
	size_t n;
};

/* All that is set, in the order of the rows. -ENOMEM. */
int config_values(const struct spec *s, struct values *out) _must_check;
void config_values_free(struct values *v);
#define _own_values __attribute__((cleanup(config_values_free)))

/*
 * The container that is named, with what its file says, or with --running what it runs with. Mistakes are not told:
 * `keg config check` does. NULL after an error was told.
 */
struct container *config_of(const struct cli *c, bool running) _must_check;
/* The answer to a program: those below `below` (NULL: all). */
int config_answer(const struct cli *c, const struct values *all, const char *below) _must_check;
/* Is the key that, or one below it? "lxc.net" and "lxc.net.0" for "lxc.net.0.link"; NULL: any is. */
bool config_below(const char *key, const char *asked);

extern const struct verb verb_config, verb_config_get, verb_config_list, verb_config_set, verb_config_unset,
	verb_config_check, verb_config_explain;

#define OPT_RUNNING(options)                                                                                           \
	{                                                                                                              \
		0, "running", NULL, OPT_FLAG, offsetof(options, running), false,                                       \
			"Show what it runs with instead of what its file says"                                         \
	}
