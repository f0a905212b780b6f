/* SPDX-License-Identifier: MIT */
/* The birth and the end of pid 1. */
#include "engine/clone.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/spawn.h"
#include "features/namespace_share.h"
#include "features/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { REAP_MS = 10 * 1000, JOIN_MS = 10 * 1000 };

/* What comes of a clone; shared with a go-between where there is one. */
struct birth {
	long pid; /* negative: -errno */
	bool into_cgroup;
	struct err err;
};

static long do_clone(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone_args a = {
		.flags = flags | (pidfd ? CLONE_PIDFD : CLONE_PARENT) | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = pidfd ? SIGCHLD : 0, /* that of the go-between, with CLONE_PARENT */
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	long pid = syscall(SYS_clone3, &a, sizeof(a)); /* Linux 5.3; into a cgroup: 5.7 */

	return pid < 0 ? -errno : pid;
}

/* Clones; the child gets 0 and leaves *b alone. pidfd is NULL for a child of our parent's. */
static long bear(struct birth *b, uint64_t flags, int cgroup_fd, int *pidfd)
{
	bool into = cgroup_fd >= 0;
	long pid = do_clone(flags, cgroup_fd, pidfd);

	/* Older kernels, or a cgroup that may not be entered so (a domain controller in a threaded one). */
	if (into && pid < 0 && pid != -EAGAIN && pid != -ENOMEM && pid != -EPERM && pid != -ENOSPC) {
		into = false;
		pid = do_clone(flags, -1, pidfd);
	}
	if (pid == 0)
		return 0;
	b->pid = pid;
	b->into_cgroup = into;
	return pid;
}

/* Our child: the number is still its own. Without a pidfd nobody could end it, so it ends here. */
static void open_born(struct birth *b, int *pidfd)
{
	int fd = (int)syscall(SYS_pidfd_open, b->pid, 0);
	int error = errno;

	if (fd >= 0) {
		*pidfd = fd;
		return;
	}
	(void)kill((pid_t)b->pid, SIGKILL);
	/* waits: it was killed */
	(void)waitpid((pid_t)b->pid, NULL, 0);
	b->pid = -error;
}

/*
 * A go-between enters the namespaces of others and clones from there, so that the keeper itself stays where it
 * is. Its child is the keeper's own (CLONE_PARENT). Returns 0 in that child.
 */
static long bear_in_shared(struct run *r, struct birth *b, uint64_t flags, int cgroup_fd)
{
	struct birth *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t between = page == MAP_FAILED ? -1 : fork();

	if (between == 0) {
		page->pid = -ECHILD; /* until it is known better */
		if (namespace_share_join(r, &page->err) == 0 && bear(page, flags, cgroup_fd, NULL) == 0)
			return 0;
		_exit(0);
	}
	b->pid = -errno;
	if (between > 0) {
		int x = spawn_wait(between, JOIN_MS, &status);

		*b = *page;
		if (x < 0 && b->pid <= 0)
			b->pid = x;
	}
	if (page != MAP_FAILED)
		(void)munmap(page, sizeof(*page));
	if (b->pid > 0)
		open_born(b, &r->init_pidfd);
	return b->pid;
}

/* Namespaces are counted for each user. */
static void hint_limit(uint64_t flags, struct err *e)
{
	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		const char *name = namespaces_nth(i);
		char path[64], most[16] = "";

		(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", name);
		if (flags & namespaces_flag(name) && io_read_line(AT_FDCWD, path, most, sizeof(most)) > 0 &&
		    strcmp(most, "0") == 0)
			err_hint(e, "sysctl user.max_%s_namespaces is 0: raise it", name);
	}
	err_hint(e, "one kind is used up: raise sysctl user.max_mnt_namespaces, or its neighbours");
}

static int refuse(const struct birth *b, uint64_t flags, struct err *e)
{
	int x;

	if (b->err.set) {
		*e = b->err;
		return (int)b->pid;
	}
	x = err_num(e, (int)-b->pid, "clone", "the container's init");
	if (x == -ENOSPC)
		hint_limit(flags, e);
	spawn_hint(-x, e);
	if (x == -EPERM)
		err_hint(e, "this takes root, or a user namespace (lxc.idmap)");
	return x;
}

/*
 * Leaves:  INIT in its namespaces and, on v2, in its cgroup. Its cgroup namespace is made later
 *	    (cgroup.namespace), once it is in its v1 cgroups, too; its time namespace waits for it.
 * Mustn't: be run by a threaded process.
 */
int clone_init(struct run *r, struct err *e)
{
	uint64_t flags = r->plan->clone_flags & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	int cgroup = cgroup_tree_clone_fd(&r->cgroup);
	struct birth b = { 0 };
	long pid = namespace_shares(r->plan) ? bear_in_shared(r, &b, flags, cgroup)
					     : bear(&b, flags, cgroup, &r->init_pidfd);

	if (pid == 0) {
		mem_unshare();
		r->who = INIT;
		r->init_pid = 1;
		return 1;
	}
	if (pid < 0)
		return refuse(&b, flags, e);
	r->cloned_into_cgroup = b.into_cgroup;
	r->init_pid = r->hooks.init_pid = (pid_t)pid;
	return 0;
}

void clone_reap(struct run *r)
{
	struct pollfd p = { .fd = r->init_pidfd, .events = POLLIN };
	int status;

	if (r->init_pid <= 0)
		return;
	if (r->init_pidfd >= 0) {
		(void)syscall(SYS_pidfd_send_signal, r->init_pidfd, SIGKILL, NULL, 0);
		(void)poll(&p, 1, REAP_MS);
	}
	/* Where it does not die (a task that hangs in the kernel), the cgroup's removal says so. */
	if (waitpid(r->init_pid, &status, WNOHANG) == r->init_pid)
		r->exit_status = status;
	r->init_pid = 0;
	close_fd(&r->init_pidfd);
}
