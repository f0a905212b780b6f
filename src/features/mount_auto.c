/* SPDX-License-Identifier: MIT */
/* The words proc, sys and shmounts of lxc.mount.auto, and what becomes of the propagation of all mounts. */
#include "features/mount_auto.h"

#include "base/beneath.h"
#include "base/own.h"
#include "features/caps.h"
#include "features/mount_parts.h"
#include "features/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>

enum { GUARDED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static const struct auto_word *last(const struct plan *p, enum auto_class class, const struct item **item)
{
	return rootfs_private(p) ? auto_last(plan_part(p, FEATURE_MOUNT), class, item) : NULL;
}

static int fail(int x, const char *what, const struct item *item, struct err *e)
{
	(void)err_num(e, -x, "mount", "%s", what);
	err_key(e, "lxc.mount.auto", item->at);
	return x;
}

/* Mounts a new file system on a folder right below the rootfs; returns its top. */
static int mount_kernel_fs(struct run *r, const char *type, const char *folder, const char *data, uint64_t attr,
			   struct err *e)
{
	_own_fd int target = rootfs_folder(r, folder, e), mnt = -1;
	int x;

	if (target < 0)
		return target;
	mnt = mount_new(type, type, data, attr, e);
	if (mnt < 0)
		return mnt;
	x = mount_attach(mnt, target, "", NULL);
	return x < 0 ? err_num(e, -x, "mount", "%s on /%s", type, folder) : take_fd(&mnt);
}

/*
 * Puts a part of a mount upon itself, in another shape. The walk begins at the top of a file system that
 * was just made, where the container has no say yet. A part that this kernel lacks is left out.
 */
static int cover(int from, const char *path, const struct mount_shape *s)
{
	_own_fd int copy = mount_copy(from, path, 0);

	if (copy < 0)
		return copy == -ENOENT ? 0 : copy;
	return mount_attach(copy, from, path, s);
}

/* /proc/sys and the trigger of sysrq are the host's, but for what belongs to the network namespace. */
static int guard_proc(int proc, bool own_net)
{
	static const struct mount_shape plain_ro = { .set = MOUNT_ATTR_RDONLY, .clear = GUARDED };
	_own_fd int net = own_net ? mount_copy(proc, "sys/net", 0) : -ENOENT;
	int x = net < 0 && net != -ENOENT ? net : cover(proc, "sys", &plain_ro);

	if (x == 0 && net >= 0)
		x = mount_attach(net, proc, "sys/net", NULL);
	return x < 0 ? x : cover(proc, "sysrq-trigger", &plain_ro);
}

bool mount_auto_proc_wanted(const struct plan *p)
{
	const struct item *item;

	return last(p, AUTO_PROC, &item);
}

/*
 * Needs:  the pid namespace, whose processes this procfs shows.
 * Leaves: /proc, with mode mixed in the parts that LXC shows: /proc/sys and below it /proc/sys/net.
 */
int mount_auto_proc(struct run *r, struct err *e)
{
	const struct item *item;
	const struct auto_word *w = last(r->plan, AUTO_PROC, &item);
	_own_fd int proc = mount_kernel_fs(r, "proc", "proc", NULL, GUARDED, e);
	int x = proc < 0 ? proc : 0;

	if (x == 0 && w->mode == AUTO_MIXED)
		x = guard_proc(proc, caps_keeps(r->plan->spec, CAP_NET_ADMIN));
	return x < 0 ? fail(x, "/proc/sys read-only", item, e) : 0;
}

bool mount_shared_proc_wanted(const struct plan *p)
{
	return rootfs_private(p) && !rootfs_own(p) && p->clone_flags & CLONE_NEWPID && !mount_auto_proc_wanted(p);
}

/*
 * Needs:  the mount namespace cut off from the host's: its "/" is the host's own.
 * Leaves: a /proc of the container's processes; through the host's, it could see and name all others.
 */
int mount_shared_proc(struct run *r, struct err *e)
{
	(void)r;
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(e, "mount", "a procfs of its own on /proc");
	return 0;
}

bool mount_auto_sys_wanted(const struct plan *p)
{
	const struct item *item;

	return last(p, AUTO_SYS, &item);
}

static int mount_sys_mixed(struct run *r, struct err *e)
{
	static const struct mount_shape writable = { .clear = MOUNT_ATTR_RDONLY };
	_own_fd int sys = mount_kernel_fs(r, "sysfs", "sys", NULL, MOUNT_ATTR_RDONLY | GUARDED, e);
	int x;

	if (sys < 0)
		return sys;
	x = cover(sys, "devices/virtual/net", &writable);
	return x < 0 ? err_num(e, -x, "mount", "/sys/devices/virtual/net writable") : 0;
}

/*
 * Needs:  the network namespace, whose devices this sysfs shows.
 * Leaves: /sys.
 */
int mount_auto_sys(struct run *r, struct err *e)
{
	const struct item *item;
	const struct auto_word *w = last(r->plan, AUTO_SYS, &item);
	_own_fd int sys = -1;
	int x;

	if (w->mode == AUTO_MIXED)
		x = mount_sys_mixed(r, e);
	else if (w->mode == AUTO_RO)
		x = sys = mount_kernel_fs(r, "sysfs", "sys", "ro", MOUNT_ATTR_RDONLY, e);
	else
		x = sys = mount_kernel_fs(r, "sysfs", "sys", NULL, 0, e);
	if (x == -EPERM && r->plan->clone_flags & CLONE_NEWUSER && !(r->plan->clone_flags & CLONE_NEWNET))
		err_hint(e, "sysfs is the network namespace's, here the host's; bind it: lxc.mount.entry = /sys sys "
			    "none rbind");
	return x < 0 ? fail(x, "sysfs on /sys", item, e) : 0;
}

/* Of "shmounts:HOST[:CONTAINER]" both paths, in a copy that the caller frees. */
static char *split_shmounts(const char *word, const char **host, const char **inside)
{
	char *copy = strdup(word + strlen("shmounts:")), *colon;

	if (!copy)
		return NULL;
	*host = copy;
	*inside = "/dev/.lxc-mounts";
	colon = strchr(copy, ':');
	if (colon) {
		*colon = 0;
		*inside = colon + 1;
	}
	return copy;
}

bool mount_auto_shmounts_wanted(const struct plan *p)
{
	const struct item *item;

	return last(p, AUTO_SHMOUNTS, &item);
}

/*
 * Needs:  the host's mounts still within reach, and /dev mounted.
 * Leaves: the host's folder in the container, a slave of it: what is mounted there later arrives inside.
 */
int mount_auto_shmounts(struct run *r, struct err *e)
{
	const struct item *item;
	const char *host = NULL, *inside = NULL;
	_own_free char *paths = NULL;
	_own_fd int copy = -1, target = -1;
	int x;

	(void)last(r->plan, AUTO_SHMOUNTS, &item);
	paths = split_shmounts(item->text, &host, &inside);
	if (!paths)
		return err_num(e, ENOMEM, "hold", "a path");
	x = copy = mount_copy(AT_FDCWD, host, 0);
	if (x >= 0)
		x = target = beneath_mkdir_p(r->root_fd, inside, 0711);
	if (x >= 0)
		x = mount_attach(copy, target, "", NULL);
	if (x < 0) {
		(void)err_num(e, -x, "mount", "%s on %s", host, inside);
		err_hint(e, "shmounts takes a folder of the host's that is a shared mount");
		err_key(e, "lxc.mount.auto", item->at);
		return x;
	}
	return 0;
}

static int keep_slave(struct run *r, const struct item *item, struct err *e)
{
	const char *host, *inside;
	_own_free char *paths = split_shmounts(item->text, &host, &inside);
	_own_fd int top = paths ? beneath_open(r->root_fd, inside, O_PATH | O_DIRECTORY, 0) : -ENOMEM;

	/* By the working folder: there is no procfs of ours any more through which an fd had a path. */
	if (top < 0 || fchdir(top) < 0 || mount(NULL, ".", NULL, MS_SLAVE, NULL) < 0 || fchdir(r->root_fd) < 0)
		return err_num(e, top < 0 ? -top : errno, "make a slave of", "%s", paths ? inside : "");
	return 0;
}

/*
 * Needs:  root.pivot, which refuses a shared root.
 * Leaves: every mount shared in a peer group of its own, as systemd inside expects it; only that of shmounts
 *	   stays a mere slave. A bind of a shared mount of the host's still receives from it unless its entry
 *	   said private.
 */
int mount_share(struct run *r, struct err *e)
{
	const struct item *item;

	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return err_sys(e, "share", "the container's mounts");
	return last(r->plan, AUTO_SHMOUNTS, &item) ? keep_slave(r, item, e) : 0;
}
