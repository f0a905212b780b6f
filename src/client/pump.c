/* SPDX-License-Identifier: MIT */
/* Both directions of a terminal session, without ever blocking on one of them. */
#include "client/pump.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

enum { CHUNK = 16384, SMALL = 512 };

struct flow {
	char data[CHUNK];
	size_t at, end;
	bool ended; /* nothing more comes in */
};

struct state {
	struct pump *p;
	struct flow to_remote, to_user;
	bool escaping; /* the escape key was the last one */
	bool over;
	enum pump_end end;
};

bool pump_raw(int fd, struct termios *was)
{
	struct termios raw;

	if (!isatty(fd) || tcgetattr(fd, was) < 0)
		return false;
	raw = *was;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

void pump_cook(int fd, const struct termios *was)
{
	(void)tcsetattr(fd, TCSADRAIN, was);
}

static bool is_empty(const struct flow *f)
{
	return f->at == f->end;
}

static void stop(struct state *s, enum pump_end end)
{
	s->over = true;
	s->end = end;
}

/* Takes the escape out of what was typed: prefix q ends, prefix twice is the prefix itself. */
static void filter_escape(struct state *s)
{
	struct flow *f = &s->to_remote;
	size_t kept = f->at;

	for (size_t i = f->at; i < f->end; i++) {
		char c = f->data[i];

		if (s->escaping && c == 'q') {
			stop(s, PUMP_ESCAPED);
			break;
		}
		if (c == s->p->escape && !s->escaping) {
			s->escaping = true;
			continue;
		}
		s->escaping = false;
		f->data[kept++] = c;
	}
	f->end = kept;
}

static void fill_from_user(struct state *s)
{
	struct flow *f = &s->to_remote;
	/* waits: poll has seen it */
	ssize_t n = read(s->p->in, f->data, sizeof(f->data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	f->ended = n <= 0;
	f->at = 0;
	f->end = n > 0 ? (size_t)n : 0;
	if (s->p->escape)
		filter_escape(s);
}

/* False: nothing there now. */
static bool fill_from_remote(struct state *s)
{
	struct flow *f = &s->to_user;
	/* waits: it is O_NONBLOCK */
	ssize_t n = read(s->p->remote, f->data, sizeof(f->data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	f->ended = n <= 0; /* EIO: the last slave was closed */
	f->at = 0;
	f->end = n > 0 ? (size_t)n : 0;
	if (n > 0 && s->p->log_fd >= 0)
		(void)!io_write_all(s->p->log_fd, f->data, (size_t)n);
	return n > 0;
}

static void push(struct flow *f, int fd, size_t most)
{
	size_t some = f->end - f->at < most ? f->end - f->at : most;
	ssize_t n = write(fd, f->data + f->at, some);

	if (n > 0)
		f->at += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		f->at = f->end; /* nobody reads any more */
}

static void tell_size(const struct pump *p)
{
	struct winsize ws;

	if (p->on_size && isatty(p->in) && ioctl(p->in, TIOCGWINSZ, &ws) == 0)
		p->on_size(p->arg, ws.ws_row, ws.ws_col);
}

/* What the remote wrote before its end still reaches the user. */
static void drain(struct state *s)
{
	do {
		while (!is_empty(&s->to_user))
			push(&s->to_user, s->p->out, SMALL);
	} while (fill_from_remote(s));
}

static void turn(struct state *s, int winch_fd)
{
	struct pump *p = s->p;
	bool typing = is_empty(&s->to_remote) && !s->to_remote.ended;
	struct pollfd f[] = {
		{ typing ? p->in : -1, POLLIN, 0 },
		{ p->remote, (short)((is_empty(&s->to_user) ? POLLIN : 0) | (is_empty(&s->to_remote) ? 0 : POLLOUT)),
		  0 },
		{ is_empty(&s->to_user) ? -1 : p->out, POLLOUT, 0 },
		{ p->also, POLLIN, 0 },
		{ winch_fd, POLLIN, 0 },
	};
	struct signalfd_siginfo si;

	/* waits: for the user, or the end of the program: both are in the set */
	if (poll(f, ARRAY_SIZE(f), -1) < 0)
		return;
	/* waits: it is O_NONBLOCK */
	if (f[4].revents && read(winch_fd, &si, sizeof(si)) > 0)
		tell_size(p);
	if (f[0].revents)
		fill_from_user(s);
	if (f[1].revents & POLLOUT && !is_empty(&s->to_remote))
		push(&s->to_remote, p->remote, CHUNK);
	if (f[2].revents)
		push(&s->to_user, p->out, SMALL);
	if (f[1].revents & (POLLIN | POLLHUP | POLLERR) && is_empty(&s->to_user)) {
		(void)fill_from_remote(s);
		if (s->to_user.ended)
			stop(s, PUMP_REMOTE_ENDED);
	}
	if (f[3].revents && p->on_also(p->arg) != 0)
		stop(s, PUMP_ALSO_ENDED);
}

int pump_run(struct pump *p, enum pump_end *end, struct err *e)
{
	struct state *s = calloc(1, sizeof(*s));
	_own_fd int winch_fd = -1;
	sigset_t winch, before;
	struct termios was;
	bool raw;

	if (!s)
		return err_num(e, ENOMEM, "relay", "the terminal");
	s->p = p;
	(void)fcntl(p->remote, F_SETFL, fcntl(p->remote, F_GETFL) | O_NONBLOCK);
	(void)sigemptyset(&winch);
	(void)sigaddset(&winch, SIGWINCH);
	(void)pthread_sigmask(SIG_BLOCK, &winch, &before);
	winch_fd = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
	raw = pump_raw(p->in, &was);
	tell_size(p);
	while (!s->over)
		turn(s, winch_fd);
	if (s->end != PUMP_ESCAPED)
		drain(s);
	if (raw)
		pump_cook(p->in, &was);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	*end = s->end;
	free(s);
	return 0;
}
