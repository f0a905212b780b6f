/* SPDX-License-Identifier: MIT */
/* Configs that were read before; see kept.h. */
#include "client/kept.h"

#include "spec/sources.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	unsigned refs; /* the table's is one */
	char *path;
	struct spec *spec;
	struct sources from;
};

/* So many are remembered: some 3 KiB each. Which one goes for a new one is told by its path's hash, and its turn. */
enum { SETS = 1024, WAYS = 4 };

static struct {
	pthread_mutex_t lock; /* of the table, and of everybody's refs */
	struct kept *v[SETS][WAYS];
	unsigned char turn[SETS];
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void drop(struct kept *k)
{
	if (k->spec)
		spec_free(k->spec);
	sources_free(&k->from);
	free(k->path);
	free(k);
}

static struct kept *get(struct kept *k)
{
	k->refs++;
	return k;
}

/* Under the lock; what has no reference any more is the caller's to drop. */
static struct kept *let_go(struct kept *k)
{
	return k && --k->refs == 0 ? k : NULL;
}

void kept_put(struct kept *k)
{
	(void)pthread_mutex_lock(&table.lock);
	k = let_go(k);
	(void)pthread_mutex_unlock(&table.lock);
	if (k)
		drop(k);
}

struct spec *kept_own(struct kept *k)
{
	struct spec *s = NULL;

	(void)pthread_mutex_lock(&table.lock);
	if (k->refs == 1) {
		s = k->spec;
		k->spec = NULL;
	}
	k = let_go(k);
	(void)pthread_mutex_unlock(&table.lock);
	if (k)
		drop(k);
	return s;
}

const struct spec *kept_spec(const struct kept *k)
{
	return k->spec;
}

static unsigned set_of(const char *path)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619U;
	return hash % SETS;
}

static struct kept *find(const char *path)
{
	struct kept **way = table.v[set_of(path)], *found = NULL;

	(void)pthread_mutex_lock(&table.lock);
	for (unsigned i = 0; i < WAYS && !found; i++)
		if (way[i] && strcmp(way[i]->path, path) == 0)
			found = get(way[i]);
	(void)pthread_mutex_unlock(&table.lock);
	return found;
}

/* In the place of the one of that path, of nobody, or of the one whose turn it is. */
static void remember(struct kept *k)
{
	unsigned set = set_of(k->path), at = WAYS;
	struct kept **way = table.v[set], *gone;

	(void)pthread_mutex_lock(&table.lock);
	for (unsigned i = 0; i < WAYS; i++)
		if (way[i] ? strcmp(way[i]->path, k->path) == 0 : at == WAYS)
			at = i;
	if (at == WAYS)
		at = table.turn[set]++ % WAYS;
	gone = let_go(way[at]);
	way[at] = get(k);
	(void)pthread_mutex_unlock(&table.lock);
	if (gone)
		drop(gone);
}

static struct kept *new_kept(const char *path)
{
	struct kept *k = calloc(1, sizeof(*k));
	struct err e = { 0 };

	if (!k)
		return NULL;
	k->refs = 1;
	k->path = strdup(path);
	if (k->path && spec_new(&k->spec, &e) == 0)
		return k;
	drop(k);
	return NULL;
}

static int read_anew(const char *path, struct kept **out, struct problems *p)
{
	struct kept *k = new_kept(path);
	int r = k ? spec_read_file(k->spec, path, p, &k->from) : -ENOMEM;

	if (r < 0 || k->from.drawn) {
		if (k)
			drop(k);
		return r;
	}
	if (sources_settled(&k->from))
		remember(k);
	*out = k;
	return 0;
}

int kept_read(const char *path, struct kept **out, struct problems *p)
{
	struct kept *k = find(path);

	*out = NULL;
	if (!k)
		return read_anew(path, out, p);
	if (sources_same(&k->from)) {
		*out = k;
		return 0;
	}
	kept_put(k);
	return read_anew(path, out, p);
}

/* A library that is unloaded takes its memory with it. */
__attribute__((destructor)) static void forget_all(void)
{
	for (unsigned i = 0; i < SETS; i++)
		for (unsigned w = 0; w < WAYS; w++)
			if (table.v[i][w])
				kept_put(table.v[i][w]);
}
