/* SPDX-License-Identifier: MIT */
/* A terminal session on a container's console or on one of its ttys. */
#include "client/container.h"
#include "client/control.h"
#include "client/pump.h"

#include "base/own.h"

#include <errno.h>
#include <sys/ioctl.h>

int container_tty(struct container *c, int *tty, int *hold, struct err *e)
{
	_own_fd int sock = control_connect(c, e);
	int fd;

	if (sock < 0)
		return sock;
	fd = control_tty(sock, tty, c->name, e);
	if (fd >= 0)
		*hold = take_fd(&sock);
	return fd;
}

struct session {
	int tty, fd, hold;
};

static void on_size(void *arg, unsigned rows, unsigned columns)
{
	const struct session *s = arg;
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	if (s->tty == 0)
		control_winch(s->hold, rows, columns);
	else
		(void)ioctl(s->fd, TIOCSWINSZ, &ws);
}

/* LXC's own words, on stderr; part of the API's console(). */
static void print_banner(int tty, char key)
{
	(void)fprintf(stderr, "%sConnected to tty %d\nType <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> to enter Ctrl+%c itself\n\n",
		      tty ? "\n" : "", tty, key, key, key, key);
}

int container_console(struct container *c, int tty, int in, int out, int escape, struct err *e)
{
	_own_fd int fd = -1, hold = -1;
	struct session s;
	struct pump p = { .in = in, .out = out, .escape = escape, .also = -1, .on_size = on_size, .arg = &s, .log_fd = -1 };
	enum pump_end end;

	fd = container_tty(c, &tty, &hold, e);
	if (fd < 0)
		return fd;
	s = (struct session){ .tty = tty, .fd = fd, .hold = hold };
	p.remote = fd;
	if (escape)
		print_banner(tty, 'a' + escape - 1);
	return pump_run(&p, &end, e);
}
