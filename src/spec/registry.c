/* SPDX-License-Identifier: MIT */
/* Finds the row of a key: exact names, indexed ones (lxc.net.0.link) and named ones (lxc.sysctl.x). */
#include "spec/key.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE(id, var) extern const struct feature var;
#include "spec/features.def"
#undef FEATURE

const struct feature *const features[FEATURE_COUNT] = {
#define FEATURE(id, var) [FEATURE_##id] = &var,
#include "spec/features.def"
#undef FEATURE
};

/* Matches a name against a row's; fills index for '#', rest for '*'. */
static bool matches(const char *row, const char *name, unsigned *index, const char **rest)
{
	for (; *row; row++) {
		if (*row == '*') {
			*rest = name;
			return *name != 0;
		}
		if (*row == '#') {
			char *end;
			unsigned long v;

			if (!isdigit((unsigned char)*name))
				return false;
			v = strtoul(name, &end, 10);
			if (v >= INT_MAX)
				return false;
			*index = (unsigned)v;
			name = end;
			continue;
		}
		if (*row != *name++)
			return false;
	}
	return *name == 0;
}

const struct key *key_find(const char *name, enum feature_id *feature, unsigned *index, const char **rest)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t k = 0; k < features[f]->n_keys; k++) {
			const struct key *key = &features[f]->keys[k];

			*index = 0;
			*rest = NULL;
			if (matches(key->name, name, index, rest)) {
				*feature = (enum feature_id)f;
				return key;
			}
		}
	}
	return NULL;
}

const char *key_nearest(const char *name)
{
	const char *best = NULL;
	unsigned near = 4; /* more edits than this is another word */

	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t k = 0; k < features[f]->n_keys; k++) {
			const char *known = features[f]->keys[k].name;
			unsigned d = str_distance(name, known);

			if (strchr(known, '#') && d) /* the index itself is one edit that is none */
				d--;
			if (d < near) {
				near = d;
				best = known;
			}
		}
	}
	return best;
}
