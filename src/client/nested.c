/* SPDX-License-Identifier: MIT */
/* Asks a function in the namespaces of a running container, as a process that its payload cannot get at. */
#include "client/container.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { ANSWER_MOST = 4 << 20 };

/* Its pid namespace holds only who is born there: two processes, of which the second asks. */
static _Noreturn void inside(int pidfd, int fd, inside_fn *f, void *arg)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP, status;
	pid_t pid;

	/* Neither traced nor looked into by a root of the container's user namespace. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setns(pidfd, flags | (geteuid() ? CLONE_NEWUSER : 0)) < 0)
		_exit(1);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(f(fd, arg) < 0);
	}
	/* waits: the caller kills us at its deadline, and that child dies with us */
	_exit(pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All that is written until the other end is closed. */
static int hear(int fd, int timeout_ms, struct buf *out)
{
	int64_t until = now_ms() + timeout_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char data[4096];

	for (;;) {
		int64_t left = until - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -ETIMEDOUT;
		/* waits: poll has seen it */
		n = read(fd, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buf_add(out, data, (size_t)n);
		if (out->failed || out->len > ANSWER_MOST)
			return -E2BIG;
	}
}

int container_inside(pid_t init, inside_fn *f, void *arg, int timeout_ms, struct buf *out, struct err *e)
{
	_own_fd int pidfd = (int)syscall(SYS_pidfd_open, init, 0), read_end = -1, write_end = -1;
	int pipe[2], status = 0, x;
	pid_t pid;

	if (pidfd < 0)
		return err_say(e, ESRCH, "it is not running");
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, "make", "a pipe");
	read_end = pipe[0];
	write_end = pipe[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork", "to look into it");
	if (pid == 0)
		inside(pidfd, write_end, f, arg);
	close_fd(&write_end);
	x = hear(read_end, timeout_ms, out);
	if (x < 0)
		(void)kill(pid, SIGKILL);
	/* waits: it has closed its pipe, or was killed */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (x < 0)
		return err_num(e, -x, "look", "into it");
	return status == 0 ? 0 : err_say(e, EIO, "what runs in it cannot be listed");
}
