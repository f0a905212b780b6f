/* SPDX-License-Identifier: MIT */
/* The keeper's side of the writer of a console's log; see writer.h. Of the idle stage, too: without a heap. */
#include "keeper/writer.h"

#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static char *decimal(long long n, char *end)
{
	*--end = 0;
	do
		*--end = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return end;
}

/* Neither has it a terminal, or a pipe, of whoever stays in the foreground. */
static pid_t run(const char *program, char *const *argv, int its)
{
	pid_t pid = vfork();

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(its, fd);
	(void)syscall(SYS_close_range, 3U, ~0U, 0U); /* Linux 5.9 */
	(void)execve(program, argv, environ);
	_exit(1);
}

int writer_start(struct handover *h, const char *program)
{
	char size[24], old[24];
	char *argv[] = { "keg-log",
			 "log",
			 h->console_log,
			 decimal(h->console_log_size, size + sizeof(size)),
			 decimal(h->rotate, old + sizeof(old)),
			 NULL };
	_own_fd int ours = -1, its = -1;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	its = pair[1];
	pid = run(program, argv, its);
	if (pid < 0)
		return pid;
	h->writer_fd = take_fd(&ours);
	h->writer_pid = pid;
	return 0;
}

int writer_send(int fd, char what, const void *data, size_t n)
{
	struct iovec v[] = { { &what, 1 }, { (void *)data, n } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = n ? 2 : 1 };

	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int writer_answer(int fd, int32_t number, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long long until = now_ms() + timeout_ms, left;

	while ((left = until - now_ms()) > 0) {
		struct writer_answer a;
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recv(fd, &a, sizeof(a), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return -EPIPE;
		if (n == (ssize_t)sizeof(a) &&
		    a.number == number) /* else of a request that nobody waits for any more */
			return -a.error;
	}
	return -ETIMEDOUT;
}

void writer_end(struct handover *h, int timeout_ms)
{
	struct pollfd p = { .fd = h->writer_fd };
	long long until = now_ms() + timeout_ms, left;

	if (h->writer_fd < 0)
		return;
	(void)shutdown(h->writer_fd, SHUT_WR);
	while (!p.revents && (left = until - now_ms()) > 0) /* POLLHUP: it has closed its end */
		(void)poll(&p, 1, (int)left);
	close_fd(&h->writer_fd);
	writer_reap(h);
}

void writer_reap(struct handover *h)
{
	/* Where it is another's child by now, that one is told. */
	if (h->writer_pid > 0 && waitpid(h->writer_pid, NULL, WNOHANG) != 0)
		h->writer_pid = 0;
}
