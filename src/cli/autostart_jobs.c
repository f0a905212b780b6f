/* SPDX-License-Identifier: MIT */
/* Begins the containers of a queue, each by a process of its own, so many at once, as what they need allows. */
#include "cli/autostart.h"

#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 1000, JOBS_MOST = 64 };

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool is_over(const struct candidate *k)
{
	return k->is == DONE || k->is == FAILED;
}

static bool names(const struct strv *words, const char *name)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcmp(needed_of(words->v[i]).name, name) == 0)
			return true;
	return false;
}

static bool needs(const struct candidate *k, const struct candidate *n)
{
	return names(&k->after, n->ct->name) || names(&k->requires, n->ct->name);
}

/* Of those before it, it waits for what it needs (when it stops: for what needs it), and for another order's. */
static bool may_begin(const struct jobs *j, const struct queue *q, size_t at)
{
	const struct candidate *k = q->v[at];

	for (size_t i = 0; i < at; i++) {
		const struct candidate *o = q->v[i];

		if (!is_over(o) && (o->order != k->order || (j->starts ? needs(k, o) : needs(o, k))))
			return false;
	}
	return true;
}

/* --- in the process of one ------------------------------------------------------------------------------- */

static int await_ready(const struct jobs *j, struct candidate *n, struct err *e)
{
	struct status s;
	int x = container_wait(n->ct, 1U << READY | 1U << STOPPED, j->ready_ms, e);

	if (x == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "it requires %s, which was not ready after %d seconds", n->ct->name,
			       j->ready_ms / 1000);
	if (x == 0)
		x = container_status(n->ct, &s, e);
	if (x < 0)
		return x;
	status_free(&s);
	return s.ready ? 0 : err_say(e, ESRCH, "it requires %s, which has ended", n->ct->name);
}

static int await_needed(const struct jobs *j, const struct candidates *all, const struct strv *words, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		struct needed n = needed_of(words->v[i]);
		struct candidate *k = n.ready ? candidate_find(all, n.name) : NULL;
		int x = k && (k->is == DONE || k->is == UNDER_WAY) ? await_ready(j, k, e) : 0;

		if (x < 0)
			return x;
	}
	return 0;
}

static int work(const struct jobs *j, const struct candidates *all, struct candidate *k)
{
	struct err e = { 0 }, ignored = { 0 };
	int x = 0;

	if (j->starts && await_needed(j, all, &k->after, &ignored) < 0)
		err_clear(&ignored); /* only the order was asked for */
	if (j->starts)
		x = await_needed(j, all, &k->requires, &e);
	if (x == 0)
		x = j->act(j->c, k, &e);
	if (x < 0)
		(void)cli_fail_of(j->c, k->ct->name, &e);
	return x < 0;
}

/* --- in the one that sees to all ------------------------------------------------------------------------- */

static int check_required(const struct candidates *all, const struct candidate *k, struct err *e)
{
	for (size_t i = 0; i < k->requires.n; i++) {
		struct needed n = needed_of(k->requires.v[i]);
		const struct candidate *r = candidate_find(all, n.name);

		if (!r)
			return err_say(e, ENOENT, "it requires %s, which does not exist", n.name);
		if (r->is == FAILED)
			return err_say(e, ESRCH, "it requires %s, which did not start", n.name);
	}
	return 0;
}

static void fail(const struct jobs *j, struct candidates *all, struct candidate *k, const struct err *e)
{
	k->is = FAILED;
	all->failed++;
	(void)cli_fail_of(j->c, k->ct->name, e);
}

static void begin(const struct jobs *j, struct candidates *all, struct candidate *k)
{
	struct status s = { .state = STOPPED };
	struct err e = { 0 };
	int x = container_status(k->ct, &s, &e);

	status_free(&s);
	if (x == 0 && (s.state == STOPPED) != j->starts) {
		k->is = DONE;
		return;
	}
	all->tried++;
	k->tried = true;
	if (x == 0 && j->starts)
		x = check_required(all, k, &e);
	(void)fflush(NULL);
	k->pid = x == 0 ? fork() : 0;
	if (x < 0 || k->pid < 0) {
		fail(j, all, k, x < 0 ? &e : &(struct err){ .set = true, .errnum = EAGAIN, .op = "begin" });
		return;
	}
	if (k->pid == 0)
		_exit(work(j, all, k));
	k->is = UNDER_WAY;
	k->pidfd = (int)syscall(SYS_pidfd_open, k->pid, 0); /* Linux 5.3 */
}

static unsigned count(const struct queue *q, enum progress is)
{
	unsigned n = 0;

	for (size_t i = 0; i < q->n; i++)
		n += q->v[i]->is == is;
	return n;
}

static void begin_some(const struct jobs *j, struct candidates *all, struct queue *q, const int64_t *held)
{
	for (size_t i = 0; i < q->n; i++) {
		if (count(q, UNDER_WAY) >= j->at_once || now_ms() < *held)
			return;
		if (q->v[i]->is == ORDERED && may_begin(j, q, i))
			begin(j, all, q->v[i]);
	}
}

/* Until one ends, or the delay behind another is over. */
static void await_some(const struct queue *q, int64_t held)
{
	struct pollfd p[JOBS_MOST];
	int64_t left = held - now_ms();
	nfds_t n = 0;

	for (size_t i = 0; i < q->n && n < JOBS_MOST; i++)
		if (q->v[i]->is == UNDER_WAY && q->v[i]->pidfd >= 0)
			p[n++] = (struct pollfd){ q->v[i]->pidfd, POLLIN, 0 };
	(void)poll(p, n, left > 0 && left < LOOK_MS ? (int)left : n || left > 0 ? LOOK_MS : 0);
}

static void reap(const struct jobs *j, struct candidates *all, struct queue *q, int64_t *held)
{
	for (size_t i = 0; i < q->n; i++) {
		struct candidate *k = q->v[i];
		int status = 0;

		if (k->is != UNDER_WAY || waitpid(k->pid, &status, WNOHANG) != k->pid)
			continue;
		close_fd(&k->pidfd);
		k->is = status ? FAILED : DONE;
		all->failed += status != 0;
		if (!status && j->delays && k->delay)
			*held = now_ms() + k->delay * 1000LL;
	}
}

void jobs_run(const struct jobs *j, struct candidates *all, struct queue *q)
{
	int64_t held = 0;

	for (;;) {
		begin_some(j, all, q, &held);
		if (!count(q, UNDER_WAY) && !count(q, ORDERED) && now_ms() >= held)
			return;
		await_some(q, held);
		reap(j, all, q, &held);
	}
}
