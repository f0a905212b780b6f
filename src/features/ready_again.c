/* SPDX-License-Identifier: MIT */
/*
 * lxc.start.ready of a container that was adopted: the socket died with the keeper that had it, so another is made in
 * its place, from outside. A child enters the container and becomes its root; it shares our fds, so the socket that it
 * makes, in the container's network namespace, is ours.
 */
#include "features/ready.h"

#include "base/beneath.h"
#include "base/own.h"
#include "features/autostart.h"
#include "features/dev_inject.h"
#include "features/within.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct again {
	int init_pidfd, place; /* place: the number of ours that the socket gets */
	bool mapped, notify;
};

/* The dead one's goes; anything else of that name is the container's, and stays. */
static int bind_in_dev(int fd)
{
	_own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_own_fd int dev = root < 0 ? -1 : beneath_open(root, "dev", O_PATH | O_DIRECTORY, 0);
	struct stat st;

	if (dev < 0)
		return dev == -1 ? -errno : dev;
	if (fstatat(dev, "notify", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode))
		(void)unlinkat(dev, "notify", 0);
	return fchdir(dev) < 0 ? -errno : ready_bind(fd, "notify"); /* there is no /proc/self of ours here */
}

static int make(void *again)
{
	const struct again *a = again;
	_own_fd int fd = -1;
	int x = within_enter(a->init_pidfd, a->mapped, a->notify ? CLONE_NEWNS : CLONE_NEWNET);

	if (x == 0)
		x = fd = ready_socket(a->notify);
	if (x >= 0)
		x = a->notify ? bind_in_dev(fd) : ready_subscribe(fd);
	return x < 0 ? x : dup3(fd, a->place, O_CLOEXEC) < 0 ? -errno : 0;
}

int ready_listen_again(struct run *r, struct err *e)
{
	struct origin at;
	struct again a = { .init_pidfd = r->init_pidfd, .notify = autostart_ready(r->plan->spec, &at) == READY_NOTIFY };
	_own_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int x;

	a.place = fd;
	a.mapped = dev_needs_inject(r->init_pid);
	x = fd < 0 ? -errno : within_run(make, &a);
	if (x == 0)
		return run_give(r, SLOT_READY, take_fd(&fd), e);
	x = err_num(e, -x, "hear by", "another %s that it is ready",
		    a.notify ? "/dev/notify" : "socket in its network");
	err_key(e, "lxc.start.ready", at);
	return x;
}
