/* SPDX-License-Identifier: MIT */
/* The slots of a run, and its warnings. */
#include "engine/run.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int run_give(struct run *r, enum slot s, int fd, struct err *e)
{
	int *grown = realloc(r->slot[s].v, (r->slot[s].n + 1) * sizeof(*grown));

	if (!grown)
		return err_num(e, ENOMEM, "hold", "an fd");
	grown[r->slot[s].n++] = fd;
	r->slot[s].v = grown;
	return 0;
}

void run_close_slots(struct run *r)
{
	for (size_t i = 0; i < SLOT_COUNT; i++) {
		for (size_t k = 0; k < r->slot[i].n; k++)
			(void)close(r->slot[i].v[k]);
		free(r->slot[i].v);
		r->slot[i] = (struct fds){ 0 };
	}
}

static bool same_line(const struct err *a, const struct err *b)
{
	return a->line == b->line && strcmp(a->key, b->key) == 0 && strcmp(a->file, b->file) == 0 &&
	       (a->key[0] || strcmp(a->object, b->object) == 0);
}

int run_warn(struct run *r, const struct err *why, struct err *e)
{
	struct warnings *w = r->warnings;
	struct err told = *why;
	int at;

	told.warning = true;
	if (spec_strict(r->plan->spec)) {
		problem_harden(&told);
		if (e && !e->set)
			*e = told;
		return -(why->errnum ? why->errnum : EINVAL);
	}
	for (int i = 0; w && i < w->n && i < WARNINGS_MOST; i++)
		if (same_line(&w->v[i], &told))
			return 0;
	log_err("start", &told);
	if (!w)
		return 0;
	at = __atomic_fetch_add(&w->n, 1, __ATOMIC_ACQ_REL); /* the other process may be adding one, too */
	if (at < WARNINGS_MOST)
		w->v[at] = told;
	return 0;
}
