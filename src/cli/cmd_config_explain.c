/* SPDX-License-Identifier: MIT */
/* keg config check: is a container's config right? keg config explain: what does each of its lines do? */
#include "cli/config.h"

#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <string.h>

static const struct opt check_opts[] = { OPT_FORMAT };

/* Mistakes are the answer here: with --format they are on stdout. */
static int answer(const struct cli *c, const struct problems *p)
{
	static const struct format_column columns[] = {
		{ "key", CELL_TEXT },  { "file", CELL_TEXT },	  { "line", CELL_PLAIN },
		{ "what", CELL_TEXT }, { "warning", CELL_PLAIN }, { "try", CELL_TEXT },
	};
	struct answer a = { .noun = "problems", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct err *e = &p->v[i];
		_own_free char *hint = cli_hint(c, e->hint);
		char what[sizeof(e->op) + sizeof(e->object) + 128];

		err_text(e, what, sizeof(what));
		bad |= strv_add(&a.cells, e->key) | strv_add(&a.cells, e->file) |
		       (e->line ? strv_addf(&a.cells, "%u", e->line) : strv_add(&a.cells, "")) |
		       strv_add(&a.cells, what) | strv_add(&a.cells, e->warning ? "true" : "false") |
		       strv_add(&a.cells, hint ? hint : e->hint);
	}
	return cli_answer(c, &a, bad);
}

static int check(struct cli *c)
{
	_own_container struct container *ct = NULL;
	_own_problems struct problems p = { 0 };
	int r;

	if (c->n_args)
		return cli_misuse(c);
	ct = cli_container(c);
	if (!ct)
		return 1;
	r = container_load(ct, c->rcfile, &p);
	if (r == -ENOENT && !p.n)
		return cli_say(c, "Container is not defined");
	if (container_check(ct, &p) < 0)
		r = -EINVAL;
	if (c->format != FORMAT_NONE)
		return answer(c, &p) ? 1 : r < 0;
	(void)cli_problems(c, &p);
	if (r < 0)
		return 1;
	if (!p.n)
		(void)printf("%s: nothing is wrong with %s\n", c->name, ct->config_file);
	return 0;
}

const struct verb verb_config_check = {
	.name = "check",
	.synopsis = "NAME",
	.about = "tells every mistake in a container's config at once",
	OPTS(check_opts),
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = check,
	.examples = {
		{ "web1", "nothing where all is well; else each mistake with its line" },
	},
};

struct options {
	bool running;
};

static const struct opt opts[] = { OPT_RUNNING(struct options), OPT_FORMAT };

static void explain_one(const struct value *v, bool first)
{
	enum feature_id feature;
	const char *rest;
	unsigned index;
	const struct key *k = key_find(v->key, &feature, &index, &rest);

	(void)printf("%s%s = %s\n", first ? "" : "\n", v->key, v->text);
	if (v->at.file)
		(void)printf("  set by  %s:%u\n", v->at.file, v->at.line);
	if (k)
		text_wrapped(stdout, 2, k->help);
}

static int explain(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	_own_values struct values all = { 0 };
	bool first = true;

	if (c->n_args > 1)
		return cli_misuse(c);
	ct = config_of(c, o->running);
	if (!ct)
		return 1;
	if (config_values(ct->spec, &all) < 0)
		return cli_say(c, "out of memory");
	if (c->format != FORMAT_NONE)
		return config_answer(c, &all, c->args[0]);
	for (size_t i = 0; i < all.n; i++) {
		if (!config_below(all.v[i].key, c->args[0]))
			continue;
		explain_one(&all.v[i], first);
		first = false;
	}
	return 0;
}

const struct verb verb_config_explain = {
	.name = "explain",
	.synopsis = "NAME [KEY]",
	.about = "tells what every key that is set does, and where it is set",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = explain,
	.examples = {
		{ "web1", "every key that web1's config sets" },
		{ "web1 lxc.net.0.link", "one of them" },
	},
};
