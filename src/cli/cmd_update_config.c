/* SPDX-License-Identifier: MIT */
/* keg update-config: a config file of LXC before 2.1 gets the names that keys have today. */
#include "cli/cli.h"

struct options {
	const char *file;
};

static const struct opt opts[] = {
	{ 'c', "config", "FILE", OPT_TEXT, offsetof(struct options, file), false, "The config file to update" },
};

/* LXC's words, on stdout and with 0 also where nothing is asked for. */
static int usage(const struct cli *c)
{
	(void)printf("%s -h|--help [-c|--config]\nconfig: the container configuration to update\n", c->prog);
	if (c->help) {
		(void)putchar('\n');
		cli_examples(c->prog, c->verb, stdout);
	}
	return 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	struct err e = { 0 };
	bool changed;

	if (c->help || (!o->file && !c->n_args))
		return usage(c);
	if (!o->file || c->n_args)
		return cli_misuse(c);
	return config_update(o->file, &changed, &e) < 0 ? cli_fail(c, &e) : 0;
}

const struct verb verb_update_config = {
	.name = "update-config",
	.synopsis = "-c FILE",
	.about = "gives the keys of an old config file the names of today",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_NO_LOG | VERB_OWN_HELP,
	.run = run,
	.more = "\nFILE.backup is what the file was. Comments, blank lines and the order stay; a file without\n"
		"old names is not touched.\n",
	.examples = {
		{ "-c /var/lib/lxc/old1/config", "FILE.backup keeps what it was" },
	},
};
