/* SPDX-License-Identifier: MIT */
/* The client's side of the control protocol. */
#include "client/control.h"

#include "base/msg.h"
#include "base/own.h"
#include "keeper/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ANSWER_MS = 5000 };

int control_connect(const struct container *c, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct err none = { 0 };
	_own_fd int dir = state_open_dir(c->lxcpath, c->name, false, &none), fd = -1;

	if (dir == -ENOENT)
		return err_say(e, ESRCH, "it is not running");
	if (dir < 0) {
		*e = none;
		return dir;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "make", "a socket");
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control", dir);
	/* waits: it is O_NONBLOCK; a keeper that accepts nobody has a full queue at some time (EAGAIN) */
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? err_say(e, ESRCH, "it is not running")
								: err_sys(e, "connect to", "the keeper of %s", c->name);
	return take_fd(&fd);
}

int control_tty(int sock, int *tty, const char *name, struct err *e)
{
	struct control_tty t = { .number = *tty };
	static _Thread_local struct msg m;
	int x = msg_send(sock, CONTROL_TTY, &t, sizeof(t), NULL, 0);

	if (x == 0)
		x = msg_recv(sock, &m, ANSWER_MS);
	if (x == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "its keeper does not answer");
	if (x <= 0 || m.head.type != CONTROL_TTY || m.head.size != sizeof(t)) {
		if (x > 0)
			msg_close_fds(&m);
		return err_num(e, x < 0 ? -x : EPIPE, "ask", "the keeper of %s for a tty", name);
	}
	memcpy(&t, m.body, sizeof(t));
	if (t.error || m.fd[0] < 0) {
		msg_close_fds(&m);
		if (t.error == EBUSY && *tty == -1)
			return err_say(e, EBUSY, "all its ttys are in use");
		if (t.error == EBUSY)
			return err_say(e, EBUSY, "tty %d is in use", *tty);
		if (*tty > 0)
			return err_say(e, ENODEV, "it has no tty %d", *tty);
		return err_say(e, ENODEV, *tty == 0 ? "it has no console" : "it has no ttys: set lxc.tty.max");
	}
	*tty = t.number;
	return m.fd[0];
}

/* Asks with an fd (-1: none); the fd that came with the answer, or 0 where none did. */
static int ask_seccomp(int sock, uint16_t type, int fd, struct err *e)
{
	static _Thread_local struct msg m;
	struct control_error a;
	int x = msg_send(sock, type, NULL, 0, &fd, fd >= 0);

	if (x == 0)
		x = msg_recv(sock, &m, ANSWER_MS);
	if (x == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "its keeper does not answer");
	if (x <= 0 || m.head.type != type || m.head.size != sizeof(a)) {
		if (x > 0)
			msg_close_fds(&m);
		return err_num(e, x < 0 ? -x : EPIPE, "ask", "the keeper about seccomp");
	}
	memcpy(&a, m.body, sizeof(a));
	if (a.error == 0)
		return m.fd[0] >= 0 ? m.fd[0] : 0;
	msg_close_fds(&m);
	return err_num(e, a.error, fd < 0 ? "get" : "hand over", "the listener of a seccomp filter");
}

int control_add_listener(int sock, int listener, struct err *e)
{
	int x = ask_seccomp(sock, CONTROL_LISTENER, listener, e);

	return x < 0 ? x : 0;
}

int control_listener(int sock, struct err *e)
{
	return ask_seccomp(sock, CONTROL_SECCOMP, -1, e);
}

int control_log(int sock, struct control_log *l, int *fd, const char *name, struct err *e)
{
	static _Thread_local struct msg m;
	int x = msg_send(sock, CONTROL_LOG, l, sizeof(*l), NULL, 0);

	if (x == 0)
		x = msg_recv(sock, &m, ANSWER_MS);
	if (x == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "its keeper does not answer");
	if (x <= 0 || m.head.type != CONTROL_LOG || m.head.size != sizeof(*l)) {
		if (x > 0)
			msg_close_fds(&m);
		return err_num(e, x < 0 ? -x : EPIPE, "ask", "the keeper of %s for its console's output", name);
	}
	memcpy(l, m.body, sizeof(*l));
	*fd = m.fd[0];
	return 0;
}

void control_winch(int sock, unsigned rows, unsigned columns)
{
	struct control_winch w = { .rows = (uint16_t)rows, .columns = (uint16_t)columns };

	(void)!msg_send(sock, CONTROL_WINCH, &w, sizeof(w), NULL, 0);
}
