/* SPDX-License-Identifier: MIT */
/* The host as a sorted list of lines, so that two looks at it can be held against each other. */
#ifndef KILLER_HOST_H
#define KILLER_HOST_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char **v;
	size_t n, room;
};

void lines_free(struct lines *l);
bool lines_same(const struct lines *a, const struct lines *b);
/* "left X; missing Y" */
void lines_tell(const struct lines *before, const struct lines *now, char *text, size_t size);

/* What bears the mark: run-time files, cgroups, links, mounts; and every file below the folder, with what is in it. */
void look(const char *mark, const char *folder, struct lines *out);
/* The files of a tree alone. */
void look_at_tree(const char *folder, struct lines *out);

#endif
