/* SPDX-License-Identifier: MIT */
/* A device for a running container whose user namespace cannot use nodes. */
#include "features/dev_inject.h"

#include "base/beneath.h"
#include "base/own.h"
#include "base/spawn.h"
#include "sys/ids.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOKUP_MS = 10 * 1000 };

bool dev_needs_inject(int init_pid)
{
	char path[64], theirs[64] = "", ours[64] = "";

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", init_pid);
	return readlink(path, theirs, sizeof(theirs) - 1) > 0 &&
	       readlink("/proc/self/ns/user", ours, sizeof(ours) - 1) > 0 && strcmp(theirs, ours) != 0;
}

/* In a child: as root of the container, within its mounts. 0 or an errno value. */
static int attach(int init_pidfd, int tree, const char *to)
{
	_own_fd int root = -1, target = -1;
	int x;

	if (setns(init_pidfd, CLONE_NEWUSER | CLONE_NEWNS) < 0) /* by pidfd: Linux 5.8 */
		return errno;
	if ((ids_set_groups(0, NULL) < 0 && errno != EPERM) || ids_set_gid(0) < 0 || ids_set_uid(0) < 0)
		return errno;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	target = root < 0 ? -errno : beneath_create(root, to);
	x = target < 0 ? target : mount_attach(tree, target, "", NULL);
	return -x;
}

int dev_inject(int init_pidfd, const char *path, const char *to, struct err *e)
{
	_own_fd int tree = mount_copy(AT_FDCWD, path, 0);
	int status = 0;
	pid_t child;

	if (tree < 0)
		return err_num(e, -tree, "bind", "%s", path);
	child = fork();
	if (child < 0)
		return err_sys(e, "fork", "for %s", to);
	if (child == 0)
		_exit(attach(init_pidfd, tree, to));
	if (spawn_wait(child, LOOKUP_MS, &status) == -ETIMEDOUT) /* the file system that `to` lies on does not answer */
		return err_num(e, ETIMEDOUT, "make", "%s", to);
	if (!WIFEXITED(status))
		return err_say(e, ECHILD, "the process that was to add %s has died", to);
	return WEXITSTATUS(status) ? err_num(e, WEXITSTATUS(status), "bind", "%s on %s", path, to) : 0;
}
