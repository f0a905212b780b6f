/* SPDX-License-Identifier: MIT */
#pragma once
/* "web2: copying, 312 MiB, 3 s": on a terminal, after half a second; gone at the end. */
#include "cli/cli.h"

struct progress {
	int fd;
	pid_t pid;
};

void progress_begin(struct progress *p, const struct cli *c, const char *what, const char *name);
void progress_end(struct progress *p);
