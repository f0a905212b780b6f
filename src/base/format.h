/* SPDX-License-Identifier: MIT */
#pragma once
/* --format table|json|csv: the answers of verbs, for people and for programs. doc/FORMAT.md is the contract. */
#include "base/str.h"

#include <stdio.h>

enum { FORMAT_VERSION = 1 };

enum format { FORMAT_NONE, FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

enum cell {
	CELL_TEXT,
	CELL_PLAIN, /* a number or a truth value */
	CELL_LIST,  /* texts, one on a line */
};

struct format_column {
	const char *name; /* "memory_bytes": of JSON and CSV; a table has it in capitals */
	enum cell kind;
};

struct answer {
	const char *noun; /* what the rows are, in JSON: "containers" */
	const struct format_column *columns;
	size_t n;
	struct strv cells; /* row by row; "": there is none */
};

int format_of(const char *word, enum format *out) _must_check; /* -EINVAL: none */
/* -1: too many columns. */
int format_print(const struct answer *a, enum format f, FILE *out) _must_check;
/* One JSON object on one line, for what does not end. */
void format_line(const struct format_column *columns, size_t n, char *const *cells, FILE *out);
/* The line of names that begins CSV, and one that follows. */
void format_csv_head(const struct format_column *columns, size_t n, FILE *out);
void format_csv_line(const struct format_column *columns, size_t n, char *const *cells, FILE *out);
/* As a JSON string. What is no UTF-8 is U+FFFD in it. */
void format_json_text(FILE *f, const char *text);
