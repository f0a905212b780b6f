/* SPDX-License-Identifier: MIT */
/*
 * keg __complete WORD...: what could follow a command line, for the shells (completion/): a word on a line, and behind
 * a tab what it is for. The option rows, the config's rows and the containers are asked, so that there is no second
 * list of them. The exit code 2 says: a file's name.
 */
#include "cli/top.h"

#include "base/own.h"
#include "client/disk.h"
#include "spec/key.h"

#include <ctype.h>
#include <string.h>

enum { NAMES = 0, FILES = 2 };

/* The command line so far. */
struct asked {
	const struct verb *verb, *top; /* top: the one that `verb` is below, or itself */
	const char *lxcpath, *name;    /* NULL: not given yet */
	const char *positional[4];     /* without the container's name */
	int n;
	const struct opt *value_of; /* the option whose value is completed */
	const char *word, *before;  /* what is completed, and what stands before it in the word: "--logpriority=" */
};

/* about NULL: the word says it. */
static void offer_as(const struct asked *a, const char *text, const char *about)
{
	const char *end = about ? strstr(about, ". ") : NULL;
	size_t n = end ? (size_t)(end - about) : about ? strlen(about) : 0;

	if (str_starts(text, a->word))
		(void)printf("%s%s%s%.*s\n", a->before, text, n ? "\t" : "", (int)n, n ? about : "");
}

static void offer(const struct asked *a, const char *text)
{
	offer_as(a, text, NULL);
}

static int offer_all(const struct asked *a, const char *const *words)
{
	for (; *words; words++)
		offer(a, *words);
	return NAMES;
}

/* --- containers --- */

static const struct {
	const char *verb;
	unsigned states; /* bit mask of 1 << enum state */
} wanted[] = {
	{ "attach", 1 << RUNNING | 1 << FROZEN },
	{ "cgroup", 1 << RUNNING | 1 << FROZEN },
	{ "console", 1 << RUNNING | 1 << FROZEN },
	{ "device", 1 << RUNNING | 1 << FROZEN },
	{ "stop", 1 << RUNNING | 1 << FROZEN },
	{ "freeze", 1 << RUNNING },
	{ "unfreeze", 1 << FROZEN },
	{ "destroy", 1 << STOPPED },
	{ "execute", 1 << STOPPED },
	{ "snapshot", 1 << STOPPED },
	{ "start", 1 << STOPPED },
};

static void offer_container(const struct asked *a, const char *name, unsigned states)
{
	_own_container struct container *ct = NULL;
	struct err quiet = { 0 };
	struct status s;

	if (!str_starts(name, a->word))
		return;
	if (!states) {
		offer(a, name);
		return;
	}
	if (container_open(&ct, name, a->lxcpath, &quiet) < 0 || container_status(ct, &s, &quiet) < 0)
		return;
	if (states & 1U << s.state)
		offer(a, name);
	status_free(&s);
}

static int offer_containers(const struct asked *a)
{
	_own_free char *dflt = global_config("lxc.lxcpath");
	const char *path = a->lxcpath ? a->lxcpath : dflt;
	_own_strv struct strv defined = { 0 };
	struct err quiet = { 0 };
	unsigned states = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (strcmp(wanted[i].verb, a->verb->name) == 0)
			states = wanted[i].states;
	if (path && list_defined(path, &defined, &quiet) == 0)
		for (size_t i = 0; i < defined.n; i++)
			offer_container(a, defined.v[i], states);
	return NAMES;
}

static int offer_snapshots(const struct asked *a)
{
	_own_container struct container *ct = NULL;
	struct err quiet = { 0 };
	struct snapshot *v;
	size_t n;

	if (!a->name || container_open(&ct, a->name, a->lxcpath, &quiet) < 0 ||
	    container_snapshots(ct, &v, &n, &quiet) < 0)
		return NAMES;
	for (size_t i = 0; i < n; i++)
		offer(a, v[i].name);
	snapshots_free(v, n);
	return NAMES;
}

/* --- keys --- */

/* A row's name as far as it can be completed: the number that was typed, or 0; nothing for the user's own name. */
static void offer_key(const struct asked *a, const struct key *k, const char *behind)
{
	const char *hash = strchr(k->name, '#'), *star = strchr(k->name, '*');
	size_t n = hash ? (size_t)(hash - k->name) : 0;
	_own_free char *name = NULL;

	if (hash && strncmp(a->word, k->name, n) == 0 && isdigit((unsigned char)a->word[n]))
		name = str_fmt("%.*s%.*s%s", (int)n, k->name, (int)strspn(a->word + n, "0123456789"), a->word + n,
			       hash + 1);
	else if (hash)
		name = str_fmt("%.*s0%s", (int)n, k->name, hash + 1);
	else if (star)
		name = strndup(k->name, (size_t)(star - k->name));
	else
		name = str_fmt("%s%s", k->name, behind);
	if (name)
		offer_as(a, name, k->help);
}

static int offer_keys(const struct asked *a, const char *behind)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++)
			offer_key(a, &features[f]->keys[i], behind);
	return NAMES;
}

static int offer_values(const struct asked *a, const char *key)
{
	enum feature_id feature;
	const char *rest;
	unsigned index;
	const struct key *k = key_find(key, &feature, &index, &rest);
	static const char *const both[] = { "0", "1", NULL };

	if (k && k->type == &type_bool)
		return offer_all(a, both);
	return k && k->type == &type_path ? FILES : NAMES;
}

static int offer_globals(const struct asked *a)
{
	const struct global_key *g;

	for (size_t i = 0; (g = global_key(i)); i++)
		if (g->listed)
			offer_as(a, g->name, g->help);
	return NAMES;
}

/* --- values of options --- */

static int offer_templates(const struct asked *a)
{
	_own_strv struct strv names = { 0 };

	if (*a->word == '/')
		return FILES;
	(void)!template_names(&names);
	for (size_t i = 0; i < names.n; i++)
		offer(a, names.v[i]);
	offer(a, "none");
	return NAMES;
}

/* Of keg top. */
static int offer_columns(const struct asked *a)
{
	for (size_t i = 0; i < TOP_COLUMNS; i++)
		offer(a, top_columns[i].name);
	return NAMES;
}

static const struct {
	const char *arg, *words[16];
} choices[] = {
	{ "LEVEL", { "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "FATAL" } },
	{ "STATE|...", { "STOPPED", "STARTING", "RUNNING", "STOPPING", "ABORTING", "FREEZING", "FROZEN", "THAWED" } },
	{ "NS|...", { "MOUNT", "PID", "UTSNAME", "IPC", "USER", "NETWORK" } },
	{ "CGROUP|CAP|LSM", { "CGROUP", "CAP", "LSM" } },
	{ "ARCH",
	  { "aarch64", "amd64", "arm64", "armhf", "i386", "i686", "linux32", "linux64", "ppc64le", "riscv64", "s390x",
	    "x86", "x86_64" } },
	{ "BDEV", { "best", "btrfs", "dir", "loop", "lvm", "none", "overlay", "overlayfs", "rbd", "zfs" } },
	{ "FORMAT", { "csv", "json", "table" } },
	{ "COLUMN,...",
	  { "NAME", "STATE", "PID", "RAM", "SWAP", "AUTOSTART", "GROUPS", "INTERFACE", "IPV4", "IPV6",
	    "UNPRIVILEGED" } },
};

static int offer_value(const struct asked *a)
{
	const char *arg = a->value_of->arg, *comma = strrchr(a->word, ',');
	_own_free char *before = NULL;
	struct asked last = *a;

	if (strcmp(arg, "FILE") == 0 || strcmp(arg, "PATH") == 0 || strcmp(arg, "DIR") == 0)
		return FILES;
	if (strcmp(a->value_of->name, "name") == 0)
		return offer_containers(a);
	if (strcmp(arg, "KEY") == 0)
		return offer_keys(a, "");
	if (strcmp(arg, "KEY=VAL") == 0)
		return offer_keys(a, "=");
	if (strcmp(arg, "TEMPLATE") == 0)
		return offer_templates(a);
	if (strcmp(arg, "SNAP") == 0)
		return offer_snapshots(a);
	if (comma) {
		before = str_fmt("%s%.*s", a->before, (int)(comma + 1 - a->word), a->word);
		last.before = before ? before : "";
		last.word = comma + 1;
	}
	if (strcmp(arg, "LIST") == 0)
		return offer_columns(&last);
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (strcmp(choices[i].arg, arg) == 0)
			return offer_all(&last, choices[i].words);
	return NAMES;
}

static int offer_options(const struct asked *a)
{
	const struct opt *o;

	for (size_t i = 0; (o = cli_row(a->verb, i)); i++) {
		_own_free char *with = str_fmt("--%s%s", o->name, o->arg && o->kind != OPT_OPTIONAL ? "=" : "");

		/* The same word may stand in two rows: -h and -?. */
		if (with && (o->help || strcmp(o->name, "help") != 0))
			offer_as(a, with, o->help);
	}
	return NAMES;
}

/* --- what stands where --- */

static int offer_verbs(const struct asked *a, const struct verb *const *list)
{
	for (; *list; list++)
		offer_as(a, (*list)->name, (*list)->about);
	return NAMES;
}

static int offer_positional(const struct asked *a)
{
	const char *verb = a->verb->name;
	bool config = strcmp(a->top->name, "config") == 0;

	if (strcmp(verb, "help") == 0 && !str_starts(a->word, "lxc."))
		(void)offer_verbs(a, verbs);
	if (strcmp(verb, "help") == 0 || strcmp(verb, "explain") == 0) /* also `keg config explain` */
		return a->name || a->verb->flags & VERB_NAMELESS ? offer_keys(a, "") : offer_containers(a);
	if (a->verb->flags & VERB_NAMELESS)
		return NAMES;
	if (!a->name)
		return a->verb->flags & VERB_RAW ? NAMES : offer_containers(a);
	if (config && a->n == 0 && (strcmp(verb, "list") != 0 && strcmp(verb, "check") != 0))
		return offer_keys(a, "");
	if (config && a->n == 1 && strcmp(verb, "set") == 0)
		return offer_values(a, a->positional[0]);
	return strcmp(verb, "device") == 0 || strcmp(verb, "execute") == 0 ? FILES : NAMES;
}

static const struct opt *long_option(const struct verb *v, const char *word, size_t n)
{
	const struct opt *o;

	for (size_t i = 0; (o = cli_row(v, i)); i++)
		if (strlen(o->name) == n && strncmp(o->name, word, n) == 0)
			return o;
	return NULL;
}

/* The option that a finished word leaves without its value: "-P", "-dP", "--lxcpath"; NULL: none. */
static const struct opt *awaits_value(const struct verb *v, const char *word)
{
	const struct opt *o;
	char key = word[strlen(word) - 1];

	if (str_starts(word, "--")) {
		o = long_option(v, word + 2, strlen(word + 2));
		return o && o->arg && o->kind != OPT_OPTIONAL ? o : NULL;
	}
	for (size_t i = 0; *word == '-' && word[1] && (o = cli_row(v, i)); i++)
		if (o->key == key && o->arg && o->kind != OPT_OPTIONAL)
			return o;
	return NULL;
}

static void take_value(struct asked *a, const struct opt *o, const char *value)
{
	if (strcmp(o->name, "name") == 0)
		a->name = value;
	if (strcmp(o->name, "lxcpath") == 0)
		a->lxcpath = value;
}

/* Words that are finished. False: a command of the user's follows, of which nothing is known. */
static bool take_words(struct asked *a, char **words, int n)
{
	for (int i = 0; i < n; i++) {
		const char *w = words[i], *equals = strchr(w, '=');
		const struct opt *o = *w == '-' ? awaits_value(a->verb, w) : NULL;

		if (strcmp(w, "--") == 0)
			return false;
		if (o && i + 1 == n) {
			a->value_of = o;
		} else if (o) {
			take_value(a, o, words[++i]);
		} else if (str_starts(w, "--") && equals) {
			o = long_option(a->verb, w + 2, (size_t)(equals - w - 2));
			if (o)
				take_value(a, o, equals + 1);
		} else if (*w != '-' && !a->name && !(a->verb->flags & VERB_NAMELESS)) {
			a->name = w;
		} else if (*w != '-' && a->n < (int)ARRAY_SIZE(a->positional)) {
			a->positional[a->n++] = w;
		}
	}
	return true;
}

static int complete_word(struct asked *a)
{
	const char *equals = strchr(a->word, '=');
	_own_free char *before = NULL;

	if (a->value_of)
		return offer_value(a);
	if (str_starts(a->word, "--") && equals) {
		a->value_of = long_option(a->verb, a->word + 2, (size_t)(equals - a->word - 2));
		before = strndup(a->word, (size_t)(equals + 1 - a->word));
		if (!a->value_of || !a->value_of->arg || !before)
			return NAMES;
		a->before = before;
		a->word = equals + 1;
		return offer_value(a);
	}
	return *a->word == '-' ? offer_options(a) : offer_positional(a);
}

int complete(int n, char **words)
{
	struct asked a = { .before = "", .word = n ? words[n - 1] : "" };
	const char *slash = n ? strrchr(words[0], '/') : NULL, *called = slash ? slash + 1 : n ? words[0] : "";
	bool by_link = str_starts(called, "lxc-");
	int at = by_link ? 1 : 2; /* the first word behind the verb */

	if (n < 2)
		return NAMES;
	if (!by_link && n == 2)
		return offer_verbs(&a, verbs);
	a.verb = a.top = verb_find(by_link ? called : words[1]);
	if (!a.verb)
		return NAMES;
	if (a.top->below && n == at + 1) {
		if (!by_link)
			(void)offer_verbs(&a, a.top->below);
		offer(&a, "-l");
		return offer_globals(&a);
	}
	if (a.top->below && !by_link && verb_below(a.top, words[at]))
		a.verb = verb_below(a.top, words[at++]);
	return take_words(&a, words + at, n - at - 1) ? complete_word(&a) : NAMES;
}
