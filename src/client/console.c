/* SPDX-License-Identifier: MIT */
/* A terminal session on a container's console or on one of its ttys. */
#include "client/container.h"
#include "client/control.h"
#include "client/pump.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int container_tty(struct container *c, int *tty, int *hold, struct err *e)
{
	_own_fd int sock = control_connect(c, e);
	int fd;

	if (sock < 0)
		return sock;
	fd = control_tty(sock, tty, c, e);
	if (fd >= 0)
		*hold = take_fd(&sock);
	return fd;
}

/* The words to what the keeper has refused. */
static int no_log(const struct container *c, int error, struct err *e)
{
	int x;

	switch (error) {
	case EFAULT:
		x = err_say(e, EFAULT, "nothing of what its console shows is kept");
		err_hint(e, "keg config set %s lxc.console.buffer.size auto; then stop and start it", c->name);
		return x;
	case ENODATA:
		x = err_say(e, ENODATA, "its console has shown nothing since it was read last");
		err_hint(e, "lxc.console.logfile keeps it in a file, to be read again");
		return x;
	case EBADF:
		return err_say(e, EBADF, "its console has no log file: lxc.console.logfile is not set");
	}
	return err_num(e, error, "read", "what its console has shown");
}

int container_console_log(const struct container *c, struct console_log *l, char **data, size_t *len, struct err *e)
{
	struct control_log ask = { .most = l->most,
				   .read = l->read,
				   .clear = l->clear,
				   .to_logfile = l->to_logfile,
				   .stays = l->stays,
				   .from = l->from };
	_own_fd int sock = control_connect(c, e), fd = -1;
	int x = sock < 0 ? sock : control_log(sock, &ask, &fd, c, e);

	if (x == 0 && ask.error)
		x = no_log(c, ask.error, e);
	if (x == 0)
		l->from = ask.from;
	if (x < 0 || fd < 0)
		return x;
	x = io_read_fd(fd, (size_t)ask.most + 1, data, len);
	return x < 0 ? err_num(e, -x, "read", "what its console has shown") : 0;
}

int container_seccomp_fd(const struct container *c, struct err *e)
{
	_own_fd int sock = control_connect(c, e);

	return sock < 0 ? sock : control_listener(sock, c, e);
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

/* The keeper lets go of us: init has ended. */
static int is_let_go(void *arg)
{
	const struct session *s = arg;
	char c;

	return recv(s->hold, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Between two gettys nobody has a tty open, and a read of its master fails, but for a slave that is held here. */
int container_console(int tty, int master, int hold, int in, int out, int escape, struct err *e)
{
	_own_fd int slave = tty ? ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1; /* Linux 4.13 */
	struct session s = { .tty = tty, .fd = master, .hold = hold };
	struct pump p = { .in = in,
			  .out = out,
			  .remote = master,
			  .escape = escape,
			  .also = slave >= 0 ? hold : -1,
			  .on_also = is_let_go,
			  .on_size = on_size,
			  .arg = &s,
			  .log_fd = -1 };
	enum pump_end end;

	return pump_run(&p, &end, e);
}
