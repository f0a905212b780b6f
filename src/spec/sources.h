/* SPDX-License-Identifier: MIT */
#pragma once
/* Which files a config was read from, and whether they still are what they were. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/* A file, or a folder whose names were read. The same numbers mean the same bytes: every write sets `changed`. */
struct source {
	char *path;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct sources {
	struct source *v;
	size_t n;
	bool unsure; /* something was read, or looked for in vain, that stat(2) does not tell of */
	bool drawn;  /* it holds a value that is another one at each reading */
};

void sources_add(struct sources *s, const char *path, const struct stat *st);
/* Do the numbers tell? Not where a file was written so lately (a second) that a write right behind the reading could
 * have left the same time. */
bool sources_settled(const struct sources *s);
/* Would each be read as it was? */
bool sources_same(const struct sources *s);
void sources_free(struct sources *s);
#define _own_sources __attribute__((cleanup(sources_free)))
