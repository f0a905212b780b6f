/* SPDX-License-Identifier: MIT */
/* One binary for all verbs: `keg VERB ...`, and a link lxc-VERB to it. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/version.h"

#include <string.h>

static int version(void)
{
	(void)puts("keg " KEG_VERSION " (LXC " KEG_LXC_VERSION ")");
	return 0;
}

/* `keg VERB ...` */
static int run_keg(int argc, char **argv)
{
	_own_free char *prog = NULL;
	const struct verb *v;
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word)
		return help_verbs(stderr);
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help_verbs(stdout);
	if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0)
		return version();
	if (strcmp(word, "__complete") == 0)
		return complete(argc - 2, argv + 2);
	v = verb_find(word);
	if (!v)
		return help_no_verb(word);
	prog = str_fmt("keg %s", v->name);
	return prog ? verb_call(v, "keg", prog, argc - 1, argv + 1) : 1;
}

static int run_as(const struct verb *v, int argc, char **argv)
{
	_own_free char *tool = str_fmt("lxc-%s", v->name);

	return tool ? verb_call(v, tool, tool, argc, argv) : 1;
}

/* `lxc VERB ...`, one more name that LXC 7.0 can be built with: it is lxc-VERB. */
static int run_lxc(int argc, char **argv)
{
	const struct verb *v = argc > 1 ? verb_find(argv[1]) : NULL;

	if (v)
		return run_as(v, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return version();
	(void)fputs("Usage: lxc COMMAND [ARGUMENT...]\n\n  \"lxc start\" is lxc-start, and so on; see keg(1).\n",
		    stderr);
	return argc < 2 || strcmp(argv[1], "--help") != 0;
}

int main(int argc, char **argv)
{
	const char *called = argc > 0 && argv[0] ? argv[0] : "keg", *slash = strrchr(called, '/');
	const struct verb *v;

	mem_populate();
	if (slash)
		called = slash + 1;
	if (strcmp(called, "lxc") == 0)
		return run_lxc(argc, argv);
	v = str_starts(called, "lxc-") ? verb_find(called) : NULL;
	return v ? run_as(v, argc, argv) : run_keg(argc, argv);
}
