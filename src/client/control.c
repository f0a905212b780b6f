/* SPDX-License-Identifier: MIT */
/* The client's side of the control protocol. */
#include "client/control.h"

#include "base/io.h"
#include "base/msg.h"
#include "base/own.h"
#include "keeper/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* The state in /proc/PID/stat; 0: not to be known. */
static char process_state(pid_t pid)
{
	char path[32], line[512], *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	at = io_read_line(AT_FDCWD, path, line, sizeof(line)) < 0 ? NULL : strrchr(line, ')');
	return at && at[1] ? at[2] : 0;
}

int control_silent(const struct container *c, struct err *e)
{
	struct err none = { 0 };
	struct status s;
	char state;

	if (state_read(c->lxcpath, c->name, &s, &none) < 0)
		return err_num(e, ETIME, "", "its keeper does not answer");
	status_free(&s);
	(void)err_num(e, ETIME, "", "its keeper (pid %d) does not answer", (int)s.keeper_pid);
	state = process_state(s.keeper_pid);
	if (state == 'T' || state == 't')
		err_hint(e, "it is stopped: kill -CONT %d", (int)s.keeper_pid);
	return -ETIME;
}

int control_connect(const struct container *c, struct err *e)
{
	const struct timeval patience = { .tv_sec = CONTROL_ANSWER_MS / 1000,
					  .tv_usec = CONTROL_ANSWER_MS % 1000 * 1000 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct err none = { 0 };
	_own_fd int dir = state_open_dir(c->lxcpath, c->name, false, &none), fd = -1;

	if (dir == -ENOENT)
		return err_say(e, ESRCH, "it is not running");
	if (dir < 0) {
		*e = none;
		return dir;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "make", "a socket");
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control", dir);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	/* waits: so long; a full queue is as good as silence */
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return errno == EAGAIN ? control_silent(c, e)
		       : errno == ENOENT || errno == ECONNREFUSED
			       ? err_say(e, ESRCH, "it is not running")
			       : err_sys(e, "connect to", "the keeper of %s", c->name);
	return take_fd(&fd);
}

int control_tty(int sock, int *tty, const struct container *c, struct err *e)
{
	struct control_tty t = { .number = *tty };
	static _Thread_local struct msg m;
	int x = msg_send(sock, CONTROL_TTY, &t, sizeof(t), NULL, 0);

	if (x == 0)
		x = msg_recv(sock, &m, CONTROL_ANSWER_MS);
	if (x == -ETIMEDOUT)
		return control_silent(c, e);
	if (x <= 0 || m.head.type != CONTROL_TTY || m.head.size != sizeof(t)) {
		if (x > 0)
			msg_close_fds(&m);
		return err_num(e, x < 0 ? -x : EPIPE, "ask", "the keeper of %s for a tty", c->name);
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
static int ask_seccomp(int sock, uint16_t type, int fd, const struct container *c, struct err *e)
{
	static _Thread_local struct msg m;
	struct control_error a;
	int x = msg_send(sock, type, NULL, 0, &fd, fd >= 0);

	if (x == 0)
		x = msg_recv(sock, &m, CONTROL_ANSWER_MS);
	if (x == -ETIMEDOUT)
		return control_silent(c, e);
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

int control_add_listener(int sock, int listener, const struct container *c, struct err *e)
{
	int x = ask_seccomp(sock, CONTROL_LISTENER, listener, c, e);

	return x < 0 ? x : 0;
}

int control_listener(int sock, const struct container *c, struct err *e)
{
	return ask_seccomp(sock, CONTROL_SECCOMP, -1, c, e);
}

int control_log(int sock, struct control_log *l, int *fd, const struct container *c, struct err *e)
{
	static _Thread_local struct msg m;
	int x = msg_send(sock, CONTROL_LOG, l, sizeof(*l), NULL, 0);

	if (x == 0)
		x = msg_recv(sock, &m, CONTROL_ANSWER_MS);
	if (x == -ETIMEDOUT)
		return control_silent(c, e);
	if (x <= 0 || m.head.type != CONTROL_LOG || m.head.size != sizeof(*l)) {
		if (x > 0)
			msg_close_fds(&m);
		return err_num(e, x < 0 ? -x : EPIPE, "ask", "the keeper of %s for its console's output", c->name);
	}
	memcpy(l, m.body, sizeof(*l));
	*fd = m.fd[0];
	return 0;
}

int control_upgrade(int sock, const struct control_upgrade *u, const struct container *c, struct err *e)
{
	static _Thread_local struct msg m;
	struct control_error a;
	int x = msg_send(sock, CONTROL_UPGRADE, u, sizeof(*u), NULL, 0);

	if (x == 0)
		x = msg_recv(sock, &m, CONTROL_ANSWER_MS);
	if (x == -ETIMEDOUT)
		return control_silent(c, e);
	if (x > 0)
		msg_close_fds(&m);
	if (x <= 0 || m.head.type != CONTROL_UPGRADE || m.head.size != sizeof(a))
		return err_num(e, x < 0 ? -x : EPIPE, "upgrade", "the keeper of %s", c->name);
	memcpy(&a, m.body, sizeof(a));
	return a.error ? err_num(e, a.error, "run", "%s", u->idle) : 0;
}

void control_winch(int sock, unsigned rows, unsigned columns)
{
	struct control_winch w = { .rows = (uint16_t)rows, .columns = (uint16_t)columns };

	(void)!msg_send(sock, CONTROL_WINCH, &w, sizeof(w), NULL, 0);
}
