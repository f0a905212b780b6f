/* SPDX-License-Identifier: MIT */
/* keg(1) with all verbs, and lxc-VERB(1) for each, out of their option rows. */
#include "base/own.h"
#include "man/man.h"

#include <string.h>

static void option(FILE *f, const struct opt *o)
{
	_own_buf struct buf b = { 0 };

	if (o->key)
		buf_addf(&b, "-%c, ", o->key);
	buf_addf(&b, "--%s", o->name);
	if (o->arg)
		buf_addf(&b, o->kind == OPT_OPTIONAL ? "[=%s]" : "=%s", o->arg);
	roff_entry(f, b.s ? b.s : o->name);
	roff_more(f, NULL, o->help);
}

/* The rows that are a verb's own; rows behind them are the common ones, the name first. */
static void own_options(FILE *f, const struct verb *v)
{
	for (size_t i = 0; i < v->n_opts; i++)
		if (v->opts[i].help)
			option(f, &v->opts[i]);
}

static void common_options(FILE *f, const struct verb *v)
{
	const struct opt *o;

	for (size_t i = v->n_opts; (o = cli_row(v, i)); i++)
		if (o->help && !cli_said_better(v, o) && !(v->flags & VERB_NAMELESS && strcmp(o->name, "name") == 0))
			option(f, o);
}

static void about(FILE *f, const char *prog, const struct verb *v)
{
	_own_free char *does = str_fmt("%s %s.", prog, v->about);

	roff_text(f, does ? does : v->about);
	if (v->more)
		roff_lines(f, v->more + strspn(v->more, "\n"));
}

static void call(FILE *f, const char *prog, const struct verb *v)
{
	_own_free char *line = str_fmt("%s %s", prog, v->synopsis);

	roff_lines(f, line ? line : prog);
}

static void examples(FILE *f, const char *prog, const struct verb *v)
{
	for (size_t i = 0; i < EXAMPLES_MOST && v->examples[i].args; i++) {
		_own_free char *line = cli_example(prog, v, i);

		roff_entry(f, line ? line : prog);
		roff_more(f, NULL, v->examples[i].does);
	}
}

void man_verb(FILE *f, const struct verb *v)
{
	static const char *const see[] = { "keg(1)", "lxc.container.conf(5)", "lxc.conf(5)", NULL };
	_own_free char *page = str_fmt("lxc-%s", v->name);

	if (!page)
		return;
	roff_head(f, page, 1, v->about);
	roff_section(f, "synopsis");
	call(f, page, v);
	roff_section(f, "description");
	about(f, page, v);
	if (!(v->flags & VERB_RAW)) {
		roff_section(f, "options");
		own_options(f, v);
		roff_section(f, "common options");
		common_options(f, v);
	}
	roff_section(f, "examples");
	examples(f, page, v);
	roff_see(f, see);
}

static void keg_verb(FILE *f, const char *before, const struct verb *v)
{
	_own_free char *prog = str_fmt("%s %s", before, v->name);

	if (!prog)
		return;
	roff_sub(f, prog);
	call(f, prog, v);
	about(f, prog, v);
	own_options(f, v);
	examples(f, prog, v);
	for (size_t i = 0; v->below && v->below[i]; i++)
		keg_verb(f, prog, v->below[i]);
}

void man_keg(FILE *f)
{
	static const char *const see[] = { "lxc.container.conf(5)", "lxc.conf(5)", "lxc-start(1)", NULL };

	roff_head(f, "keg", 1, "Linux system containers");
	roff_section(f, "synopsis");
	roff_lines(f, "keg VERB [OPTION...] NAME\nlxc-VERB [OPTION...] NAME");
	roff_section(f, "description");
	roff_text(f, "Keg makes, starts, enters, stops and removes Linux system containers: the commands, the config "
		     "language "
		     "and the files of LXC. Every lxc-VERB is a link to keg.\n"
		     "The container's name is the first argument that is not an option, or the value of -n.");
	roff_section(f, "verbs");
	for (size_t i = 0; verbs[i]; i++)
		keg_verb(f, "keg", verbs[i]);
	roff_section(f, "common options");
	common_options(f, verb_find("start"));
	roff_section(f, "exit status");
	roff_text(
		f,
		"0: it was done. 1: it failed, or the command line was wrong. lxc-attach and lxc-execute end with the "
		"status of their command (128 and the number of a signal that killed it); lxc-stop with 2 where the "
		"container is not running.");
	roff_see(f, see);
}
