/* SPDX-License-Identifier: MIT */
/*
 * A program in new namespaces. Its process is born there and waits until we have given it what only the host can
 * give: the id maps and the network devices.
 */
#include "client/isolate.h"

#include "base/own.h"
#include "base/spawn.h"
#include "base/str.h"
#include "sys/link.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- the child --- */

/*
 * /proc is mounted over the host's, which would show the wrong processes. (LXC unmounts it and mounts none.) What
 * POSIX shared memory and queues need is there only where the host has it.
 */
static int mount_own(struct err *e)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(e, "mount", "/proc");
	if (mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0 && errno != ENOENT)
		return err_sys(e, "mount", "/dev/shm");
	if (mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 && errno != ENOENT &&
	    errno != ENODEV)
		return err_sys(e, "mount", "/dev/mqueue");
	return 0;
}

static int become(const struct isolate *i, struct err *e)
{
	uid_t uid = (uid_t)i->uid;
	gid_t gid = (gid_t)i->gid;

	if (i->drop_groups && setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(e, "drop", "the supplementary groups");
	if (i->gid >= 0 && setresgid(gid, gid, gid) < 0)
		return err_sys(e, "become", "group %u of the new namespace", gid);
	if (i->uid >= 0 && setresuid(uid, uid, uid) < 0)
		return err_sys(e, "become", "user %u of the new namespace", uid);
	return 0;
}

static int prepare(const struct isolate *i, struct err *e)
{
	int x;

	if (i->namespaces & CLONE_NEWNS && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "keep", "the host's mounts apart");
	if (i->hostname && sethostname(i->hostname, strlen(i->hostname)) < 0)
		return err_sys(e, "set the host name", "%s", i->hostname);
	x = i->remount ? mount_own(e) : 0;
	return x < 0 ? x : become(i, e);
}

/* go: readable when we may go on, at its end where the parent has given up. told: gets the error; the exec closes it.
 */
static _Noreturn void child(const struct isolate *i, int go, int told)
{
	struct err e = { 0 };
	char byte;

	/* waits: its other end is the parent's, who writes or dies */
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (prepare(i, &e) == 0) {
		int x;

		if (i->detach)
			(void)setsid();
		x = exec_along_path(i->argv[0], i->argv, environ);
		(void)err_num(&e, -x, "run", "%s", i->argv[0]);
	}
	if (write(told, &e, sizeof(e)) < 0)
		_exit(2);
	_exit(1);
}

/* --- the parent --- */

/* With all flags at once, so that the child itself is the first of a new pid namespace: Linux 5.3, for time 5.6. */
static pid_t bear(uint64_t namespaces)
{
	struct clone_args a = { .flags = namespaces, .exit_signal = SIGCHLD };

	return (pid_t)syscall(SYS_clone3, &a, sizeof(a));
}

static int move_link(struct nl *n, const char *name, pid_t to, struct err *e)
{
	struct link_want w = { .netns_pid = to };
	struct link l;
	int x = link_get(n, name, &l);

	if (x == 0)
		x = link_change(n, l.index, &w);
	if (x == 0)
		return 0;
	x = err_num(e, -x, "move", "the network device %s", name);
	nl_said(n, e);
	return x;
}

static int give(const struct isolate *i, pid_t pid, struct err *e)
{
	_own_nl struct nl n = NL_CLOSED;
	static const struct idmap none;
	const struct idmap *uids = i->uids ? i->uids : &none, *gids = i->gids ? i->gids : &none;
	int x = 0;

	if (uids->n && gids->n)
		x = idmap_write(pid, uids, gids, e);
	else if (uids->n)
		x = idmap_write_users(pid, uids, e);
	if (x == 0 && i->links && *i->links)
		x = nl_open(&n, e);
	for (const char *const *l = i->links; x == 0 && l && *l; l++)
		x = move_link(&n, *l, pid, e);
	return x;
}

/* The error that it tells; the pipe's end: it has come to run the program. */
static int hear(int fd, struct err *e)
{
	struct err theirs;
	ssize_t n;

	do
		/* waits: the child execs or exits */
		n = read(fd, &theirs, sizeof(theirs));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(theirs))
		return 0;
	*e = theirs;
	return -(theirs.errnum ? theirs.errnum : EINVAL);
}

static int let_go(const struct isolate *i, pid_t pid, int go, int told, struct err *e)
{
	int x = give(i, pid, e);

	if (x < 0)
		return x;
	if (write(go, "", 1) != 1)
		return err_sys(e, "start", "%s", i->argv[0]);
	return hear(told, e);
}

static int reap(pid_t pid, int *status)
{
	/* waits: for the user's program */
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int run(const struct isolate *i, const int go[2], const int told[2], int *status, struct err *e)
{
	_own_fd int go_w = go[1], told_w = told[1];
	int ended = 0, x;
	pid_t pid = bear(i->namespaces);

	if (pid < 0)
		return err_sys(e, "make", "the namespaces");
	if (pid == 0) {
		(void)close(go_w); /* so that it sees the parent's end */
		child(i, go[0], told_w);
	}
	close_fd(&told_w);
	x = let_go(i, pid, go_w, told[0], e);
	close_fd(&go_w);
	if (x == 0 && i->detach) {
		*status = 0;
		return 0;
	}
	if (reap(pid, &ended) < 0 && x == 0)
		return err_num(e, ECHILD, "wait for", "%s", i->argv[0]);
	if (x == 0)
		*status = ended;
	return x;
}

int isolate_run(const struct isolate *i, int *status, struct err *e)
{
	int go[2], told[2], x;

	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(e, "make", "a pipe");
	if (pipe2(told, O_CLOEXEC) < 0) {
		x = err_sys(e, "make", "a pipe");
		(void)close(go[1]);
	} else {
		x = run(i, go, told, status, e);
		(void)close(told[0]);
	}
	(void)close(go[0]);
	return x;
}
