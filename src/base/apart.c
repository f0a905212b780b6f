/* SPDX-License-Identifier: MIT */
/* A function run in a child process. */
#include "base/apart.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

int apart_run(apart_fork *fork, const void *how, apart_fn *f, void *arg, struct err *e)
{
	_own_fd int hear = -1, tell = -1;
	struct {
		int r;
		struct err e;
	} answer = { 0 };
	int pipe[2], status = 0;
	pid_t child;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, "make", "a pipe");
	hear = pipe[0];
	tell = pipe[1];
	child = fork(how, e);
	if (child < 0)
		return child;
	if (child == 0) {
		answer.r = f(arg, &answer.e);
		_exit(io_write_all(tell, &answer, sizeof(answer)) < 0);
	}
	close_fd(&tell);
	if (io_read_full(hear, &answer, sizeof(answer)) != sizeof(answer))
		answer.r = err_say(&answer.e, ECHILD, "the process that works on the container's files has died");
	/* waits: its answer, or the end of its pipe, is there */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (answer.r < 0)
		*e = answer.e;
	return answer.r;
}
