/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Text: a growable buffer, a vector of strings, and the few questions that libc has no word for.
 * A failed allocation is remembered in the buffer and told once, by buf_take() or strv_add().
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *s; /* always ended by NUL once anything was added */
	size_t len, cap;
	bool failed;
};

void buf_add(struct buf *b, const char *data, size_t len);
void buf_addf(struct buf *b, const char *fmt, ...) _printf(2, 3);
/* The text as one malloc'ed string, "" if nothing was added; NULL where memory ran out. Empties b. */
char *buf_take(struct buf *b) _must_check;
void buf_free(struct buf *b);

struct strv {
	char **v; /* ended by NULL once anything was added */
	size_t n;
};

int strv_add(struct strv *v, const char *s) _must_check; /* copies s; 0 or -ENOMEM */
int strv_addf(struct strv *v, const char *fmt, ...) _printf(2, 3) _must_check;
void strv_free(struct strv *v);
/* Splits at any of the bytes in `at`, empty words left out. */
int strv_split(struct strv *v, const char *text, const char *at) _must_check;

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* malloc'ed printf; NULL where memory ran out. */
char *str_fmt(const char *fmt, ...) _printf(1, 2) _must_check;
/* Copies into a fixed field; -ENAMETOOLONG (and an empty field) where it does not fit. */
int str_copy(char *to, size_t size, const char *from) _must_check;
/* LXC's own hash of paths and names (FNV-1a, 64 bits). */
unsigned long long str_fnv64(const char *s);
/* How many edits (insert, delete, replace, swap of neighbours) lead from a to b; for "did you mean". */
unsigned str_distance(const char *a, const char *b);
/* Which of several names was meant: each is seen in turn. */
struct nearest {
	const char *to;
	unsigned edits; /* as many or more are another word; then those of what was found */
	const char *found;
};
void nearest_see(struct nearest *n, const char *name);

#define _own_buf  __attribute__((cleanup(buf_free)))
#define _own_strv __attribute__((cleanup(strv_free)))
