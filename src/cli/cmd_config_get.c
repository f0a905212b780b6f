/* SPDX-License-Identifier: MIT */
/* keg config get: one key's value, in the text form that LXC's library gives. */
#include "cli/config.h"

#include "base/own.h"
#include "spec/key.h"
#include "spec/legacy.h"

#include <string.h>

struct options {
	bool running;
};

static const struct opt opts[] = {
	OPT_RUNNING(struct options),
	OPT_FORMAT,
};

static int unknown(const struct cli *c, const char *key)
{
	const char *near = key_nearest(key);
	char hint[160];
	struct err e = { 0 };

	(void)err_say(&e, 1, "unknown key %s", key);
	if (legacy_hint(key, hint, sizeof(hint)))
		err_hint(&e, "%s", hint);
	else if (near)
		err_hint(&e, "did you mean %s?", near);
	return cli_fail(c, &e);
}

static int answer(const struct cli *c, const char *key, const char *value)
{
	static const struct format_column columns[] = { { "key", CELL_TEXT }, { "value", CELL_TEXT } };
	struct answer a = { .noun = "keys", .columns = columns, .n = ARRAY_SIZE(columns) };

	return cli_answer(c, &a, strv_add(&a.cells, key) | strv_add(&a.cells, value));
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	_own_buf struct buf value = { 0 };
	enum feature_id feature;
	const char *rest;
	unsigned index;

	if (c->n_args != 1)
		return cli_misuse(c);
	if (!key_find(c->args[0], &feature, &index, &rest))
		return unknown(c, c->args[0]);
	ct = config_of(c, o->running);
	if (!ct)
		return 1;
	/* A network device that is not there has no value, as a key that is not set. */
	(void)!spec_get(ct->spec, c->args[0], &value);
	if (c->format != FORMAT_NONE)
		return answer(c, c->args[0], value.s ? value.s : "");
	if (value.len)
		(void)printf("%s%s", value.s, value.s[value.len - 1] == '\n' ? "" : "\n");
	return 0;
}

const struct verb verb_config_get = {
	.name = "get",
	.synopsis = "NAME KEY",
	.about = "prints the value of one key; nothing where it is not set",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "web1 lxc.uts.name", "its host name" },
		{ "--running web1 lxc.cgroup2.memory.max", "what the running container has" },
	},
};
