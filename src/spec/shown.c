/* SPDX-License-Identifier: MIT */
/* A row as people read it: in a manual, a help text, a completion. */
#include "base/own.h"
#include "spec/key.h"

#include <string.h>

/* '#' and '*' filled in; NULL: as a manual writes them. */
static char *fill(const char *name, const char *index, const char *rest, size_t rest_len)
{
	_own_buf struct buf b = { 0 };

	for (const char *c = name; *c; c++) {
		if (*c == '#')
			buf_addf(&b, "%s", index);
		else if (*c == '*')
			buf_add(&b, rest, rest_len);
		else
			buf_add(&b, c, 1);
	}
	return buf_take(&b);
}

char *key_shown(const struct key *k)
{
	return fill(k->name, "N", "NAME", 4);
}

char *key_example(const struct key *k, size_t i)
{
	const char *text = i < ARRAY_SIZE(k->good) ? k->good[i] : NULL, *equals;
	_own_free char *name = NULL;

	if (!text)
		return NULL;
	equals = strchr(k->name, '*') ? strchr(text, '=') : NULL;
	name = fill(k->name, "0", equals ? text : "NAME", equals ? (size_t)(equals - text) : 4);
	return name ? str_fmt("%s = %s", name, equals ? equals + 1 : text) : NULL;
}

const char *feature_where(const struct feature *f)
{
	const char *found = f->file ? f->file : "";

	/* However the compiler was called: "../src/features/uts.c", or an absolute path. */
	for (const char *at = found; (at = strstr(at, "src/")); at++)
		if (at == f->file || at[-1] == '/')
			found = at;
	return found;
}
