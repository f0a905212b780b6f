/* SPDX-License-Identifier: MIT */
/* Typed, sized messages with fds. */
#include "base/msg.h"

#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { SEND_MS = 10 * 1000 }; /* for room in the socket */

int msg_send(int sock, uint16_t type, const void *body, size_t size, const int *fds, size_t n_fds)
{
	struct msg_head head = { .magic = MSG_MAGIC, .type = type, .fds = (uint16_t)n_fds, .size = (uint32_t)size };
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)body, size } };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * MSG_FDS)];
	} control;
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = size ? 2 : 1 };

	if (size > MSG_MOST || n_fds > MSG_FDS)
		return -EMSGSIZE;
	if (n_fds) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	for (;;) {
		struct pollfd p = { .fd = sock, .events = POLLOUT };
		ssize_t n = sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			return 0;
		if (errno == EAGAIN && poll(&p, 1, SEND_MS) == 0)
			return -ETIMEDOUT;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static size_t keep_fds(struct msg *m, struct msghdr *mh)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t have = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fd[MSG_FDS + 1];

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (have > ARRAY_SIZE(fd))
			have = ARRAY_SIZE(fd);
		memcpy(fd, CMSG_DATA(c), have * sizeof(int));
		for (size_t i = 0; i < have; i++) {
			if (n < MSG_FDS)
				m->fd[n++] = fd[i];
			else
				(void)close(fd[i]);
		}
	}
	return n;
}

int msg_recv(int sock, struct msg *m, int timeout_ms)
{
	struct iovec iov[2] = { { &m->head, sizeof(m->head) }, { m->body, sizeof(m->body) } };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * MSG_FDS)];
	} control;
	struct msghdr mh = {
		.msg_iov = iov, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	struct pollfd p = { .fd = sock, .events = POLLIN };
	size_t n_fds;
	ssize_t n;
	int r;

	for (int i = 0; i < MSG_FDS; i++)
		m->fd[i] = -1;
	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	/* A peer that closed with messages of ours unread shows as a reset first; what it said lies behind that. */
	do
		n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	n_fds = keep_fds(m, &mh);
	if ((size_t)n < sizeof(m->head) || m->head.magic != MSG_MAGIC || m->head.fds != n_fds ||
	    m->head.size != (size_t)n - sizeof(m->head) || mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		msg_close_fds(m);
		return -EBADMSG;
	}
	return 1;
}

void msg_close_fds(struct msg *m)
{
	for (int i = 0; i < MSG_FDS; i++)
		close_fd(&m->fd[i]);
}
