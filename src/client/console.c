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

int container_console(int tty, int master, int hold, int in, int out, int escape, struct err *e)
{
	struct session s = { .tty = tty, .fd = master, .hold = hold };
	struct pump p = { .in = in,
			  .out = out,
			  .remote = master,
			  .escape = escape,
			  .also = -1,
			  .on_size = on_size,
			  .arg = &s,
			  .log_fd = -1 };
	enum pump_end end;

	return pump_run(&p, &end, e);
}
