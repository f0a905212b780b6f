/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A key is one row, in the file of the feature that it belongs to. Parsing, printing, clearing, the
 * manual page, completion, `keg help KEY` and the fuzz seeds come out of the row.
 */
#include "spec/spec.h"

struct key;

/* How a value is held (which of struct text, number, list the field is). */
enum shape { SHAPE_TEXT, SHAPE_NUMBER, SHAPE_LIST };

struct type {
	const char *name;
	enum shape shape;
	/* SHAPE_NUMBER: the value out of its text. -EINVAL or -ERANGE: refused, the row's `values` tells why. */
	int (*number)(const char *text, long long *out);
	/* SHAPE_NUMBER: its text form; NULL: decimal. */
	void (*print)(long long n, struct buf *out);
	/* SHAPE_TEXT and SHAPE_LIST: a cleaned copy of the text (of one element) in *out. NULL: as it is. */
	int (*clean)(const char *text, char **out);
	bool split;  /* SHAPE_LIST: one line holds several elements, parted by blanks */
	bool joined; /* SHAPE_LIST: get joins the elements by newlines without one at the end */
	char comma;  /* SHAPE_LIST: elements of one line are parted, and joined, by this instead */
	bool bare;   /* SHAPE_LIST: get gives the elements as they are, with nothing between or behind them */
	bool whole;  /* SHAPE_LIST, the one of "KEY.*": can only be cleared; get gives "KEY.NAME = VALUE" lines */
};

extern const struct type type_text;   /* any text */
extern const struct type type_path;   /* "//", "/./" and trailing "/" removed, at most PATH_MAX */
extern const struct type type_bool;   /* 0 or 1 */
extern const struct type type_u32;    /* C literal, no sign */
extern const struct type type_i32;    /* decimal, signed */
extern const struct type type_signal; /* SIGTERM, SIGRTMIN+3, 15; printed as a number */
extern const struct type type_size;   /* bytes with KB, MB, GB; for console buffers also "auto" */
extern const struct type type_list;   /* one element a line */
extern const struct type type_words;  /* several elements a line, parted by blanks */
extern const struct type type_named;  /* of a '*' key: its elements by name, without newlines in get */
extern const struct type type_whole;  /* all of a '*' key together: "lxc.sysctl" of lxc.sysctl.* */

struct key {
	/* "lxc.uts.name"; "lxc.net.#.link": '#' is an index; "lxc.sysctl.*": '*' is a name of the user's */
	const char *name;
	const struct type *type;
	size_t field;	    /* offsetof() in the feature's part, or in what the feature's at() returns */
	const char *dflt;   /* text form of the default, NULL: unset or 0 */
	const char *values; /* what is allowed, in words: "0 or 1" */
	const char *help;   /* one sentence or more: what it does */
	const char *since;  /* LXC version that brought it */
	const char *good[4],
		*bad[4]; /* examples: "value", or "name=value" for a '*' key; bad: for spec_check() at least */
	/* What set-empty leaves where it is not the default (lxc.autodev: 0); NULL: the default. */
	const char *emptied;
	/* A closer look that the type cannot take; sees the cleaned text. May set a hint. */
	int (*check)(const char *text, struct err *e);
	/* The same for what stands for the '*' of a name. */
	int (*check_name)(const char *name, struct err *e);
	/* Takes over spec_set() for a row that is not a plain value ("lxc.net.#.type" resets its device). */
	int (*set)(void *part, unsigned index, const char *value, struct origin at, struct err *e);
	/* Takes over spec_get() where LXC's text form is its own ("lxc.arch"). */
	int (*get)(const void *part, unsigned index, struct buf *out);
	bool live; /* may be set while the container runs */
	bool once; /* SHAPE_LIST of a '*' row: each name holds one value, a later one replaces it (lxc.sysctl.*) */
};

struct feature {
	const char *name;
	/* Filled by FEATURE_TEXT: the source file that holds the keys' whole life; the manual's heading and first
	 * lines. */
	const char *file, *title, *about;
	size_t size; /* of its part */
	const struct key *keys;
	size_t n_keys;
	/* Where the fields of an indexed key lie: NULL if there is no such index and !create, or no memory. */
	void *(*at)(void *part, unsigned index, bool create);
	/* The indexes in use, in order: the n-th, or -1. */
	int (*nth)(const void *part, size_t n);
	/* Takes an index (all: UINT_MAX) away again. */
	void (*drop)(void *part, unsigned index);
	/* What only shows when all its keys are known; adds problems. */
	void (*check)(const struct spec *s, struct problems *p);
};

#define FEATURE_TEXT(heading, text) .file = __FILE__, .title = (heading), .about = (text)

extern const struct feature *const features[FEATURE_COUNT];

/* The row that a key's name leads to; index and rest are set for '#' and '*' rows. NULL: no such key. */
const struct key *key_find(const char *name, enum feature_id *feature, unsigned *index, const char **rest);
/* The known name nearest to a wrong one, NULL if none is near. */
const char *key_nearest(const char *name);

/* As a manual has it: "lxc.net.N.link", "lxc.sysctl.NAME". */
char *key_shown(const struct key *k) _must_check;
/* One of its good examples as a config line; NULL: there is no such. */
char *key_example(const struct key *k, size_t i) _must_check;
/* The feature's file from the top of the sources on: "src/features/uts.c". */
const char *feature_where(const struct feature *f);

/* What an lxc.include line does: reads that file, or the *.conf of that folder, into s. The first mistake of all. */
int spec_include(struct spec *s, const char *path, struct origin at, struct err *e) _must_check;

/* What is read for an included file that is not there; NULL: nothing. The caller frees. Of the key's feature. */
char *include_instead(const char *path);

/* Adds to a list field; copies. name may be NULL. */
int list_add(struct list *l, const char *name, const char *text, struct origin at) _must_check;
void list_clear(struct list *l);
/* A field of that row is as if it had never been set, or has that default; of a named list only what is called `rest`.
 */
void field_clear(const struct key *k, void *field, const char *rest, const char *dflt);
