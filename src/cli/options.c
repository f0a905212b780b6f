/* SPDX-License-Identifier: MIT */
/* One command line: getopt's tables, --help and --usage all come out of the verb's option rows. */
#include "cli/cli.h"

#include "base/num.h"
#include "base/own.h"
#include "base/version.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

#define COMMON(member) offsetof(struct cli, member), true

/* In the order in which --usage shows them. */
static const struct opt common[] = {
	{ 'n', "name", "NAME", OPT_TEXT, COMMON(name), "The container's name" },
	{ 'h', "help", NULL, OPT_FLAG, COMMON(help), NULL },
	{ '?', "help", NULL, OPT_FLAG, COMMON(help), "Show this help" },
	{ 0, "usage", NULL, OPT_FLAG, COMMON(usage), "Show a short usage message" },
	{ 0, "version", NULL, OPT_FLAG, COMMON(version), "Show the version" },
	{ 'q', "quiet", NULL, OPT_FLAG, COMMON(quiet), "Keep silent about errors" },
	{ 'o', "logfile", "FILE", OPT_TEXT, COMMON(logfile), "Write a log to FILE" },
	{ 'l', "logpriority", "LEVEL", OPT_TEXT, COMMON(logpriority), "What is logged: messages of LEVEL and above" },
	{ 'P', "lxcpath", "PATH", OPT_LIST, COMMON(lxcpaths), "The folder that holds the containers" },
	{ 0, "rcfile", "FILE", OPT_TEXT, COMMON(rcfile), "Load the config FILE instead of the container's" },
	{ 0, "format", "FORMAT", OPT_TEXT, COMMON(format_word), "json: errors are told as records, for programs" },
};

enum { LONG_BASE = 256, ROWS_MOST = 64 };

/* The verb's rows, then the common ones. */
const struct opt *cli_row(const struct verb *v, size_t i)
{
	if (i < v->n_opts)
		return &v->opts[i];
	return i - v->n_opts < ARRAY_SIZE(common) ? &common[i - v->n_opts] : NULL;
}

static bool named_before(const struct verb *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(cli_row(v, k)->name, cli_row(v, i)->name) == 0)
			return true;
	return false;
}

static bool key_before(const struct verb *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (cli_row(v, k)->key == cli_row(v, i)->key)
			return true;
	return false;
}

bool cli_said_better(const struct verb *v, const struct opt *o)
{
	for (size_t i = 0; i < v->n_opts; i++)
		if (&v->opts[i] != o && v->opts[i].key == o->key && strcmp(v->opts[i].name, o->name) == 0)
			return true;
	return false;
}

static bool is_format(const char *name)
{
	return strcmp(name, "format") == 0;
}

/* Keg's own option makes no abbreviation of LXC's ambiguous (--for of --force): it counts where it is spelled out. */
static bool spells_format(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--format") == 0 || str_starts(argv[i], "--format="))
			return true;
	return false;
}

static void build_tables(const struct verb *v, bool with_format, struct option *longs, char *shorts)
{
	const struct opt *o;

	for (size_t i = 0; (o = cli_row(v, i)) && i < ROWS_MOST; i++) {
		if (o->key && !key_before(v, i)) {
			*shorts++ = o->key;
			if (o->arg)
				*shorts++ = ':';
			if (o->kind == OPT_OPTIONAL)
				*shorts++ = ':';
		}
		if (named_before(v, i) || (is_format(o->name) && !with_format))
			continue;
		*longs++ = (struct option){
			.name = o->name,
			.has_arg = !o->arg		     ? no_argument
				   : o->kind == OPT_OPTIONAL ? optional_argument
							     : required_argument,
			.val = LONG_BASE + (int)i,
		};
	}
	*shorts = 0;
	*longs = (struct option){ 0 };
}

static const struct opt *row_of(const struct verb *v, int val)
{
	const struct opt *o;

	if (val >= LONG_BASE)
		return cli_row(v, (size_t)(val - LONG_BASE));
	for (size_t i = 0; (o = cli_row(v, i)); i++)
		if (o->key == val)
			return o;
	return NULL;
}

static int take(struct cli *c, const struct opt *o, const char *arg)
{
	char *field = (o->common ? (char *)c : (char *)c->opt) + o->field;
	struct opt_int *number = (void *)field;
	int64_t n;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case OPT_TEXT:
		*(const char **)(void *)field = arg;
		return 0;
	case OPT_OPTIONAL:
		*(const char **)(void *)field = arg ? arg : "";
		return 0;
	case OPT_LIST:
		return strv_add((void *)field, arg);
	case OPT_INT:
		if (num_i64(arg, INT_MIN, INT_MAX, &n) < 0) {
			cli_note(c, "%s: --%s takes a number, not \"%s\"\n", c->tool, o->name, arg);
			return -EINVAL;
		}
		*number = (struct opt_int){ .n = n, .set = true };
		return 0;
	}
	return -EINVAL;
}

static void upper(char *to, size_t size, const char *from)
{
	size_t i = 0;

	for (; from[i] && i + 1 < size; i++)
		to[i] = (char)toupper((unsigned char)from[i]);
	to[i] = 0;
}

static void print_usage(const struct cli *c, FILE *f)
{
	const struct opt *o;
	char arg[64];

	(void)fprintf(f, "Usage: %s ", c->prog);
	for (size_t i = 0; (o = cli_row(c->verb, i)); i++) {
		if (i >= c->verb->n_opts && cli_said_better(c->verb, o))
			continue;
		(void)fputc('[', f);
		if (o->key)
			(void)fprintf(f, "-%c|", o->key);
		(void)fprintf(f, "--%s", o->name);
		upper(arg, sizeof(arg), o->name);
		if (o->arg)
			(void)fprintf(f, o->kind == OPT_OPTIONAL ? "[=%s]" : "=%s", arg);
		(void)fputs((i + 1) % 4 == 0 ? "] \n\t" : "] ", f);
	}
	(void)fputc('\n', f);
}

static void print_row(const struct opt *o, FILE *f)
{
	char left[80];
	int n = o->key ? snprintf(left, sizeof(left), "  -%c, --%s", o->key, o->name)
		       : snprintf(left, sizeof(left), "      --%s", o->name);

	if (o->arg && n > 0 && (size_t)n < sizeof(left))
		(void)snprintf(left + n, sizeof(left) - (size_t)n, o->kind == OPT_OPTIONAL ? "[=%s]" : "=%s", o->arg);
	(void)fprintf(f, "%-34s %s\n", left, o->help);
}

char *cli_example(const char *prog, const struct verb *v, size_t i)
{
	const char *args = i < EXAMPLES_MOST ? v->examples[i].args : NULL;

	return args ? str_fmt("%s%s%s", prog, *args ? " " : "", args) : NULL;
}

void cli_examples(const char *prog, const struct verb *v, FILE *f)
{
	int width = 0;

	(void)fputs("Examples :\n", f);
	for (size_t i = 0; i < EXAMPLES_MOST && v->examples[i].args; i++) {
		_own_free char *line = cli_example(prog, v, i);

		if (line && (int)strlen(line) > width)
			width = (int)strlen(line);
	}
	for (size_t i = 0; i < EXAMPLES_MOST && v->examples[i].args; i++) {
		_own_free char *line = cli_example(prog, v, i);

		(void)fprintf(f, "  %-*s   %s\n", width, line ? line : "", v->examples[i].does);
	}
}

/* Those of a verb that parses its arguments itself are all its own. */
static void print_common(const struct verb *v, FILE *f)
{
	(void)fputs("\nCommon options :\n", f);
	for (size_t i = 1; i < ARRAY_SIZE(common); i++)
		if (common[i].help && !cli_said_better(v, &common[i]))
			print_row(&common[i], f);
	(void)fputs("\nAn argument that a long option must or may have, its short form must or may have too.\n", f);
}

/* keg's users write names without an option. */
static const char *synopsis(const struct cli *c)
{
	const char *s = c->verb->synopsis, named[] = "--name=";

	return cli_is_keg(c) && str_starts(s, named) ? s + strlen(named) : s;
}

void cli_help(const struct cli *c, FILE *f)
{
	const struct verb *v = c->verb;

	(void)fprintf(f, "Usage: %s%s%s\n\n%s %s\n\nOptions :\n", c->prog, *v->synopsis ? " " : "", synopsis(c),
		      c->prog, v->about);
	if (!(v->flags & VERB_NAMELESS))
		print_row(&common[0], f);
	for (size_t i = 0; i < v->n_opts; i++)
		if (v->opts[i].help)
			print_row(&v->opts[i], f);
	if (v->more)
		(void)fputs(v->more, f);
	if (!(v->flags & VERB_RAW))
		print_common(v, f);
	(void)fprintf(f, "\nSee the %s man page for further information.\n\n", c->tool);
	cli_examples(c->prog, v, f);
}

/* LXC's go to stderr; ours are for a pager. */
FILE *cli_help_stream(const struct cli *c)
{
	return cli_is_keg(c) ? stdout : stderr;
}

int cli_misuse(const struct cli *c)
{
	if (!cli_is_keg(c))
		cli_note(c, "%s: could not parse command line\n", c->tool);
	else
		cli_note(c, "usage: %s %s\n  try     %s --help\n", c->prog, synopsis(c), c->prog);
	return 1;
}

/* Before getopt moves the words about. */
static int behind_dashes(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			return argc - i - 1;
	return 0;
}

/* Of a verb that answers nothing. */
static bool format_is_for_errors(const struct cli *c)
{
	for (size_t i = 0; i < c->verb->n_opts; i++)
		if (is_format(c->verb->opts[i].name))
			return false;
	return true;
}

static int bad_format(const struct cli *c, const char *why)
{
	cli_note(c, "%s: --format %s: %s\n", c->tool, c->format_word, why);
	return 1;
}

int cli_errors_are_json(const struct cli *c)
{
	return bad_format(c, "errors are told as json, or in words without it");
}

static int check_format(struct cli *c)
{
	enum format format = FORMAT_NONE;

	if (format_of(c->format_word, &format) < 0)
		return bad_format(c, "none of table, json, csv");
	if (format != FORMAT_JSON && format_is_for_errors(c))
		return cli_errors_are_json(c);
	c->format = format;
	return 0;
}

/* Runtime folders go by the whole path: everybody who is given one below means the same. */
static int find_lxcpaths(struct cli *c)
{
	for (size_t i = 0; i < c->lxcpaths.n; i++) {
		struct err e = { 0 };
		char *whole;

		if (container_lxcpath(c->lxcpaths.v[i], &whole, &e) < 0)
			return cli_fail(c, &e);
		free(c->lxcpaths.v[i]);
		c->lxcpaths.v[i] = whole;
	}
	return 0;
}

static int no_name(const struct cli *c)
{
	_own_free char *example = cli_is_keg(c) ? cli_example(c->prog, c->verb, 0) : NULL;

	cli_note(c, "%s: No container name specified\n", c->tool);
	if (example)
		cli_note(c, "  try     %s\n", example);
	return 1;
}

/* -1: go on; else an exit code. */
static int check(struct cli *c)
{
	bool named = !(c->verb->flags & VERB_NAMELESS);

	if (named && !c->name && c->n_args) {
		c->name = *c->args++;
		c->n_args--;
	}
	if (c->lxcpaths.n > 1 && !(c->verb->flags & VERB_MANY_PATHS)) {
		cli_note(c, "This command only accepts 1 -P,--lxcpath arguments\n");
		return 1;
	}
	if ((c->format_word && check_format(c) != 0) || find_lxcpaths(c) != 0)
		return 1;
	if (named && !c->name && !(c->verb->flags & VERB_NAME_OPTIONAL))
		return no_name(c);
	if (cli_is_keg(c) && c->verb->flags & VERB_WORDLESS && c->n_args) {
		cli_note(c, "%s: \"%s\" is one word too many\n", c->tool, c->args[0]);
		return cli_misuse(c);
	}
	return CLI_RUN;
}

int cli_parse(struct cli *c, int argc, char **argv)
{
	struct option longs[ROWS_MOST + 1];
	char shorts[3 * ROWS_MOST + 1];

	c->n_behind = behind_dashes(argc, argv);
	build_tables(c->verb, spells_format(argc, argv), longs, shorts);
	for (int val; (val = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		const struct opt *o = val == '?' ? NULL : row_of(c->verb, val);

		if (!o) {
			cli_help(c, stderr);
			return 1;
		}
		if (take(c, o, optarg) < 0)
			return cli_misuse(c);
		if (c->usage) {
			print_usage(c, stderr);
			return 0;
		}
		if (c->version) {
			(void)puts(KEG_LXC_VERSION);
			return 0;
		}
	}
	c->args = argv + optind;
	c->n_args = argc - optind;
	if (c->help && c->verb->flags & VERB_OWN_HELP)
		return CLI_RUN;
	if (c->help) {
		cli_help(c, cli_help_stream(c));
		return 0;
	}
	return check(c);
}

void cli_free(struct cli *c)
{
	for (size_t i = 0; i < c->verb->n_opts; i++) {
		const struct opt *o = &c->verb->opts[i];

		if (o->kind == OPT_LIST && !o->common)
			strv_free((void *)((char *)c->opt + o->field));
	}
	strv_free(&c->lxcpaths);
	free(c->opt);
	log_end();
}
