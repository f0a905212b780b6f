/* SPDX-License-Identifier: MIT */
#pragma once
/* What gathering the numbers of running containers (cmd_top.c) and showing them (top_show.c) share. */
#include "cli/cli.h"

struct top_row {
	char *name;
	struct cgroup_stats s; /* what the host does not count is 0 */
};

struct top_rows {
	struct top_row *v;
	size_t n;
};

void top_show_screen(const struct top_rows *rows, FILE *f);
void top_show_batch_head(FILE *f);
void top_show_batch(const struct top_rows *rows, FILE *f);
int top_show_answer(const struct cli *c, const struct top_rows *rows) _must_check;
