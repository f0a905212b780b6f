/* SPDX-License-Identifier: MIT */
/* Which container is begun before which: lxc.start.after and lxc.start.requires go before lxc.start.order. */
#include "cli/autostart.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>

struct needed needed_of(const char *word)
{
	const char *colon = strrchr(word, ':');
	struct needed n = { .ready = colon && strcmp(colon, ":ready") == 0 };

	(void)snprintf(n.name, sizeof(n.name), "%.*s", colon ? (int)(colon - word) : (int)strlen(word), word);
	return n;
}

struct candidate *candidate_find(const struct candidates *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].ct->name, name) == 0)
			return &all->v[i];
	return NULL;
}

static void name_cycle(const struct candidates *all, const struct candidate *k, struct buf *b);

/* The way from one that is being ordered to the next that is, until it comes back. */
static int tell_cycle(const struct candidates *all, const struct candidate *k, struct err *e)
{
	_own_buf struct buf b = { 0 };

	name_cycle(all, k, &b);
	return err_say(e, ELOOP, "lxc.start.after and lxc.start.requires go round: %s", b.s ? b.s : k->ct->name);
}

static const struct candidate *next_in_cycle(const struct candidates *all, const struct candidate *k)
{
	const struct strv *lists[] = { &k->after, &k->requires };

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; i < lists[l]->n; i++) {
			const struct candidate *n = candidate_find(all, needed_of(lists[l]->v[i]).name);

			if (n && n->is == ORDERING)
				return n;
		}
	return NULL;
}

static void name_cycle(const struct candidates *all, const struct candidate *k, struct buf *b)
{
	const struct candidate *at = k;

	for (size_t most = all->n; at && most > 0; most--) {
		buf_addf(b, "%s needs ", at->ct->name);
		at = next_in_cycle(all, at);
		if (at == k)
			break;
	}
	buf_addf(b, "%s", k->ct->name);
}

/* What is only to be begun before counts where it takes part by itself. */
static int add_needed(struct candidates *all, struct queue *q, const struct strv *words, bool pulls, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		struct candidate *n = candidate_find(all, needed_of(words->v[i]).name);
		int x = n && (pulls || n->takes_part) ? queue_add(all, q, n, e) : 0;

		if (x < 0)
			return x;
	}
	return 0;
}

int queue_add(struct candidates *all, struct queue *q, struct candidate *k, struct err *e)
{
	int x;

	if (k->is == ORDERING)
		return tell_cycle(all, k, e);
	if (k->is != NOT_BEGUN)
		return 0;
	k->is = ORDERING;
	x = add_needed(all, q, &k->after, false, e);
	if (x == 0)
		x = add_needed(all, q, &k->requires, q->pulls, e);
	k->is = x == 0 ? ORDERED : FAILED;
	if (x == 0)
		q->v[q->n++] = k;
	return x;
}
