/* SPDX-License-Identifier: MIT */
#pragma once
/* What choosing the containers (cmd_ls.c) and showing them (ls_show.c) share. */
#include "cli/cli.h"

struct ls_row {
	struct container *ct;
	struct status status;
	bool defined;
};

struct ls_rows {
	struct ls_row *v;
	size_t n;
};

/* The row's config, read when it is first asked for; NULL where it cannot be read at all. */
const struct spec *ls_config(struct ls_row *r);

/* Names only: padded and wrapped on a terminal. */
void ls_show_names(const struct ls_rows *rows, bool one_per_line);
/* columns NULL: the usual ones. 0, or 1 after an unknown column was told (LXC then exits with 0). */
int ls_show_table(const struct cli *c, struct ls_rows *rows, const char *columns) _must_check;
int ls_show_json(const struct cli *c, struct ls_rows *rows, const char *columns) _must_check;
