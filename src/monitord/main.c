/* SPDX-License-Identifier: MIT */
/*
 * lxc-monitord: tells changes of state to programs that speak LXC's monitor channel. It hears of them as every other
 * listener of Keg's does (engine/event.h), and by LXC's fifo from containers that LXC itself runs.
 *
 *	lxc-monitord LXCPATH PIPEFD		writes "S" to the pipe when it can be connected to; ends 30 s
 *						after its last client
 *	lxc-monitord --daemon [LXCPATH]		stays
 */
#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "client/container.h"
#include "monitord/clients.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>

enum { ALONE_MS = 30 * 1000 };

enum { FROM_SIGNAL, FROM_EVENTS, FROM_FIFO, FROM_SOCKET, SOURCES };

struct daemon {
	const char *lxcpath;
	bool stays;
	char *fifo;
	int fd[SOURCES];
	struct clients clients;
	int64_t alone_since;
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int usage(void)
{
	(void)fputs(
		"Usage: lxc-monitord LXCPATH PIPEFD\n"
		"       lxc-monitord --daemon [LXCPATH]\n"
		"\n"
		"  Tells changes of state to programs that speak LXC's monitor channel; they start it themselves.\n",
		stderr);
	return 1;
}

/* Of one that was killed there may be a fifo left: it is ours by the address that we have. */
static int open_fifo(struct daemon *d, struct err *e)
{
	_own_free char *folder = strdup(d->fifo);
	_own_fd int fd = -1;
	struct stat st;
	int r;

	if (!folder)
		return err_num(e, ENOMEM, "make", "%s", d->fifo);
	*strrchr(folder, '/') = 0;
	r = io_mkdir_p(folder, 0755, e);
	if (r < 0)
		return r;
	if (mkfifo(d->fifo, 0600) < 0 && errno != EEXIST)
		return err_sys(e, "make", "%s", d->fifo);
	fd = open(d->fifo, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC); /* with a writer of our own it never ends */
	if (fd < 0)
		return err_sys(e, "open", "%s", d->fifo);
	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode) || st.st_uid != geteuid())
		return err_say(e, EEXIST, "%s is in the way of a fifo", d->fifo);
	d->fd[FROM_FIFO] = take_fd(&fd);
	return 0;
}

static int open_socket(struct daemon *d, struct err *e)
{
	struct sockaddr_un a;
	socklen_t len = monitord_address(d->lxcpath, &a);
	_own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, len) < 0 && errno == EADDRINUSE)
		return err_say(e, EADDRINUSE, "there is an lxc-monitord for %s already", d->lxcpath);
	if (fd < 0 || !len || listen(fd, SOMAXCONN) < 0)
		return err_sys(e, "listen", "for %s", d->lxcpath);
	d->fd[FROM_SOCKET] = take_fd(&fd);
	return 0;
}

static int open_signals(struct daemon *d, struct err *e)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		(void)sigaddset(&set, ends[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	d->fd[FROM_SIGNAL] = signalfd(-1, &set, SFD_CLOEXEC);
	return d->fd[FROM_SIGNAL] < 0 ? err_sys(e, "hear", "signals") : 0;
}

/* The socket is the lock: whoever has it, and nobody else, touches the fifo. */
static int begin(struct daemon *d, struct err *e)
{
	int r = open_signals(d, e);

	if (r == 0)
		r = open_socket(d, e);
	if (r == 0)
		r = open_fifo(d, e);
	if (r < 0)
		return r;
	d->fd[FROM_EVENTS] = monitor_open(d->lxcpath, e);
	d->alone_since = now_ms();
	return d->fd[FROM_EVENTS] < 0 ? d->fd[FROM_EVENTS] : 0;
}

static void end(struct daemon *d)
{
	clients_free(&d->clients);
	if (d->fd[FROM_EVENTS] >= 0)
		monitor_close(d->fd[FROM_EVENTS], d->lxcpath);
	if (d->fd[FROM_FIFO] >= 0) {
		(void)unlink(d->fifo);
		*strrchr(d->fifo, '/') = 0;
		io_rmdir_up(d->fifo, d->fifo); /* those above it are other programs' as well */
	}
	close_fd(&d->fd[FROM_FIFO]);
	close_fd(&d->fd[FROM_SOCKET]);
	close_fd(&d->fd[FROM_SIGNAL]);
	free(d->fifo);
}

static void hear_event(struct daemon *d)
{
	struct monitord_msg m = { 0 };
	struct event ev;

	if (monitor_next(d->fd[FROM_EVENTS], &ev, 0) != 1 || ev.kind == EVENT_READY) /* LXC has no word for ready */
		return;
	m.type = ev.kind == EVENT_EXITED ? MONITORD_EXIT : MONITORD_STATE;
	m.value = ev.value;
	memcpy(m.name, ev.name, sizeof(m.name));
	clients_tell(&d->clients, &m);
}

/* Writes of that size are atomic: a record is whole, or not one. */
static void hear_fifo(struct daemon *d)
{
	struct monitord_msg m;

	/* waits: not at all, it does not block */
	while (read(d->fd[FROM_FIFO], &m, sizeof(m)) == (ssize_t)sizeof(m)) {
		m.name[sizeof(m.name) - 1] = 0;
		clients_tell(&d->clients, &m);
	}
}

/* How long until it has been alone for long enough; -1: for ever. */
static int patience(const struct daemon *d)
{
	int64_t left = d->alone_since + ALONE_MS - now_ms();

	return d->stays || d->clients.n ? -1 : left > 0 ? (int)left : 0;
}

/* false: it is over. */
static bool turn(struct daemon *d)
{
	struct pollfd p[SOURCES + CLIENTS_MOST];
	size_t before = d->clients.n;
	bool goes_on;

	for (int i = 0; i < SOURCES; i++)
		p[i] = (struct pollfd){ .fd = d->fd[i], .events = POLLIN };
	clients_poll(&d->clients, p + SOURCES);
	/* waits: for what happens to containers, or its end */
	if (poll(p, SOURCES + before, patience(d)) == 0)
		return false;
	goes_on = !p[FROM_SIGNAL].revents && clients_hear(&d->clients, p + SOURCES);
	if (p[FROM_EVENTS].revents)
		hear_event(d);
	if (p[FROM_FIFO].revents)
		hear_fifo(d);
	if (p[FROM_SOCKET].revents)
		clients_accept(&d->clients, d->fd[FROM_SOCKET]);
	if (before && !d->clients.n)
		d->alone_since = now_ms();
	return goes_on;
}

static int serve(const char *lxcpath, int ready)
{
	struct daemon d = {
		.lxcpath = lxcpath, .stays = ready < 0, .fifo = monitord_fifo(lxcpath), .fd = { -1, -1, -1, -1 }
	};
	struct err e = { 0 };
	int r = d.fifo ? begin(&d, &e) : err_num(&e, ENOMEM, "begin", "for %s", lxcpath);

	if (r < 0)
		err_print(&e, "lxc-monitord", NULL);
	if (r == 0 && ready >= 0)
		(void)!write(ready, "S", 1);
	if (ready >= 0)
		(void)close(ready);
	while (r == 0 && turn(&d))
		;
	end(&d);
	return r < 0;
}

int main(int argc, char **argv)
{
	_own_free char *dflt = NULL;
	int64_t fd = -1;

	(void)signal(SIGPIPE, SIG_IGN);
	if (argc >= 2 && strcmp(argv[1], "--daemon") == 0) {
		if (argc > 3)
			return usage();
		dflt = argc == 3 ? NULL : global_config("lxc.lxcpath");
		return argc == 3 || dflt ? serve(dflt ? dflt : argv[2], -1) : 1;
	}
	if (argc != 3 || *argv[1] != '/' || num_i64(argv[2], 0, INT32_MAX, &fd) < 0)
		return usage();
	return serve(argv[1], (int)fd);
}
