/* SPDX-License-Identifier: MIT */
/* keg help: verbs, and what a config key means; keg explain is the same for keys. */
#include "cli/cli.h"

#include "base/own.h"
#include "spec/key.h"
#include "spec/legacy.h"

#include <ctype.h>
#include <string.h>

struct options {
	bool where, keys;
};

static const struct opt opts[] = {
	{ 0, "where", NULL, OPT_FLAG, offsetof(struct options, where), false,
	  "Print the source file that holds the key's whole life" },
	{ 0, "keys", NULL, OPT_FLAG, offsetof(struct options, keys), false, "Print the names of all config keys" },
	OPT_FORMAT,
};

/* What a first day takes, in its order. */
static const char *const first[] = { "check", "net", "run",  "create", "start", "shell",    "ls",
				     "info",  "top", "logs", "set",    "stop",	"snapshot", "destroy" };

static bool is_first(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		if (strcmp(first[i], name) == 0)
			return true;
	return false;
}

static void print_verb(const struct verb *v, FILE *f)
{
	(void)fprintf(f, "  %-14s %s\n", v->name, v->about);
}

int help_verbs(FILE *f)
{
	(void)fputs("Usage: keg VERB [OPTION...] NAME\n\nTo begin with: keg run busybox\n\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		print_verb(verb_find(first[i]), f);
	(void)fputs("\nAll others\n\n", f);
	for (size_t i = 0; verbs[i]; i++)
		if (!is_first(verbs[i]->name))
			print_verb(verbs[i], f);
	(void)fputs("  version        shows which version this is\n\n"
		    "`keg help VERB` shows a verb's options, `keg help KEY` what a config key does.\n"
		    "A link to this program that is called lxc-VERB does the same.\n",
		    f);
	return f == stdout ? 0 : 1;
}

/* As other programs call it. */
static const struct {
	const char *word, *ours;
} synonyms[] = {
	{ "list", "ls" },	   { "ps", "ls" },	     { "status", "info" },  { "show", "info" },
	{ "exec", "shell" },	   { "enter", "shell" },     { "login", "shell" },  { "rm", "destroy" },
	{ "delete", "destroy" },   { "remove", "destroy" },  { "kill", "stop -k" }, { "restart", "stop -r" },
	{ "reboot", "stop -r" },   { "clone", "copy" },	     { "cp", "copy" },	    { "mv", "rename" },
	{ "launch", "run" },	   { "limit", "set" },	     { "doctor", "check" }, { "pause", "freeze" },
	{ "unpause", "unfreeze" }, { "resume", "unfreeze" }, { "stats", "top" },    { "restore", "snapshot -r" },
};

static const char *synonym(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
		if (strcmp(synonyms[i].word, word) == 0)
			return synonyms[i].ours;
	return NULL;
}

int help_no_verb(const char *word)
{
	struct nearest near = { .to = word, .found = synonym(word) };

	if (*word == '-') {
		(void)fprintf(stderr, "keg: a verb comes first, its options behind it\n  try     keg VERB %s ...\n",
			      word);
		return 1;
	}
	near.edits = near.found ? 0 : 3;
	for (size_t i = 0; verbs[i]; i++)
		nearest_see(&near, verbs[i]->name);
	(void)fprintf(stderr, "keg: there is no verb \"%s\"\n  try     ", word);
	(void)fprintf(stderr, near.found ? "keg %s?\n" : "keg help\n", near.found);
	return 1;
}

static int print_keys(void)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			_own_free char *name = key_shown(&features[f]->keys[i]);

			(void)puts(name ? name : features[f]->keys[i].name);
		}
	return 0;
}

/* The row that a name means, as a config or as a manual writes it: lxc.net.0.link, lxc.net.N.link. */
static const struct key *find(const char *name, enum feature_id *feature)
{
	const char *rest;
	unsigned index;
	const struct key *k = key_find(name, feature, &index, &rest);

	if (k)
		return k;
	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			_own_free char *shown = key_shown(&features[f]->keys[i]);

			if (strcmp(features[f]->keys[i].name, name) == 0 || (shown && strcmp(shown, name) == 0)) {
				*feature = (enum feature_id)f;
				return &features[f]->keys[i];
			}
		}
	return NULL;
}

/* The first sentence, that a list has room for. */
static void print_short(const struct key *k)
{
	_own_free char *name = key_shown(k);
	const char *dot = strstr(k->help, ". ");

	(void)printf("  %-34s %.*s\n", name ? name : k->name, (int)(dot ? dot - k->help + 1 : (long)strlen(k->help)),
		     k->help);
}

/* Is the row below that word? "lxc.net.N.link" is below lxc.net, lxc.net.N and lxc.net.0. */
static bool is_below(const struct key *k, const char *word)
{
	const char *row = k->name;

	for (; *word && *row; row++, word++) {
		if (*row == '#' && isdigit((unsigned char)*word)) {
			word += strspn(word, "0123456789") - 1;
			continue;
		}
		if (*row != *word && !(*row == '#' && *word == 'N'))
			return false;
	}
	return !*word && *row == '.';
}

static bool print_below(const char *word, const char *heading)
{
	bool any = false;

	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			if (!is_below(&features[f]->keys[i], word))
				continue;
			if (!any)
				(void)printf("%s", heading);
			any = true;
			print_short(&features[f]->keys[i]);
		}
	return any;
}

static void print_facts(const struct key *k)
{
	if (k->values)
		(void)printf("values   %s\n", k->values);
	if (k->type && k->type->shape == SHAPE_LIST && !k->set)
		(void)puts("lines    several add up; one with an empty value takes away what was said before");
	if (k->dflt)
		(void)printf("default  %s\n", k->dflt);
	if (k->emptied)
		(void)printf("empty    an empty value means %s\n", k->emptied);
	if (k->live)
		(void)puts("live     may change while the container runs");
	if (k->since)
		(void)printf("since    LXC %s\n", k->since);
	for (size_t i = 0; i < ARRAY_SIZE(k->good); i++) {
		_own_free char *example = key_example(k, i);

		if (example)
			(void)printf("%s  %s\n", i ? "       " : "example", example);
	}
}

static void print_key(const struct key *k, const char *asked)
{
	_own_free char *name = key_shown(k);

	(void)printf("%s\n\n", name ? name : k->name);
	text_wrapped(stdout, 0, k->help);
	(void)putchar('\n');
	print_facts(k);
	(void)print_below(asked, "\nBelow it:\n\n");
}

static bool print_global(const char *name)
{
	const struct global_key *g;

	for (size_t i = 0; (g = global_key(i)); i++) {
		if (strcmp(g->name, name) != 0)
			continue;
		(void)printf("%s\n\n", g->name);
		text_wrapped(stdout, 0, g->help);
		(void)printf("\nvalues   %s\n", g->values);
		if (g->root)
			(void)printf("default  %s\n", g->root);
		if (g->user)
			(void)printf("         $HOME/%s of a user that is not root\n", g->user);
		(void)printf("file     %s/lxc/lxc.conf, or $HOME/.config/lxc/lxc.conf: not a container's config\n",
			     "/etc");
		return true;
	}
	return false;
}

static int no_key(const char *name)
{
	const char *near = key_nearest(name);
	char hint[160];

	(void)fprintf(stderr, "keg: there is no key \"%s\"\n", name);
	if (legacy_hint(name, hint, sizeof(hint)))
		(void)fprintf(stderr, "  try     %s\n", hint);
	else if (near)
		(void)fprintf(stderr, "  try     did you mean %s?\n", near);
	return 1;
}

static int help_key(const char *name, bool where)
{
	enum feature_id feature;
	const struct key *k = find(name, &feature);

	if (where) {
		if (!k)
			return no_key(name);
		(void)puts(feature_where(features[feature]));
		return 0;
	}
	if (k)
		print_key(k, name);
	else if (!print_global(name) && !print_below(name, ""))
		return no_key(name);
	return 0;
}

static int add_key(struct strv *cells, const struct key *k)
{
	_own_free char *name = key_shown(k);
	_own_buf struct buf examples = { 0 };
	int bad = strv_add(cells, name ? name : k->name) | strv_add(cells, k->help) |
		  strv_add(cells, k->values ? k->values : "") | strv_add(cells, k->dflt ? k->dflt : "") |
		  strv_add(cells, k->since ? k->since : "") | strv_add(cells, k->live ? "true" : "false");

	for (size_t i = 0; i < ARRAY_SIZE(k->good); i++) {
		_own_free char *example = key_example(k, i);

		if (example)
			buf_addf(&examples, "%s\n", example);
	}
	return bad | strv_add(cells, examples.s ? examples.s : "");
}

/* The key that is named, or those below the name; NULL: all. */
static int answer_keys(const struct cli *c, const char *name)
{
	static const struct format_column columns[] = {
		{ "key", CELL_TEXT },	{ "help", CELL_TEXT },	{ "values", CELL_TEXT },   { "default", CELL_TEXT },
		{ "since", CELL_TEXT }, { "live", CELL_PLAIN }, { "examples", CELL_LIST },
	};
	struct answer a = { .noun = "keys", .columns = columns, .n = ARRAY_SIZE(columns) };
	enum feature_id feature;
	const struct key *one = name ? find(name, &feature) : NULL;
	int bad = 0;

	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const struct key *k = &features[f]->keys[i];

			if (!name || k == one || (!one && is_below(k, name)))
				bad |= add_key(&a.cells, k);
		}
	if (!a.cells.n && name)
		return no_key(name);
	return cli_answer(c, &a, bad);
}

static int answer_verbs(const struct cli *c)
{
	static const struct format_column columns[] = { { "name", CELL_TEXT }, { "about", CELL_TEXT } };
	struct answer a = { .noun = "verbs", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; verbs[i]; i++)
		bad |= strv_add(&a.cells, verbs[i]->name) | strv_add(&a.cells, verbs[i]->about);
	return cli_answer(c, &a, bad);
}

static int help_verb(char **words, int n)
{
	const struct verb *v = verb_find(words[0]), *below = v && n > 1 ? verb_below(v, words[1]) : NULL;
	_own_free char *prog = NULL;

	if (!v)
		return help_no_verb(words[0]);
	if ((v->flags & VERB_RAW || v->below) && !below) {
		_own_free char *name = str_fmt("keg %s", v->name);
		char dashes[] = "--help", *argv[] = { name, dashes, NULL };

		return name ? verb_call(v, "keg", name, 2, argv) : 1;
	}
	prog = below ? str_fmt("keg %s %s", v->name, below->name) : str_fmt("keg %s", v->name);
	if (!prog)
		return 1;
	cli_help(&(struct cli){ .verb = below ? below : v, .tool = "keg", .prog = prog }, stdout);
	return 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;

	if (c->format != FORMAT_NONE && c->n_args == 0)
		return o->keys ? answer_keys(c, NULL) : answer_verbs(c);
	if (c->format != FORMAT_NONE && !o->where && str_starts(c->args[0], "lxc."))
		return answer_keys(c, c->args[0]);
	if (o->keys)
		return print_keys();
	if (c->n_args == 0)
		return o->where ? cli_misuse(c) : help_verbs(stdout);
	if (o->where || str_starts(c->args[0], "lxc."))
		return help_key(c->args[0], o->where);
	return help_verb(c->args, c->n_args);
}

static int run_explain(struct cli *c)
{
	if (c->n_args != 1)
		return cli_misuse(c);
	return c->format != FORMAT_NONE ? answer_keys(c, c->args[0]) : help_key(c->args[0], false);
}

const struct verb verb_help = {
	.name = "help",
	.synopsis = "[VERB | [--where] KEY | --keys]",
	.about = "shows a verb's options, or what a config key does",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "start", "the options of keg start" },
		{ "lxc.net.0", "the keys of an interface" },
		{ "--where lxc.uts.name", "the source file that does it" },
	},
};

static const struct opt explain_opts[] = { OPT_FORMAT };

const struct verb verb_explain = {
	.name = "explain",
	.synopsis = "KEY",
	.about = "shows what a config key does, as `keg help KEY`",
	OPTS(explain_opts),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run_explain,
	.examples = {
		{ "lxc.net.0.link", "what it does, its values, an example" },
	},
};
