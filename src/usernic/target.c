/* SPDX-License-Identifier: MIT */
/* Whose network namespace; see target.h. */
#include "usernic/target.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Opened behind its pidfd, and that still alive: the number was this process's all the time. */
static int open_netns(pid_t pid)
{
	_own_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), fd = -1; /* Linux 5.3 */
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	char path[48];

	if (pidfd < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (poll(&p, 1, 0) != 0)
		return -ESRCH;
	/* ENOTTY: whatever it is that is called so, it is no namespace */
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET ? take_fd(&fd) : -EPERM;
}

static bool is_our_own(int fd, const char *ours)
{
	struct stat a, b;

	return fstat(fd, &a) < 0 || stat(ours, &b) < 0 || (a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* Who is root outside is so over all that is below him; nobody else is over the user namespace that he runs in. */
static bool may_change(int netns, uid_t caller)
{
	_own_fd int userns = ioctl(netns, NS_GET_USERNS); /* EPERM: not below ours */
	uid_t owner;

	if (userns < 0 || is_our_own(netns, "/proc/self/ns/net"))
		return false;
	if (caller == 0)
		return true;
	return !is_our_own(userns, "/proc/self/ns/user") && ioctl(userns, NS_GET_OWNER_UID, &owner) == 0 &&
	       owner == caller;
}

int target_open(pid_t pid, uid_t caller)
{
	_own_fd int netns = open_netns(pid);

	if (netns < 0)
		return netns;
	return may_change(netns, caller) ? take_fd(&netns) : -EPERM;
}
