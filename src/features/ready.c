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

/* In our own /dev, which no init mounts over as it does with /run. Whoever is inside may tell. */
static int listen_in_dev(struct run *r, int fd, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_own_fd int dev = -1;

	if (!dev_own(r->plan))
		return err_say(e, EINVAL, "its init has no place to find $NOTIFY_SOCKET at: it has no /dev of its own");
	dev = dev_open(r, e);
	if (dev < 0)
		return dev;
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/notify", dev);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || chmod(a.sun_path, 0666) < 0)
		return err_sys(e, "listen on", "/dev/notify");
	return 0;
}

static int listen_to_kernel(int fd, struct err *e)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? err_sys(e, "listen to", "the container's network") : 0;
}

/*
 * Needs:  the container's own /dev; its network namespace.
 * Leaves: a socket on the way to KEEPER, which hears by it that all is ready.
 */
int ready_listen(struct run *r, struct err *e)
{
	struct origin at;
	bool notify = autostart_ready(r->plan->spec, &at) == READY_NOTIFY;
	_own_fd int fd = notify ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
				: socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int x = fd < 0 ? err_sys(e, "make", "a socket") : notify ? listen_in_dev(r, fd, e) : listen_to_kernel(fd, e);

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
