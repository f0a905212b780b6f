/* SPDX-License-Identifier: MIT */
/* Which files a config was read from; see sources.h. */
#include "spec/sources.h"

#include <stdlib.h>
#include <string.h>

enum { SETTLED_S = 1 }; /* file systems stamp by a clock of their own, in steps of up to 10 ms */

void sources_add(struct sources *s, const char *path, const struct stat *st)
{
	/* The room is the power of two above n: it grows only when n reaches one. */
	struct source *grown = s->n & (s->n - 1) ? s->v : realloc(s->v, (s->n ? 2 * s->n : 1) * sizeof(*grown));
	struct source x = { .dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .changed = st->st_ctim };

	if (grown)
		s->v = grown;
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		s->unsure = true;
	x.path = *path == '/' ? strdup(path) : NULL;
	if (grown && x.path)
		s->v[s->n++] = x;
	else
		s->unsure = true; /* also a relative path, which is another one in another folder */
	if (!grown)
		free(x.path);
}

bool sources_settled(const struct sources *s)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].changed.tv_sec + SETTLED_S >= now.tv_sec)
			return false;
	return s->n && !s->unsure;
}

bool sources_same(const struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct source *was = &s->v[i];
		struct stat st;

		if (stat(was->path, &st) < 0 || st.st_ino != was->ino || st.st_dev != was->dev ||
		    st.st_size != was->size || st.st_ctim.tv_sec != was->changed.tv_sec ||
		    st.st_ctim.tv_nsec != was->changed.tv_nsec)
			return false;
	}
	return true;
}

void sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].path);
	free(s->v);
	*s = (struct sources){ 0 };
}
