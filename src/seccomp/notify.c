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

/* Room for what later kernels add to the two structs: they tell their size, and the proxy is told. */
enum { LARGEST = 256, ANSWER_MS = 30 * 1000 };

static struct {
	const char *address, *cookie;
	pid_t init_pid;
	int proxy;
	int listener[NOTIFY_LISTENERS]; /* -1: free; the first is init's */
	bool given;			/* somebody else answers for init's */
	struct seccomp_notif_sizes sizes;
} n;

/* The notification that waits for its answer. */
static struct {
	int listener; /* -1: none */
	bool again;   /* it was sent to a second connection */
	int64_t until;
	union {
		struct seccomp_notif it;
		char room[LARGEST];
	} notif;
} asked = { .listener = -1 };

union response {
	struct seccomp_notif_resp it;
	char room[LARGEST];
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
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return take_fd(&fd);
}

void notify_begin(const char *address, const char *cookie, pid_t init_pid, int proxy_fd)
{
	n.address = address;
	n.cookie = cookie;
	n.init_pid = init_pid;
	n.proxy = proxy_fd;
	for (int i = 0; i < NOTIFY_LISTENERS; i++)
		n.listener[i] = -1;
}

int notify_add(int listener)
{
	if (!n.sizes.seccomp_notif && syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &n.sizes) < 0)
		return -errno;
	if (n.sizes.seccomp_notif > LARGEST || n.sizes.seccomp_notif_resp > LARGEST)
		return -E2BIG;
	for (int i = 0; i < NOTIFY_LISTENERS; i++) {
		if (n.listener[i] < 0) {
			n.listener[i] = listener;
			return 0;
		}
	}
	return -ENOSPC;
}

int notify_give(void)
{
	n.given = n.listener[0] >= 0;
	return n.listener[0];
}

/* --- the kernel's side ------------------------------------------------------------------------- */

/* Whoever asked may be dead, or somebody else has answered: then there is nobody to tell. */
static void answer(union response *r)
{
	r->it.id = asked.notif.it.id;
	(void)ioctl(asked.listener, SECCOMP_IOCTL_NOTIF_SEND, &r->it);
	asked.listener = -1;
}

static void answer_default(void)
{
	union response r = { .it = { .error = -ENOSYS } };

	answer(&r);
}

static bool is_alive(void)
{
	return ioctl(asked.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked.notif.it.id) == 0;
}

/* --- the proxy's side -------------------------------------------------------------------------- */

static void drop_proxy(void)
{
	close_fd(&n.proxy);
}

static bool has_proxy(void)
{
	if (n.proxy < 0 && n.address[0])
		n.proxy = notify_connect(n.address);
	return n.proxy >= 0;
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
	return sendmsg(n.proxy, m, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

static bool send_to_proxy(const int fd[3])
{
	union response r = { .it = { .id = asked.notif.it.id } };
	struct notify_head head = {
		.keeper_pid = getpid(),
		.init_pid = n.init_pid,
		.sizes = n.sizes,
		.cookie_len = strlen(n.cookie),
	};
	struct iovec v[] = {
		{ &head, sizeof(head) },
		{ &asked.notif, n.sizes.seccomp_notif },
		{ &r, n.sizes.seccomp_notif_resp },
		{ (void *)n.cookie, strlen(n.cookie) },
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = ARRAY_SIZE(v) };

	return send_with_fds(&m, fd);
}

/* To the connection that there is, or to a new one where it has ended. */
static bool ask(void)
{
	pid_t pid = (pid_t)asked.notif.it.pid;
	_own_fd int proc = n.address[0] ? open_proc(pid, "", O_RDONLY | O_DIRECTORY) : -1;
	_own_fd int mem = proc >= 0 ? open_proc(pid, "/mem", O_RDWR) : -1;
	const int fd[3] = { proc, mem, asked.listener };

	/* Its pid may be another's by now; it is not while its call waits. */
	if (mem < 0 || !is_alive())
		return false;
	if (has_proxy() && send_to_proxy(fd))
		return true;
	drop_proxy();
	asked.again = true;
	return has_proxy() && send_to_proxy(fd);
}

static void take_notification(int listener)
{
	memset(&asked, 0, sizeof(asked)); /* the kernel wants it so */
	asked.listener = listener;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked.notif.it) < 0) {
		asked.listener = -1; /* ENOENT: killed meanwhile */
		return;
	}
	asked.until = now_ms() + ANSWER_MS;
	if (!ask())
		answer_default();
}

/* 1: for what was asked; 0: it has closed; -1: nothing (yet) that is an answer. */
static int receive(union response *r)
{
	struct notify_head head;
	union {
		struct seccomp_notif it;
		char room[LARGEST];
	} notif;
	struct iovec v[] = {
		{ &head, sizeof(head) },
		{ &notif, n.sizes.seccomp_notif },
		{ r, n.sizes.seccomp_notif_resp },
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = ARRAY_SIZE(v) };
	size_t whole = v[0].iov_len + v[1].iov_len + v[2].iov_len;
	ssize_t got = recvmsg(n.proxy, &m, MSG_DONTWAIT | MSG_TRUNC);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return 0;
	if (got < 0 || asked.listener < 0)
		return -1;
	if ((size_t)got != whole) { /* a short one means: the default */
		*r = (union response){ .it = { .error = -ENOSYS } };
		return 1;
	}
	return notif.it.id == asked.notif.it.id || r->it.id == asked.notif.it.id ? 1 : -1;
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
	if (asked.listener < 0)
		return;
	if (asked.again || !ask())
		answer_default();
	else
		asked.again = true;
}

/* --- waiting ----------------------------------------------------------------------------------- */

void notify_poll(struct pollfd *p)
{
	bool busy = asked.listener >= 0;

	for (int i = 0; i < NOTIFY_LISTENERS; i++)
		p[i] = (struct pollfd){ busy || (i == 0 && n.given) ? -1 : n.listener[i], POLLIN, 0 };
	p[NOTIFY_LISTENERS] = (struct pollfd){ n.proxy, POLLIN, 0 };
}

int notify_timeout(void)
{
	int64_t left = asked.until - now_ms();

	return asked.listener < 0 ? -1 : left > 0 ? (int)left : 0;
}

void notify_serve(const struct pollfd *p)
{
	if (p[NOTIFY_LISTENERS].revents && n.proxy >= 0)
		hear_proxy();
	if (asked.listener >= 0 && now_ms() >= asked.until)
		answer_default();
	for (int i = 0; i < NOTIFY_LISTENERS && asked.listener < 0; i++) {
		if (p[i].fd < 0)
			continue;
		if (p[i].revents & POLLIN)
			take_notification(n.listener[i]);
		else if (p[i].revents) /* Linux 5.9: nobody is under its filter any more */
			close_fd(&n.listener[i]);
	}
}
