/* SPDX-License-Identifier: MIT */
#pragma once
/* What choosing the containers (cmd_ls.c) and showing them (ls_show.c) share. */
#include "cli/cli.h"

struct ls_row {
	struct container *ct;
	enum state state; /* STOPPED, too, where nobody asked */
	pid_t init_pid;
	bool defined;
	/* Of a container in a container: "parent/child", and every column's text, as found in there; ct is NULL. */
	char *label;
	struct strv cells;
};

struct ls_rows {
	struct ls_row *v;
	size_t n, room;
};

/* The row's config, read when it is first asked for; NULL where it cannot be read at all. */
const struct spec *ls_config(struct ls_row *r);

const char *ls_name(const struct ls_row *r);
int ls_add(struct ls_rows *rows, struct ls_row *take) _must_check; /* -ENOMEM; takes it either way */
void ls_row_end(struct ls_row *r);

/* --- ls_nested.c --- */
/* Collects the rows of the caller's own namespaces; 0, or 1 after an error was told. */
typedef int ls_collect(const struct cli *c, void *arg, struct ls_rows *rows);
/* Puts the containers that run in the rows' containers behind these, `depth` levels deep. */
int ls_add_nested(const struct cli *c, struct ls_rows *rows, int depth, ls_collect *collect, void *arg) _must_check;

/* --- ls_show.c --- */
/* The text of each column, in the order of the table of them. -ENOMEM. */
int ls_cells(struct ls_row *r, struct strv *cells) _must_check;
size_t ls_columns(void);
/* Names only: padded and wrapped on a terminal. */
void ls_show_names(const struct ls_rows *rows, bool one_per_line);
/* columns NULL: the usual ones. 0, or 1 after an unknown column was told (LXC then exits with 0). */
int ls_show_table(const struct cli *c, struct ls_rows *rows, const char *columns) _must_check;
int ls_show_answer(const struct cli *c, struct ls_rows *rows, const char *columns) _must_check;
