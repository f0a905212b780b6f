/* SPDX-License-Identifier: MIT */
/*
 * One binary for all verbs: `keg VERB ...`, and a link lxc-VERB to it. Here is the list of verbs, and the
 * way from a command line to one of them.
 */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/own.h"
#include "cli/version.h"
#include "spec/key.h"

#include <string.h>

/* clang-format off */
#define VERBS                                                                                              \
	VERB(attach) VERB(cgroup) VERB(checkconfig) VERB(config) VERB(console) VERB(create) VERB(destroy)  \
	VERB(device) VERB(execute) VERB(freeze) VERB(info) VERB(ls) VERB(monitor) VERB(net) VERB(snapshot) \
	VERB(start) VERB(stop) VERB(unfreeze) VERB(wait)
/* clang-format on */

#define VERB(v) extern const struct verb verb_##v;
VERBS
#undef VERB

#define VERB(v) &verb_##v,
const struct verb *const verbs[] = { VERBS NULL };

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int run_verb(const struct verb *v, const char *tool, const char *prog, int argc, char **argv)
{
	struct cli c = { .verb = v, .tool = tool, .prog = prog, .log_fd = -1, .log_level = LOG_ERROR };
	int r;

	argv[0] = (char *)prog; /* getopt's own messages begin with it */
	if (v->flags & VERB_RAW)
		return v->raw(argc, argv);
	c.opt = calloc(1, v->size + 1);
	if (!c.opt)
		return 1;
	r = cli_parse(&c, argc, argv);
	if (r == CLI_RUN) {
		r = log_open(&c);
		if (r == 0)
			r = v->run(&c);
	}
	cli_free(&c);
	if (fflush(stdout) == EOF && r == 0)
		r = 1;
	return r;
}

static int list_verbs(FILE *f)
{
	(void)fputs("Usage: keg VERB [OPTION...] NAME\n\n", f);
	for (size_t i = 0; verbs[i]; i++)
		(void)fprintf(f, "  %-12s %s\n", verbs[i]->name, verbs[i]->about);
	(void)fputs("  version      shows which version this is\n"
		    "  help         shows this; with VERB its options, with a config key what it means\n\n"
		    "A link to this program that is called lxc-VERB does the same.\n",
		    f);
	return f == stdout ? 0 : 1;
}

static int explain_key(const char *name)
{
	enum feature_id feature;
	unsigned index;
	const char *rest, *near;
	const struct key *k = key_find(name, &feature, &index, &rest);

	if (!k) {
		near = key_nearest(name);
		(void)fprintf(stderr, "keg: there is no key \"%s\"%s%s\n", name, near ? "; did you mean " : "",
			      near ? near : "");
		return 1;
	}
	(void)printf("%s\n\n%s\n\n", k->name, k->help);
	if (k->values)
		(void)printf("values   %s\n", k->values);
	if (k->dflt)
		(void)printf("default  %s\n", k->dflt);
	if (k->since)
		(void)printf("since    LXC %s\n", k->since);
	return 0;
}

static int help(int argc, char **argv)
{
	_own_free char *prog = NULL;
	const struct verb *v;

	if (argc < 2)
		return list_verbs(stdout);
	if (str_starts(argv[1], "lxc."))
		return explain_key(argv[1]);
	v = verb_find(str_starts(argv[1], "lxc-") ? argv[1] + 4 : argv[1]);
	prog = str_fmt("keg %s", argv[1]);
	if (!v || !prog) {
		(void)fprintf(stderr, "keg: there is no verb \"%s\"; see `keg help`\n", argv[1]);
		return 1;
	}
	cli_help(&(struct cli){ .verb = v, .tool = "keg", .prog = prog }, stdout);
	return 0;
}

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
		return list_verbs(stderr);
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0)
		return version();
	v = verb_find(str_starts(word, "lxc-") ? word + 4 : word);
	if (!v) {
		(void)fprintf(stderr, "keg: there is no verb \"%s\"; see `keg help`\n", word);
		return 1;
	}
	prog = str_fmt("keg %s", v->name);
	return prog ? run_verb(v, "keg", prog, argc - 1, argv + 1) : 1;
}

int main(int argc, char **argv)
{
	const char *called = argc > 0 && argv[0] ? argv[0] : "keg", *slash = strrchr(called, '/');
	_own_free char *tool = NULL;
	const struct verb *v;

	mem_populate();
	if (slash)
		called = slash + 1;
	v = str_starts(called, "lxc-") ? verb_find(called + 4) : NULL;
	if (!v)
		return run_keg(argc, argv);
	tool = str_fmt("lxc-%s", v->name);
	return tool ? run_verb(v, tool, tool, argc, argv) : 1;
}
