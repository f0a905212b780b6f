/* SPDX-License-Identifier: MIT */
/* One notification at a time, from a listener to the proxy and back. */
#include "seccomp/notify.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

enum { ANSWER_MS = 30 * 1000 };

static struct {
	const char *address, *cookie;
	pid_t init_pid;
	struct seccomp_notif_sizes sizes;
} n;

static struct notify_state *s;

union response {
	struct seccomp_notif_resp it;
	char room[NOTIFY_LARGEST];
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int notify_connect(const char *address)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(address);
	_own_fd int fd = -1;

	if (len >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, address, len);
	if (*address == '@')
		a.sun_path[0] = 0;
	else
		len++; /* a path's NUL counts */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* waits: it is O_NONBLOCK */
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* How large the kernel's structs are. */
static int ask_sizes(void)
{
	if (!n.sizes.seccomp_notif && syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &n.sizes) < 0)
		return -errno;
	return n.sizes.seccomp_notif > NOTIFY_LARGEST || n.sizes.seccomp_notif_resp > NOTIFY_LARGEST ? -E2BIG : 0;
}

void notify_begin(struct notify_state *state, const char *address, const char *cookie, pid_t init_pid, int proxy_fd)
{
	s = state;
	n.address = address;
	n.cookie = cookie;
	n.init_pid = init_pid;
	if (s->begun) {
		(void)!ask_sizes(); /* it answered once */
		return;
	}
	s->begun = 1;
	s->proxy = proxy_fd;
	s->asked = -1;
	for (int i = 0; i < NOTIFY_LISTENERS; i++)
		s->listener[i] = -1;
}

void notify_end(void)
{
	for (int i = 0; i < NOTIFY_LISTENERS; i++)
		close_fd(&s->listener[i]);
	close_fd(&s->proxy);
	*s = (struct notify_state){ 0 };
}

int notify_add(int listener)
{
	int x = ask_sizes();

	if (x < 0)
		return x;
	for (int i = 0; i < NOTIFY_LISTENERS; i++) {
		if (s->listener[i] < 0) {
			s->listener[i] = listener;
			return 0;
		}
	}
	return -ENOSPC;
}

int notify_give(void)
{
	s->given = s->listener[0] >= 0;
	return s->listener[0];
}

/* --- the kernel's side ------------------------------------------------------------------------- */

/* Whoever asked may be dead, or somebody else has answered: then there is nobody to tell. */
static void answer(union response *r)
{
	r->it.id = s->notif.it.id;
	(void)ioctl(s->asked, SECCOMP_IOCTL_NOTIF_SEND, &r->it);
	s->asked = -1;
}

static void answer_default(void)
{
	union response r = { .it = { .error = -ENOSYS } };

	answer(&r);
}

static bool is_alive(void)
{
	return ioctl(s->asked, SECCOMP_IOCTL_NOTIF_ID_VALID, &s->notif.it.id) == 0;
}

/* --- the proxy's side -------------------------------------------------------------------------- */

static void drop_proxy(void)
{
	close_fd(&s->proxy);
}

static bool has_proxy(void)
{
	if (s->proxy < 0 && n.address[0])
		s->proxy = notify_connect(n.address);
	return s->proxy >= 0;
}

/* "/proc/PID" and, with a tail, a file in it. */
static int open_proc(pid_t pid, const char *tail, int flags)
{
	char path[48] = "/proc/", digits[12];
	size_t at = strlen(path);
	int i = 0;

	do
		digits[i++] = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	while (i > 0)
		path[at++] = digits[--i];
	memcpy(path + at, tail, strlen(tail) + 1);
	return open(path, flags | O_CLOEXEC);
}

static bool send_with_fds(struct msghdr *m, const int fd[3])
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} c = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(3 * sizeof(int)) } };

	memcpy(CMSG_DATA(&c.head), fd, 3 * sizeof(int));
	m->msg_control = &c;
	m->msg_controllen = sizeof(c.room);
	return sendmsg(s->proxy, m, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

static bool send_to_proxy(const int fd[3])
{
	union response r = { .it = { .id = s->notif.it.id } };
	struct notify_head head = {
		.keeper_pid = getpid(),
		.init_pid = n.init_pid,
		.sizes = n.sizes,
		.cookie_len = strlen(n.cookie),
	};
	struct iovec v[] = {
		{ &head, sizeof(head) },
		{ &s->notif, n.sizes.seccomp_notif },
		{ &r, n.sizes.seccomp_notif_resp },
		{ (void *)n.cookie, strlen(n.cookie) },
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = ARRAY_SIZE(v) };

	return send_with_fds(&m, fd);
}

/* To the connection that there is, or to a new one where it has ended. */
static bool ask(void)
{
	pid_t pid = (pid_t)s->notif.it.pid;
	_own_fd int proc = n.address[0] ? open_proc(pid, "", O_RDONLY | O_DIRECTORY) : -1;
	_own_fd int mem = proc >= 0 ? open_proc(pid, "/mem", O_RDWR) : -1;
	const int fd[3] = { proc, mem, s->asked };

	/* Its pid may be another's by now; it is not while its call waits. */
	if (mem < 0 || !is_alive())
		return false;
	if (has_proxy() && send_to_proxy(fd))
		return true;
	drop_proxy();
	s->again = true;
	return has_proxy() && send_to_proxy(fd);
}

static void take_notification(int listener)
{
	memset(&s->notif, 0, sizeof(s->notif)); /* the kernel wants it so */
	s->again = 0;
	s->asked = listener;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &s->notif.it) < 0) {
		s->asked = -1; /* ENOENT: killed meanwhile */
		return;
	}
	s->until = now_ms() + ANSWER_MS;
	if (!ask())
		answer_default();
}

/* 1: for what was asked; 0: it has closed; -1: nothing (yet) that is an answer. */
static int receive(union response *r)
{
	struct notify_head head;
	union {
		struct seccomp_notif it;
		char room[NOTIFY_LARGEST];
	} notif;
	struct iovec v[] = {
		{ &head, sizeof(head) },
		{ &notif, n.sizes.seccomp_notif },
		{ r, n.sizes.seccomp_notif_resp },
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = ARRAY_SIZE(v) };
	size_t whole = v[0].iov_len + v[1].iov_len + v[2].iov_len;
	ssize_t got = recvmsg(s->proxy, &m, MSG_DONTWAIT | MSG_TRUNC);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return 0;
	if (got < 0 || s->asked < 0)
		return -1;
	if ((size_t)got != whole) { /* a short one means: the default */
		*r = (union response){ .it = { .error = -ENOSYS } };
		return 1;
	}
	return notif.it.id == s->notif.it.id || r->it.id == s->notif.it.id ? 1 : -1;
}

/* It went away without an answer: it may be back already, and is asked once more. */
static void hear_proxy(void)
{
	union response r = { 0 };
	int x = receive(&r);

	if (x > 0)
		answer(&r);
	if (x != 0)
		return;
	drop_proxy();
	if (s->asked < 0)
		return;
	if (s->again || !ask())
		answer_default();
	else
		s->again = true;
}

/* --- waiting ----------------------------------------------------------------------------------- */

void notify_poll(struct pollfd *p)
{
	bool busy = s->asked >= 0;

	for (int i = 0; i < NOTIFY_LISTENERS; i++)
		p[i] = (struct pollfd){ busy || (i == 0 && s->given) ? -1 : s->listener[i], POLLIN, 0 };
	p[NOTIFY_LISTENERS] = (struct pollfd){ s->proxy, POLLIN, 0 };
}

int notify_timeout(void)
{
	int64_t left = s->until - now_ms();

	return s->asked < 0 ? -1 : left > 0 ? (int)left : 0;
}

void notify_serve(const struct pollfd *p)
{
	if (p[NOTIFY_LISTENERS].revents && s->proxy >= 0)
		hear_proxy();
	if (s->asked >= 0 && now_ms() >= s->until)
		answer_default();
	for (int i = 0; i < NOTIFY_LISTENERS && s->asked < 0; i++) {
		if (p[i].fd < 0)
			continue;
		if (p[i].revents & POLLIN)
			take_notification(s->listener[i]);
		else if (p[i].revents) /* Linux 5.9: nobody is under its filter any more */
			close_fd(&s->listener[i]);
	}
}
