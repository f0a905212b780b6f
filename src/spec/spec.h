/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A spec is what a config says, typed: for every feature one part (a plain struct whose fields are
 * text, number or list), each value with the place where it was written. Nothing in it is changed by
 * running a container.
 */
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct text {
	char *s; /* NULL: unset */
	struct origin at;
};

struct number {
	long long n; /* the default's value while !set */
	bool set;
	struct origin at;
};

struct item {
	char *name; /* of a named list ("net.ipv4.ip_forward" of lxc.sysctl.*); NULL otherwise */
	char *text;
	struct origin at;
};

struct list {
	struct item *v;
	size_t n;
};

/* One per feature, in the order in which keys are listed and printed. */
enum feature_id {
#define FEATURE(id, var) FEATURE_##id,
#include "spec/features.def"
#undef FEATURE
	FEATURE_COUNT
};

struct spec {
	void *part[FEATURE_COUNT];
	struct strv files; /* the names that origins point to */
};

int spec_new(struct spec **out, struct err *e) _must_check;
void spec_free(struct spec *s);
static inline void own_spec_end(struct spec **s)
{
	if (*s)
		spec_free(*s);
}
#define _own_spec __attribute__((cleanup(own_spec_end)))

/* Keeps a copy of the file's name for as long as the spec lives; NULL where memory ran out. */
const char *spec_file(struct spec *s, const char *file) _must_check;

/* Sets (a scalar), appends (a list) or, with an empty value, clears. As lxc.container.conf(5). */
int spec_set(struct spec *s, const char *key, const char *value, struct origin at, struct err *e) _must_check;
/* The default again. "lxc.net.0" and "lxc.net" clear all below them. */
int spec_clear(struct spec *s, const char *key, struct err *e) _must_check;
/* The value's text form, as LXC's get_config_item gives it. -EINVAL: no such key. */
int spec_get(const struct spec *s, const char *key, struct buf *out) _must_check;

/* Every value that is set, as "KEY = VALUE" lines, each behind a line that tells its origin:
 * `# LINE "FILE"`. spec_read() with SPEC_WIRE reads it back equal: this is how a plan crosses an exec. */
int spec_print(const struct spec *s, struct buf *out) _must_check;

/* One of its own, equal in all but the pointers: by printing and reading. */
int spec_copy(const struct spec *s, struct spec **out, struct err *e) _must_check;

/* Several mistakes, reported together. */
struct problems {
	struct err *v;
	size_t n;
};
enum { PROBLEMS_MOST = 100 }; /* more are not told */
/* The next blank error to fill; NULL where memory ran out or there are so many already. */
struct err *problems_next(struct problems *p);
/* The same for something that stops nothing; under lxc.config.strict = 1 spec_check() makes it a mistake. */
struct err *problems_warn(struct problems *p);
/* Makes a mistake of a warning, with a hint. */
void problem_harden(struct err *e);
void problems_free(struct problems *p);
#define _own_problems __attribute__((cleanup(problems_free)))

/* `bad value "VALUE" of KEY: allowed is ...`, in the words of the key's row. -EINVAL. */
int spec_refuse(const char *key, const char *value, struct origin at, struct err *e);

enum { SPEC_WIRE = 1 }; /* origins come from `# LINE "FILE"` lines; includes are not followed */

/* Reads a config file, with its includes. Every mistake becomes a problem; reading goes on after it.
 * 0: no problem; -EINVAL: there are some. */
struct sources;
/* `from`: NULL, or what was read is added there. */
int spec_read_file(struct spec *s, const char *path, struct problems *p, struct sources *from) _must_check;
int spec_read_text(struct spec *s, const char *text, size_t len, const char *file, unsigned flags,
		   struct problems *p) _must_check;
/* lxc.config.strict: whether warnings are errors. */
bool spec_strict(const struct spec *s);
/* What only shows when all keys are known together; asks every feature's check(). 0 also where it only warns. */
int spec_check(const struct spec *s, struct problems *p) _must_check;
