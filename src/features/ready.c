/* SPDX-License-Identifier: MIT */
/* lxc.start.ready: the socket by which a container tells, or the kernel of its network, that it is ready. */
#include "features/ready.h"

#include "base/own.h"
#include "features/autostart.h"
#include "features/dev.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

bool ready_is_awaited(const struct plan *p)
{
	return autostart_ready(p->spec, NULL) != READY_RUNNING;
}

int ready_socket(bool notify)
{
	int fd = notify ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
			: socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

/* Whoever is inside may tell. */
int ready_bind(int fd, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || chmod(path, 0666) < 0 ? -errno : 0;
}

int ready_subscribe(int fd)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
}

/* In our own /dev, which no init mounts over as it does with /run. */
static int listen_in_dev(struct run *r, int fd, struct err *e)
{
	_own_fd int dev = -1;
	char path[48];
	int x;

	if (!dev_own(r->plan))
		return err_say(e, EINVAL, "its init has no place to find $NOTIFY_SOCKET at: it has no /dev of its own");
	dev = dev_open(r, e);
	if (dev < 0)
		return dev;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/notify", dev);
	x = ready_bind(fd, path);
	return x < 0 ? err_num(e, -x, "listen on", "/dev/notify") : 0;
}

static int listen_to_kernel(int fd, struct err *e)
{
	int x = ready_subscribe(fd);

	return x < 0 ? err_num(e, -x, "listen to", "the container's network") : 0;
}

/*
 * Needs:  the container's own /dev; its network namespace.
 * Leaves: a socket on the way to KEEPER, which hears by it that all is ready.
 */
int ready_listen(struct run *r, struct err *e)
{
	struct origin at;
	bool notify = autostart_ready(r->plan->spec, &at) == READY_NOTIFY;
	_own_fd int fd = ready_socket(notify);
	int x = fd < 0	 ? err_num(e, -fd, "make", "a socket")
		: notify ? listen_in_dev(r, fd, e)
			 : listen_to_kernel(fd, e);

	if (x == 0)
		x = run_give(r, SLOT_READY, take_fd(&fd), e);
	if (x < 0)
		err_key(e, "lxc.start.ready", at);
	return x;
}

int ready_environ(const struct spec *s, struct strv *out)
{
	return autostart_ready(s, NULL) == READY_NOTIFY ? strv_add(out, "NOTIFY_SOCKET=/dev/notify") : 0;
}
