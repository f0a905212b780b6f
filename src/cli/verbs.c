/* SPDX-License-Identifier: MIT */
/* The list of verbs, and the way from a command line to one of them. */
#include "cli/cli.h"

#include "base/own.h"

#include <string.h>

/* clang-format off */
#define VERBS                                                                                               \
	VERB(attach) VERB(autostart) VERB(cgroup) VERB(check) VERB(checkconfig) VERB(checkpoint)            \
	VERB(config) VERB(console) VERB(copy) VERB(create) VERB(destroy) VERB(device)            \
	VERB(events) VERB(execute) VERB(rename)                                                            \
	VERB(explain) VERB(freeze) VERB(help) VERB(info) VERB(logs) VERB(keepers) VERB(ls) VERB(monitor) VERB(net)        \
	VERB(run) VERB(set) VERB(shell) VERB(snapshot) VERB(start) VERB(stop) VERB(top) VERB(unfreeze)      \
	VERB(unshare) VERB(update_config) VERB(usernsexec) VERB(wait)
/* clang-format on */

#define VERB(v) extern const struct verb verb_##v;
VERBS
#undef VERB

#define VERB(v) &verb_##v,
const struct verb *const verbs[] = { VERBS NULL };

static const struct verb *among(const struct verb *const *list, const char *name)
{
	for (size_t i = 0; list && list[i]; i++)
		if (strcmp(list[i]->name, name) == 0)
			return list[i];
	return NULL;
}

const struct verb *verb_find(const char *name)
{
	return among(verbs, str_starts(name, "lxc-") ? name + 4 : name);
}

const struct verb *verb_below(const struct verb *v, const char *word)
{
	return among(v->below, word);
}

static int run_one(const struct verb *v, const char *tool, const char *prog, int argc, char **argv)
{
	struct cli c = { .verb = v, .tool = tool, .prog = prog };
	int r;

	argv[0] = (char *)prog; /* getopt's own messages begin with it */
	if (v->flags & VERB_RAW)
		return v->raw(argc, argv);
	c.opt = calloc(1, v->size + 1);
	if (!c.opt)
		return 1;
	r = cli_parse(&c, argc, argv);
	if (r == CLI_RUN) {
		r = cli_log_open(&c);
		if (r == 0)
			r = v->run(&c);
	}
	cli_free(&c);
	if (fflush(stdout) == EOF && r == 0)
		r = 1;
	return r;
}

int verb_call(const struct verb *v, const char *tool, const char *prog, int argc, char **argv)
{
	const struct verb *below = argc > 1 && strcmp(tool, "keg") == 0 ? verb_below(v, argv[1]) : NULL;
	_own_free char *whole = below ? str_fmt("%s %s", prog, below->name) : NULL;

	if (!below)
		return run_one(v, tool, prog, argc, argv);
	return whole ? run_one(below, tool, whole, argc - 1, argv + 1) : 1;
}
