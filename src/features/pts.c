/* SPDX-License-Identifier: MIT */
/* The container's devpts, and the ptys in it. Its keys are in tty.c. */
#include "features/pts.h"

#include "base/beneath.h"
#include "base/own.h"
#include "features/dev.h"
#include "features/mapped.h"
#include "features/rootfs.h"
#include "features/tty.h"
#include "features/userns.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/ioctl.h>

bool pts_own(const struct plan *p)
{
	return rootfs_private(p) && tty_pty_max(p->spec) > 0;
}

bool pts_has_console(const struct plan *p)
{
	return rootfs_private(p) && tty_pty_max(p->spec) > 1;
}

static int mount_devpts(int dev, const struct spec *s, struct err *e)
{
	_own_fd int target = beneath_mkdir_p(dev, "pts", 0755);
	char data[96];
	int mnt, x;

	if (target < 0)
		return err_num(e, -target, "create", "/dev/pts");
	/* every mount is an instance of its own since Linux 4.7; a group that is not mapped is refused */
	(void)snprintf(data, sizeof(data), "%smode=0620,ptmxmode=0666,max=%lld",
		       userns_host_gid(s, 5) >= 0 ? "gid=5," : "", tty_pty_max(s) + tty_max(s));
	mnt = mount_new("devpts", "devpts", data, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
	if (mnt < 0)
		return mnt;
	x = mount_attach(mnt, target, "", NULL);
	if (x == 0)
		return mnt;
	(void)close(mnt);
	return err_num(e, -x, "mount", "devpts on /dev/pts");
}

/*
 * Needs:  /dev.
 * Leaves: devpts on /dev/pts and its ptmx as /dev/ptmx.
 */
int pts_mount(struct run *r, struct err *e)
{
	_own_fd int dev = dev_open(r, e), pts = -1, ptmx = -1;

	if (dev < 0)
		return dev;
	pts = mount_devpts(dev, r->plan->spec, e);
	if (pts < 0)
		return pts;
	ptmx = mount_copy(pts, "ptmx", 0);
	return ptmx < 0 ? err_num(e, -ptmx, "bind", "/dev/pts/ptmx") : dev_put(dev, "ptmx", ptmx, e);
}

int pts_slave(int master)
{
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); /* Linux 4.13 */

	return fd < 0 ? -errno : fd;
}

int pts_new(const struct run *r, int *slave, struct err *e)
{
	_own_fd int master = -1;
	int unlocked = 0, x;

	if (pts_own(r->plan)) {
		master = beneath_open(r->root_fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);
		errno = master < 0 ? -master : 0;
	} else {
		master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	if (master < 0) {
		x = err_sys(e, "open a pty from", "%s",
			    pts_own(r->plan) ? "the container's /dev/pts" : "the host's /dev/ptmx");
		if (x == -EPERM)
			err_hint(e, "the devices cgroup must allow it: lxc.cgroup.devices.allow = c 5:2 rwm");
		if (x == -ENOSPC && !pts_own(r->plan))
			err_hint(e, "no more are free: raise sysctl kernel.pty.max, or set lxc.pty.max for ptys of its "
				    "own");
		return x;
	}
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return err_sys(e, "unlock", "a pty");
	x = pts_slave(master);
	if (x < 0)
		return err_num(e, -x, "open", "the slave of a pty");
	*slave = x;
	return take_fd(&master);
}

/* A pty of the host's for a container's root. */
struct gift {
	const struct spec *s;
	int slave;
};

static int chown_slave(const struct gift *g, int64_t uid, int64_t gid, struct err *e)
{
	if (fchown(g->slave, (uid_t)uid, (gid_t)gid) < 0)
		return err_sys(e, "give a pty to", "user %lld", (long long)uid);
	return 0;
}

/* In a child that has the container's ids and ours. */
static int give_mapped(void *gift, struct err *e)
{
	const struct gift *g = gift;
	uid_t uid;
	gid_t gid;

	userns_root(g->s, &uid, &gid);
	return chown_slave(g, uid, gid, e);
}

/* In a user namespace init cannot take over a pty of the host's: it is given, as LXC gives it. */
static int give(int master, const struct spec *s, struct err *e)
{
	_own_fd int slave = pts_slave(master);
	struct gift g = { .s = s, .slave = slave };
	uid_t uid;
	gid_t gid;

	if (slave < 0)
		return err_num(e, -slave, "open", "the slave of a pty");
	userns_root(s, &uid, &gid);
	if (!mapped_needed(s))
		return chown_slave(&g, userns_host_uid(s, uid), userns_host_gid(s, gid), e);
	/* The group tty is not mapped for him: it must go first, or the child has no say over the pty. */
	if (fchown(slave, (uid_t)-1, getegid()) < 0)
		return err_sys(e, "change", "the group of a pty");
	return mapped_run(s, give_mapped, &g, e);
}

int pts_new_host(const struct plan *p, struct err *e)
{
	_own_fd int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlocked = 0, x;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0) {
		x = err_sys(e, "open", "a pty from the host's /dev/ptmx");
		err_hint(e, "set lxc.pty.max = 1024 to take it from the container's own devpts");
		return x;
	}
	x = userns_own(p) ? give(master, p->spec, e) : 0;
	return x < 0 ? x : take_fd(&master);
}
