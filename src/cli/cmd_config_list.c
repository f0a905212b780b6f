/* SPDX-License-Identifier: MIT */
/* keg config list: every key that is set, with its value and the file and line that say so. */
#include "cli/config.h"

#include "base/own.h"

struct options {
	bool running;
};

static const struct opt opts[] = {
	OPT_RUNNING(struct options),
	OPT_FORMAT,
};

static void show_text(const struct values *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct value *v = &all->v[i];

		if (v->at.file)
			(void)printf("%s:%u", v->at.file, v->at.line);
		(void)printf("\t%s = %s\n", v->key, v->text);
	}
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	_own_values struct values all = { 0 };

	if (c->n_args)
		return cli_misuse(c);
	ct = config_of(c, o->running);
	if (!ct)
		return 1;
	if (config_values(ct->spec, &all) < 0)
		return cli_say(c, "out of memory");
	if (c->format != FORMAT_NONE)
		return config_answer(c, &all, NULL);
	show_text(&all);
	return 0;
}

const struct verb verb_config_list = {
	.name = "list",
	.synopsis = "NAME",
	.about = "prints every key that is set, and where: FILE:LINE, a tab, KEY = VALUE",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "web1", "all keys, each with the file and line that sets it" },
	},
};
