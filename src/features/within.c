/* SPDX-License-Identifier: MIT */
/* Does something within a running container; see within.h. */
#include "features/within.h"

#include "base/spawn.h"
#include "sys/ids.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int within_enter(int init_pidfd, bool mapped, int flags)
{
	/* nobody in there shall look into us; by pidfd: Linux 5.8 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setns(init_pidfd, flags | (mapped ? CLONE_NEWUSER : 0)) < 0)
		return -errno;
	if (mapped && ((ids_set_groups(0, NULL) < 0 && errno != EPERM) || ids_set_gid(0) < 0 || ids_set_uid(0) < 0))
		return -errno;
	return 0;
}

int within_run(within_fn *f, void *arg)
{
	int status = 0;
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(-f(arg));
	if (spawn_wait(child, WITHIN_MS, &status) == -ETIMEDOUT)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
