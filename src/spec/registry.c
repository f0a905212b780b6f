/* SPDX-License-Identifier: MIT */
/* Finds the row of a key: exact names, indexed ones (lxc.net.0.link) and named ones (lxc.sysctl.x). */
#include "spec/key.h"

#include <ctype.h>
#include <limits.h>
#include <pthread.h>
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

/* --- a table of all rows by the hash of their names, made at the first question --- */

enum { SLOTS = 1024 }; /* a power of two, well above the number of keys: few probes */

struct slot {
	const struct key *key; /* NULL: free */
	uint32_t hash;
	enum feature_id feature;
};

static struct slot slots[SLOTS];
static pthread_once_t made = PTHREAD_ONCE_INIT;

static uint32_t mix(uint32_t hash, char c) /* FNV-1a */
{
	return (hash ^ (unsigned char)c) * 16777619U;
}

enum { BEGIN = 2166136261U };

static void put(const struct key *key, enum feature_id feature)
{
	uint32_t hash = BEGIN, at;

	for (const char *c = key->name; *c; c++)
		hash = mix(hash, *c);
	for (at = hash % SLOTS; slots[at].key;)
		at = (at + 1) % SLOTS;
	slots[at] = (struct slot){ .key = key, .hash = hash, .feature = feature };
}

static void make(void)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t k = 0; k < features[f]->n_keys; k++)
			put(&features[f]->keys[k], (enum feature_id)f);
}

/* Matches a name against a row's; fills index for '#', rest for '*'. */
static bool matches(const char *row, const char *name, unsigned *index, const char **rest)
{
	*index = 0;
	*rest = NULL;
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

static const struct slot *find(uint32_t hash, const char *name, unsigned *index, const char **rest)
{
	for (uint32_t at = hash % SLOTS; slots[at].key; at = (at + 1) % SLOTS)
		if (slots[at].hash == hash && matches(slots[at].key->name, name, index, rest))
			return &slots[at];
	return NULL;
}

/* A whole segment of digits is an index: it is "#" in the row's name. */
static size_t index_length(const char *segment)
{
	size_t n = strspn(segment, "0123456789");

	return n && (segment[n] == '.' || !segment[n]) ? n : 0;
}

/* The whole name is looked for, and on the way, at each dot, the '*' row that it may belong to; the whole wins. */
const struct key *key_find(const char *name, enum feature_id *feature, unsigned *index, const char **rest)
{
	const struct slot *named = NULL, *whole;
	uint32_t hash = BEGIN;

	(void)pthread_once(&made, make);
	for (const char *c = name; *c;) {
		size_t digits;

		hash = mix(hash, *c);
		if (*c++ != '.')
			continue;
		if (!named)
			named = find(mix(hash, '*'), name, index, rest);
		digits = index_length(c);
		if (digits)
			hash = mix(hash, '#');
		c += digits;
	}
	whole = find(hash, name, index, rest);
	if (!whole && named)
		(void)matches(named->key->name, name, index, rest);
	if (!whole)
		whole = named;
	if (!whole)
		return NULL;
	*feature = whole->feature;
	return whole->key;
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
