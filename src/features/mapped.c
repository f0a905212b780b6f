/* SPDX-License-Identifier: MIT */
/* A child of ours that may do with a container's files what their owners may. */
#include "features/mapped.h"

#include "base/apart.h"
#include "base/own.h"
#include "features/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two words between child and parent: "I have my user namespace" and "it has its maps". */
struct handshake {
	int ready[2], go[2];
};

static void close_handshake(struct handshake *h)
{
	for (int i = 0; i < 2; i++) {
		close_fd(&h->ready[i]);
		close_fd(&h->go[i]);
	}
}

static void reap(pid_t child, int *status)
{
	/* waits: its pipe has ended, or it works on the user's files */
	while (waitpid(child, status, 0) < 0 && errno == EINTR)
		;
}

/* In the child. Our own ends must go, or it would not see the end of a parent that fails. */
static void enter(struct handshake *h)
{
	char c = 0;

	close_fd(&h->go[1]);
	/* waits: its other end is the parent's, who writes or dies */
	if (unshare(CLONE_NEWUSER) < 0 || write(h->ready[1], &c, 1) != 1 || read(h->go[0], &c, 1) != 1)
		_exit(125);
	close_handshake(h);
}

static int map(const struct spec *s, pid_t child, struct handshake *h, struct err *e)
{
	char c = 0;
	int r;

	close_fd(&h->ready[1]);
	/* waits: its other end is the child's, who writes or dies */
	if (read(h->ready[0], &c, 1) != 1) {
		r = err_say(e, EPERM, "no user namespace can be made for the container's files");
		err_hint(e, "raise the limit: sysctl user.max_user_namespaces");
		return r;
	}
	r = userns_map_caller(s, child, e);
	return r == 0 && write(h->go[1], &c, 1) != 1 ? err_sys(e, "go on with", "the container's files") : r;
}

pid_t mapped_fork(const struct spec *s, struct err *e)
{
	struct handshake h = { { -1, -1 }, { -1, -1 } };
	pid_t child = -1;
	int r = 0, status;

	if (pipe2(h.ready, O_CLOEXEC) == 0 && pipe2(h.go, O_CLOEXEC) == 0)
		child = fork();
	if (child == 0) {
		enter(&h);
		return 0;
	}
	r = child < 0 ? err_sys(e, "fork", "for the container's files") : map(s, child, &h, e);
	close_handshake(&h);
	if (r < 0 && child > 0)
		reap(child, &status);
	return r < 0 ? r : child;
}

static pid_t fork_mapped(const void *spec, struct err *e)
{
	return mapped_fork(spec, e);
}

int mapped_run(const struct spec *s, mapped_fn *f, void *arg, struct err *e)
{
	return apart_run(fork_mapped, s, f, arg, e);
}

bool mapped_needed(const struct spec *s)
{
	return geteuid() != 0 && s && userns_wanted(s);
}
