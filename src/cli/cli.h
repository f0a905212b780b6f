/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A verb is one file: its option rows, and a run(). Parsing, --help and --usage come out of the rows.
 * `keg VERB` and a link named lxc-VERB are the same.
 */
#include "base/format.h"
#include "base/log.h"
#include "client/container.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

enum opt_kind {
	OPT_FLAG,     /* bool: true */
	OPT_TEXT,     /* const char *: the last one counts */
	OPT_OPTIONAL, /* const char *: its value, "" without one */
	OPT_LIST,     /* struct strv: each one */
	OPT_INT,      /* struct opt_int */
};

struct opt_int {
	long long n;
	bool set;
};

struct opt {
	char key;	  /* the short option, 0: none */
	const char *name; /* the long one */
	const char *arg;  /* how its value is called: "FILE"; NULL for OPT_FLAG */
	enum opt_kind kind;
	size_t field; /* offsetof() in the verb's options, or in struct cli if `common` */
	bool common;
	const char *help; /* NULL: not in --help */
};

/* What every verb's command line gives. */
struct cli {
	const struct verb *verb;
	const char *tool; /* how messages begin: "lxc-start"; "keg" */
	const char *prog; /* how it was called: "lxc-start"; "keg start" */
	const char *name;
	struct strv lxcpaths;
	const char *rcfile, *logfile, *logpriority;
	bool quiet, usage, version;
	bool help;
	const char *format_word; /* --format */
	enum format format;	 /* json: errors are records, too; what else it can be, where the verb has OPT_FORMAT */
	void *opt;		 /* the verb's own options */
	char **args;		 /* positionals, without the name; ended by NULL */
	int n_args;
	int n_behind; /* those of them that stand behind "--" */
};

enum { EXAMPLES_MOST = 3 };

struct example {
	const char *args; /* behind the program's name; NULL: no more examples */
	const char *does;
};

enum {
	VERB_NAMELESS = 1,	/* takes no container's name */
	VERB_NAME_OPTIONAL = 2, /* does without one */
	VERB_MANY_PATHS = 4,	/* -P may be given again and again */
	VERB_NO_LOG = 8,	/* -l alone does not switch the default log file on */
	VERB_RAW = 16,		/* parses its arguments itself */
	VERB_OWN_HELP = 32,	/* --help has more to show than the rows */
	VERB_WORDLESS = 128,	/* takes no word behind the name: LXC's do not mind one, keg's user meant something */
	VERB_EXISTING = 64,	/* is about a container that is there: keg asks for that first */
};

struct verb {
	const char *name;
	const char *synopsis; /* behind the program's name */
	const char *about;
	const struct opt *opts;
	size_t n_opts;
	size_t size; /* of its options */
	unsigned flags;
	int (*run)(struct cli *c);	   /* the exit code */
	int (*raw)(int argc, char **argv); /* VERB_RAW */
	const char *more;		   /* further lines of --help */
	const struct verb *const *below;   /* `keg config get`: verbs of its own, ended by NULL */
	struct example examples[EXAMPLES_MOST];
};

/* --- verbs.c --- */
extern const struct verb *const verbs[];
const struct verb *verb_find(const char *name); /* "start", "lxc-start" */
const struct verb *verb_below(const struct verb *v, const char *word);
/* Its exit code. tool "keg": a verb below it may be named. */
int verb_call(const struct verb *v, const char *tool, const char *prog, int argc, char **argv) _must_check;

/* --- cmd_help.c --- */
/* The list of verbs; the exit code: 0 on stdout, 1 on stderr. */
int help_verbs(FILE *f);
int help_no_verb(const char *word);

/* --- complete.c --- */
/* What could follow the words of a command line, one on a line; words[0] is the program. */
int complete(int n, char **words);

/* --- options.c --- */
enum { CLI_RUN = -1 };
/* CLI_RUN, or the code to exit with at once. */
int cli_parse(struct cli *c, int argc, char **argv) _must_check;
void cli_free(struct cli *c);
void cli_help(const struct cli *c, FILE *f);
/* Where help goes that was asked for. */
FILE *cli_help_stream(const struct cli *c);
/* What --help ends with. */
void cli_examples(const char *prog, const struct verb *v, FILE *f);
/* "keg start -F web1"; NULL behind the last, or without memory. */
char *cli_example(const char *prog, const struct verb *v, size_t i);
/* The i-th of a verb's option rows, the common ones last; NULL behind them. */
const struct opt *cli_row(const struct verb *v, size_t i);
/* Is there a row of the verb's own beside this common one, of the same name and key, that says better what it does? */
bool cli_said_better(const struct verb *v, const struct opt *o);
/* Of a verb that answers by --format only with another option: 1, after that was told. */
int cli_errors_are_json(const struct cli *c);
/* "could not parse command line"; returns 1. */
int cli_misuse(const struct cli *c);

/* --- report.c --- */
/* Prints (unless -q) and logs; each returns the exit code 1, or that of a keeper that does not answer. */
enum { CLI_SILENT = 4 };
int cli_fail(const struct cli *c, const struct err *e);
int cli_say(const struct cli *c, const char *fmt, ...) _printf(2, 3);
/* As `keg VERB`, whose answers are ours: what lxc-* say is LXC's. */
bool cli_is_keg(const struct cli *c) _must_check;
/* Colour on stdout: on a terminal, unless NO_COLOR says no. */
bool cli_colour(void);
/* For a verb with --format: prints what it has found, and frees it. failed: memory ran out while it was filled. */
int cli_answer(const struct cli *c, struct answer *a, int failed) _must_check;
/* What a start tells beside its end; `cli` is a struct cli. */
void cli_warn(void *cli, const struct err *e);
int cli_problems(const struct cli *c, const struct problems *p);
/* For a verb that is about several containers: the error of this one. */
int cli_fail_of(const struct cli *c, const char *name, const struct err *e);
/* Prints to stderr (unless -q), without a prefix. */
void cli_note(const struct cli *c, const char *fmt, ...) _printf(2, 3);

/* The container that is named; NULL after an error was told. */
struct container *cli_container(const struct cli *c);
/* Its config, or --rcfile; with all checks. 0, or 1 after every problem was told. *defined: there is one. */
int cli_load(const struct cli *c, struct container *ct, bool *defined) _must_check;
/* -s KEY=VAL, each parsed like a config line. 0, or 1 after it was told. */
int cli_define(const struct cli *c, struct container *ct, const struct strv *defines) _must_check;
int cli_set(const struct cli *c, struct container *ct, const char *key, const char *value,
	    const char *option) _must_check;
/* The state; STOPPED also where it cannot be read (which is told). */
enum state cli_state(const struct cli *c, const struct container *ct);
/* The same for who does not care whether it is frozen, which takes a look at its cgroups. */
bool cli_runs(const struct cli *c, const struct container *ct);
const char *cli_lxcpath(const struct cli *c);

/* --- pressure.c --- */
/* How long somebody had to wait for what was scarce, in all, and what part of the last ten seconds that was. */
#define CLI_PRESSURE_COLUMNS                                                                                           \
	{ "cpu_pressure_ns", CELL_PLAIN }, { "cpu_pressure_percent", CELL_PLAIN },                                     \
		{ "memory_pressure_ns", CELL_PLAIN }, { "memory_pressure_percent", CELL_PLAIN },                       \
		{ "io_pressure_ns", CELL_PLAIN },                                                                      \
	{                                                                                                              \
		"io_pressure_percent", CELL_PLAIN                                                                      \
	}
/* Their cells; empty where it is not known. */
int cli_add_pressure(struct strv *cells, const struct cgroup_stats *s) _must_check;
/* "cpu 1.25 %, memory 0.00 %, I/O 0.00 %"; false: nothing is known. */
bool cli_pressure_text(const struct cgroup_stats *s, char *text, size_t size);

/* --- ending.c --- */
/* Signals that would end the command make what it copies or creates be taken back instead; false: as ever. */
void cli_undo_at_end(bool yes);
/* They are noted, and let in only while waiting (by that mask), so that none is missed between look and wait. */
void cli_end_while_waiting(sigset_t *while_waiting);
extern volatile sig_atomic_t cli_told_to_end;

/* --- cmd_create.c --- */
/* What keg writes into new configs, and LXC does not: what its console shows is kept for keg logs; and what only a slip
 * of somebody's, or an update of the keeper's program, ends need not end the container. */
extern const struct create_default create_defaults[], create_defaults_of_a_while[];

/* --- missing.c --- */
/* That there is none of that name, with the one that may be meant; 1. */
int cli_no_container(const struct cli *c, const struct container *ct);
/* false, after that was told: keg's verb is about one that is there, and it is not. */
bool cli_must_exist(const struct cli *c, const struct container *ct) _must_check;
/* 1, after that was told; to users of lxc-* in LXC's words. */
int cli_not_running(const struct cli *c, const char *lxc_says, ...) _printf(2, 3);

/* --- hint.c --- */
/* A hint as the tool's users write its commands: keg stop web1, lxc-stop -n web1. The caller frees; NULL: no memory. */
char *cli_hint(const struct cli *c, const char *hint) _must_check;

/* --- namespaces.c --- */
/* Adds the CLONE_NEW* of "MOUNT|pid|..."; -EINVAL: an unknown word. */
int cli_namespaces(const char *list, uint64_t *flags) _must_check;

/* --- text.c --- */
/* Text in lines of at most 78 columns, each behind so many blanks. */
void text_wrapped(FILE *f, unsigned indent, const char *text);
/* The columns of the terminal that the fd is: what $COLUMNS says, or the terminal itself, else 80. 0: it is none. */
size_t text_columns(int fd);
/* Takes characters off its end until a terminal shows it in so many columns at most. */
void text_cut(char *line, size_t columns);

/* --- log.c --- */
int cli_log_open(struct cli *c) _must_check;

#define OPTS(a) .opts = (a), .n_opts = sizeof(a) / sizeof((a)[0])
/* The row of -f/-F... --rcfile where a verb has a short form of it. */
#define OPT_RCFILE                                                                                                     \
	{                                                                                                              \
		'f', "rcfile", "FILE", OPT_TEXT, offsetof(struct cli, rcfile), true,                                   \
			"Load the config FILE instead of the container's"                                              \
	}
/* A verb that answers has this row. */
#define OPT_FORMAT                                                                                                     \
	{                                                                                                              \
		0, "format", "FORMAT", OPT_TEXT, offsetof(struct cli, format_word), true,                              \
			"Answer as table, json or csv"                                                                 \
	}
