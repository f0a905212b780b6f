/* SPDX-License-Identifier: MIT */
/* clone, dup, exec: without touching the caller. */
#include "base/spawn.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { STACK = 64 << 10, LOW = 3 };

struct job {
	const struct spawn *s;
	int error; /* of the child, in the memory that both share */
	char *stack;
};

/* On a stack of ours that is left by an exec: what AddressSanitizer noted of one child's frames would be held
 * against the next one's. */
#define _own_stack __attribute__((no_sanitize_address))

/* All wanted fds go out of the way first, so that none is overwritten on the way to its number. */
_own_stack static int place_fds(const struct spawn *s)
{
	int high[64], floor = LOW + (int)s->n_fds + 3, null;

	if (s->n_fds > ARRAY_SIZE(high) - 3)
		return E2BIG;
	for (size_t i = 0; i < s->n_fds + 3; i++) {
		int fd = i < 3 ? (s->stdio ? s->stdio[i] : (int)i) : s->fds[i - 3];

		high[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, floor);
		if (fd >= 0 && high[i] < 0 && (i >= 3 || s->stdio))
			return errno == EINVAL ? EMFILE : errno; /* EINVAL: `floor` is above the limit */
	}
	for (size_t i = 0; i < s->n_fds + 3; i++) {
		if (high[i] >= 0 && dup2(high[i], (int)i) < 0)
			return errno;
		if (high[i] < 0)
			(void)close((int)i);
	}
	for (int i = 0; i < 3; i++) {
		if (high[i] >= 0)
			continue;
		null = open("/dev/null", O_RDWR);
		if (null >= 0 && null != i) {
			(void)dup2(null, i);
			(void)close(null);
		}
	}
	if (syscall(SYS_close_range, LOW + (unsigned)s->n_fds, ~0U, 0) < 0) /* Linux 5.9 */
		return errno;
	return 0;
}

_own_stack static int exec_child(void *arg)
{
	struct job *j = arg;
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int n = 1; n < _NSIG; n++)
		(void)sigaction(n, &dfl, NULL);
	if (j->s->detach || j->s->session) {
		(void)setsid();
		if (chdir("/") < 0)
			j->error = errno;
	}
	if (j->s->dies)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!j->error)
		j->error = place_fds(j->s);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (!j->error) {
		(void)execve(j->s->path, j->s->argv, j->s->envp ? j->s->envp : environ);
		j->error = errno;
	}
	_exit(127);
}

/* The grandchild is nobody's child once this one has ended. */
_own_stack static int detach_child(void *arg)
{
	struct job *j = arg;

	if (clone(exec_child, j->stack + STACK / 2, CLONE_VM | CLONE_VFORK | SIGCHLD, j) < 0)
		j->error = errno;
	_exit(0);
}

void spawn_hint(int error, struct err *e)
{
	if (error == EAGAIN)
		err_hint(e, "no more processes may be made: see pids.max of this cgroup, and ulimit -u");
	if (error == EMFILE || error == EBADF) /* EBADF: from dup2(2), of a number above the limit */
		err_hint(e, "no more files may be open: raise ulimit -n");
}

static int refuse(const char *path, int error, struct err *e)
{
	int r = err_num(e, error, "run", "%s", path);

	spawn_hint(error, e);
	return r;
}

int spawn(const struct spawn *s, pid_t *pid, struct err *e)
{
	struct job j = { .s = s };
	sigset_t all, old;
	pid_t child;
	int error;

	j.stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (j.stack == MAP_FAILED)
		return err_sys(e, "run", "%s", s->path);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	child = clone(s->detach ? detach_child : exec_child, j.stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &j);
	error = child < 0 ? errno : j.error;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)munmap(j.stack, STACK);
	if (child >= 0 && (s->detach || error))
		/* waits: it has only to clone, or has failed already */
		(void)waitpid(child, NULL, 0);
	if (error)
		return refuse(s->path, error, e);
	if (pid)
		*pid = s->detach ? 0 : child;
	return 0;
}

int spawn_wait(pid_t pid, int timeout_ms, int *status)
{
	_own_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		(void)kill(pid, SIGKILL);
	/* waits: it has ended, or was killed */
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

int exec_along_path(const char *program, char *const argv[], char *const envp[])
{
	const char *path = getenv("PATH");
	char full[PATH_MAX];
	int r = -ENOENT;

	if (strchr(program, '/')) {
		(void)execve(program, argv, envp);
		return -errno;
	}
	for (path = path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; *path;) {
		size_t n = strcspn(path, ":");

		if (n && snprintf(full, sizeof(full), "%.*s/%s", (int)n, path, program) < (int)sizeof(full)) {
			(void)execve(full, argv, envp);
			if (errno != ENOENT && errno != ENOTDIR)
				r = -errno; /* one that is there but cannot be run counts, if none after it can */
		}
		path += n + (path[n] == ':');
	}
	return r;
}
