/* SPDX-License-Identifier: MIT */
/* The birth and the end of pid 1. */
#include "engine/clone.h"

#include "base/mem.h"
#include "base/own.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { REAP_MS = 10 * 1000 };

static long do_clone(struct run *r, uint64_t flags, int cgroup_fd)
{
	struct clone_args a = {
		.flags = flags | CLONE_PIDFD | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)&r->init_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};

	return syscall(SYS_clone3, &a, sizeof(a)); /* Linux 5.3; into a cgroup: 5.7 */
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
	long pid = do_clone(r, flags, cgroup);

	r->cloned_into_cgroup = cgroup >= 0;
	/* Older kernels, or a cgroup that may not be entered so (a domain controller in a threaded one). */
	if (pid < 0 && cgroup >= 0 && errno != EAGAIN && errno != ENOMEM && errno != EPERM && errno != ENOSPC) {
		r->cloned_into_cgroup = false;
		pid = do_clone(r, flags, -1);
	}
	if (pid < 0) {
		int x = err_sys(e, "clone", "the container's init");

		if (x == -ENOSPC)
			err_hint(e, "raise the limit: sysctl user.max_mnt_namespaces and its neighbours");
		if (x == -EPERM)
			err_hint(e, "this takes root, or a user namespace (lxc.idmap)");
		return x;
	}
	if (pid == 0) {
		mem_unshare();
		r->who = INIT;
		r->init_pid = 1;
		return 1;
	}
	r->init_pid = (pid_t)pid;
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
