/* SPDX-License-Identifier: MIT */
/* Carries out a table of steps; see seq.h. */
#include "engine/seq.h"

#include "base/log.h"
#include "base/msg.h"
#include "base/own.h"
#include "engine/fault.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum { DEADLINE_MS = 120 * 1000, SILENCE_MS = 1000, DYING_MS = 1000 }; /* of one wait for the other side */

enum { SEQ_DONE, SEQ_FDS, SEQ_ERR };

struct exec {
	const struct seq *s;
	struct run *r;
	struct seq_page *page;
	int sock;	     /* to the other side; -1 before the fork */
	bool done[SEQ_MOST]; /* rows of the other side */
	bool ended;	     /* the other side has closed */
};

static const char *name_of(const struct seq *s, enum role who)
{
	return who == KEEPER ? "keeper" : s->init ? s->init : "container init";
}

static _Thread_local int peer_sock = -1; /* of this thread's running sequence; there is one at a time */

int64_t seq_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

size_t seq_find(const struct seq *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			break;
	return i;
}

bool seq_peer_alive(void)
{
	ssize_t n;
	char c;

	do /* a reset is told once, and what it hides is the end, or the peer's last words */
		n = recv(peer_sock, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == ECONNRESET);
	return n != 0;
}

void seq_leave(void)
{
	close_fd(&peer_sock);
}

static bool wanted(const struct step *st, const struct plan *p)
{
	return !st->when || st->when(p);
}

/* Does the other side wait for this row, or get something from it? */
static bool is_awaited(const struct exec *x, size_t row)
{
	const struct step *st = &x->s->v[row];

	if (st->gives != SLOT_NONE)
		return true;
	for (size_t i = 0; i < x->s->n; i++) {
		const struct step *o = &x->s->v[i];

		if (o->who != st->who && o->needs && strcmp(o->needs, st->name) == 0 && wanted(o, x->r->plan))
			return true;
	}
	return false;
}

/* Tells the other side that the row is done, what it gives first. A closed peer shows at the next wait. */
static void tell_done(struct exec *x, size_t row)
{
	const struct step *st = &x->s->v[row];
	const struct fds *f = &x->r->slot[st->gives];
	uint32_t n = (uint32_t)row;

	for (size_t i = 0; st->gives != SLOT_NONE && i < f->n; i += MSG_FDS) {
		uint32_t slot = st->gives;
		size_t some = f->n - i < MSG_FDS ? f->n - i : MSG_FDS;

		(void)!msg_send(x->sock, SEQ_FDS, &slot, sizeof(slot), f->v + i, some);
	}
	(void)!msg_send(x->sock, SEQ_DONE, &n, sizeof(n), NULL, 0);
}

static int take_fds(struct exec *x, struct msg *m, struct err *e)
{
	uint32_t slot;

	memcpy(&slot, m->body, sizeof(slot));
	for (int i = 0; slot < SLOT_COUNT && i < MSG_FDS && m->fd[i] >= 0; i++) {
		int r = run_give(x->r, (enum slot)slot, m->fd[i], e);

		if (r < 0)
			return r;
		m->fd[i] = -1;
	}
	msg_close_fds(m);
	return 0;
}

/* It is in a row that has its own deadline, which ends that row: until then it is not overdue. */
static bool is_in_slow_row(const struct exec *x)
{
	int at = x->page->at[!x->r->who];

	return at > 0 && (size_t)at <= x->s->n && x->s->v[at - 1].slow;
}

static int next_message(struct exec *x, struct msg *m)
{
	int ms = x->s->deadline_ms ? x->s->deadline_ms : DEADLINE_MS, r;

	for (int waited = 0; waited < ms || is_in_slow_row(x); waited += SILENCE_MS) {
		r = msg_recv(x->sock, m, ms < SILENCE_MS ? ms : SILENCE_MS);
		if (r != -ETIMEDOUT)
			return r;
		if (x->s->on_silence && x->r->who == KEEPER)
			x->s->on_silence(x->r);
	}
	return -ETIMEDOUT;
}

/* One message of the other side. 1: go on, 0: it has closed, negative: its error or ours. */
static int take_message(struct exec *x, struct err *e)
{
	static _Thread_local struct msg m; /* 16 KiB: not on the stack of a small process */
	int r = next_message(x, &m);
	uint32_t row;

	if (r == 0) {
		x->ended = true;
		return 0;
	}
	if (r < 0)
		return err_num(e, -r, "hear of", "the %s", name_of(x->s, !x->r->who));
	switch (m.head.type) {
	case SEQ_DONE:
		if (m.head.size != sizeof(row))
			break;
		memcpy(&row, m.body, sizeof(row));
		if (row < x->s->n)
			x->done[row] = true;
		return 1;
	case SEQ_FDS:
		if (m.head.size != sizeof(row))
			break;
		r = take_fds(x, &m, e);
		return r < 0 ? r : 1;
	case SEQ_ERR:
		if (m.head.size != sizeof(*e))
			break;
		memcpy(e, m.body, sizeof(*e));
		return -(e->errnum ? e->errnum : EINVAL);
	}
	msg_close_fds(&m);
	return err_num(e, EBADMSG, "understand", "the %s", name_of(x->s, !x->r->who));
}

/* The other side has ended without a word, before its exec. */
static int tell_death(struct exec *x, struct err *e)
{
	int at = x->page->at[!x->r->who];
	const char *step = at > 0 && (size_t)at <= x->s->n ? x->s->v[at - 1].name : "its first step";
	const char *who = name_of(x->s, !x->r->who);
	siginfo_t si = { 0 };

	/* waits: its socket has ended: it is dying */
	if (x->r->who == INIT || waitid(P_PID, (id_t)x->r->init_pid, &si, WEXITED | WNOWAIT) < 0)
		return err_say(e, ECHILD, "the %s ended in step %s", who, step);
	if (si.si_code == CLD_EXITED)
		return err_say(e, ECHILD, "%s exited with status %d in step %s", who, si.si_status, step);
	(void)err_say(e, ECHILD, "%s was killed by signal %d (%s) in step %s", who, si.si_status,
		      strsignal(si.si_status), step);
	if (si.si_status == SIGSYS)
		err_hint(e,
			 "the seccomp policy kills it for a system call that the start itself needs: allow that one");
	return -ECHILD;
}

static int wait_for(struct exec *x, const char *name, struct err *e)
{
	size_t row = seq_find(x->s, name);
	int r = 1;

	if (row == x->s->n || !wanted(&x->s->v[row], x->r->plan))
		return 0;
	while (!x->done[row] && r > 0)
		r = take_message(x, e);
	return r < 0 ? r : x->done[row] ? 0 : tell_death(x, e);
}

/* KEEPER's row failed because INIT, on whom it works, had ended before it: that is what there is to tell. */
static int ask_the_dead(struct exec *x, int r, struct err *e)
{
	struct pollfd p = { .fd = x->sock }; /* POLLHUP: told also where there are unread words before the end */
	struct err theirs = { 0 };
	int m = 1;

	/* A dying process loses its namespaces (ESRCH) a moment before its socket closes. */
	if (x->r->who != KEEPER || x->sock < 0 || poll(&p, 1, r == -ESRCH ? DYING_MS : 0) < 1)
		return r;
	while (m > 0)
		m = take_message(x, &theirs);
	if (m == 0)
		m = tell_death(x, &theirs);
	*e = theirs;
	return m;
}

static int run_row(struct exec *x, size_t row, struct err *e)
{
	const struct step *st = &x->s->v[row];
	int r = 0;

	x->page->at[x->r->who] = (int32_t)row + 1;
	if (st->needs)
		r = wait_for(x, st->needs, e);
	x->page->row[row].began = seq_now();
	log_at(LOG_TRACE, st->name, "begins");
	if (r == 0)
		r = fault_hit(st->name, x->r, e);
	if (r == 0 && st->run) {
		r = st->run(x->r, e);
		if (r < 0)
			r = ask_the_dead(x, r, e);
	}
	x->page->row[row].ended = seq_now();
	if (r >= 0)
		log_at(LOG_DEBUG, st->name, "done in %lld us",
		       (long long)(x->page->row[row].ended - x->page->row[row].began) / 1000);
	if (r < 0) {
		if (!e->set)
			(void)err_num(e, -r, "do", "%s", st->name);
		err_step(e, st->name, name_of(x->s, st->who));
	} else if (x->sock >= 0 && is_awaited(x, row)) {
		tell_done(x, row);
	}
	return r;
}

/* INIT's rows after the fork; never returns: its last row is an exec. */
static void run_init(struct exec *x, size_t row, struct err *e)
{
	int r = 0;

	err_clear(e);
	for (; row < x->s->n && r >= 0; row++)
		if (x->s->v[row].who == INIT && wanted(&x->s->v[row], x->r->plan))
			r = run_row(x, row, e);
	if (r >= 0)
		(void)err_say(e, EINVAL, "the table %s has no row that execs", x->s->name);
	(void)!msg_send(x->sock, SEQ_ERR, e, sizeof(*e), NULL, 0);
	_exit(1);
}

/* All rows of ours are done: the exec closes the other side's end of the socket. */
static int wait_for_exec(struct exec *x, struct err *e)
{
	int r = 1;

	while (r > 0)
		r = take_message(x, e);
	if (r < 0)
		return r;
	x->page->running = seq_now();
	return x->page->row[x->s->n - 1].began ? 0 : tell_death(x, e); /* not while it waits for what the exec needs */
}

static int run_keeper(struct exec *x, size_t first, size_t *reached, struct err *e)
{
	int pair[2] = { -1, -1 }, r = 0;

	for (size_t row = first; row < x->s->n; row++) {
		const struct step *st = &x->s->v[row];

		if (st->who != KEEPER || !wanted(st, x->r->plan))
			continue;
		*reached = row;
		if (st->forks && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			return err_sys(e, "make", "a socket pair");
		r = run_row(x, row, e);
		if (st->forks) {
			(void)close(pair[r == 1 ? 0 : 1]);
			x->sock = peer_sock = pair[r == 1 ? 1 : 0];
		}
		if (r == 1)
			run_init(x, row + 1, e);
		if (r < 0)
			return r;
	}
	return wait_for_exec(x, e);
}

int seq_run(const struct seq *s, size_t first, struct run *r, struct seq_page *page, struct err *e)
{
	struct exec x = { .s = s, .r = r, .page = page, .sock = -1 };
	size_t reached = first;
	int ret;

	r->warnings = &page->warnings;
	ret = run_keeper(&x, first, &reached, e);

	close_fd(&x.sock);
	peer_sock = -1;
	if (ret < 0)
		seq_undo(s, first, reached, r);
	return ret;
}

void seq_undo(const struct seq *s, size_t first, size_t last, struct run *r)
{
	struct err ignored = { 0 };

	for (size_t i = last + 1; i-- > first;) {
		const struct step *st = &s->v[i];

		if (st->who != KEEPER || !st->undo || !wanted(st, r->plan))
			continue;
		log_at(LOG_DEBUG, st->name, "undone");
		(void)!fault_hit_undo(st->name, r, &ignored);
		st->undo(r);
	}
}

struct seq_page *seq_page_map(int fd, struct err *e)
{
	struct seq_page *p =
		mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (p == MAP_FAILED) {
		(void)err_sys(e, "share", "a page");
		return NULL;
	}
	return p;
}

struct seq_page *seq_page_new(int *fd, struct err *e)
{
	_own_fd int mem = -1;
	struct seq_page *p;

	if (fd) {
		mem = memfd_create("keg-steps", MFD_CLOEXEC);
		if (mem < 0 || ftruncate(mem, sizeof(*p)) < 0) {
			(void)err_sys(e, "share", "a page");
			return NULL;
		}
	}
	p = seq_page_map(mem, e);
	if (p && fd)
		*fd = take_fd(&mem);
	return p;
}

void seq_page_free(struct seq_page *p)
{
	if (p)
		(void)munmap(p, sizeof(*p));
}

int seq_explain(const struct seq *s, const struct plan *p, struct strv *cells)
{
	int bad = 0;

	for (size_t i = 0; i < s->n && !bad; i++) {
		const struct step *st = &s->v[i];
		bool waits = st->needs && seq_find(s, st->needs) < s->n && wanted(&s->v[seq_find(s, st->needs)], p);

		if (wanted(st, p))
			bad = strv_add(cells, st->name) | strv_add(cells, name_of(s, st->who)) |
			      strv_add(cells, waits ? st->needs : "") | strv_add(cells, st->undo ? "true" : "false");
	}
	return bad ? -ENOMEM : 0;
}

static void trace_mark(const struct seq_page *page, int64_t at, const char *what, struct buf *out)
{
	if (at)
		buf_addf(out, "%8lld us             %s\n", (long long)(at - page->asked) / 1000, what);
}

void seq_trace(const struct seq *s, const struct seq_page *page, struct buf *out)
{
	int64_t start = page->asked ? page->asked : INT64_MAX;
	bool shown[SEQ_MOST] = { false };

	trace_mark(page, page->spawned, "the keeper is spawned", out);
	trace_mark(page, page->begun, "it begins", out);
	trace_mark(page, page->planned, "it has its plan", out);
	for (size_t i = 0; i < s->n; i++)
		if (page->row[i].began && page->row[i].began < start)
			start = page->row[i].began;
	for (;;) {
		size_t next = s->n;

		for (size_t i = 0; i < s->n; i++)
			if (page->row[i].began && !shown[i] &&
			    (next == s->n || page->row[i].began < page->row[next].began))
				next = i;
		if (next == s->n) {
			trace_mark(page, page->running, "init runs", out);
			return;
		}
		shown[next] = true;
		buf_addf(out, "%8lld us  %6lld us  %-6s %s\n", (long long)(page->row[next].began - start) / 1000,
			 page->row[next].ended ? (long long)(page->row[next].ended - page->row[next].began) / 1000
					       : -1LL,
			 s->v[next].who == KEEPER ? "KEEPER" : "INIT", s->v[next].name);
	}
}
