/* SPDX-License-Identifier: MIT */
/* lxc.autodev: the container's /dev, a tmpfs of its own with the few devices that every program expects. */
#include "features/dev.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "features/apparmor.h"
#include "features/mount_entry.h"
#include "features/rootfs.h"
#include "spec/key.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct dev {
	struct number autodev, size;
};

static const struct key keys[] = {
	{
		.name = "lxc.autodev",
		.type = &type_bool,
		.field = offsetof(struct dev, autodev),
		.dflt = "1",
		.emptied = "0",
		.values = "0 or 1",
		.help = "A fresh /dev with the basic devices is made. 0: the one of the rootfs is used.",
		.since = "1.0",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.autodev.tmpfs.size",
		.type = &type_u32,
		.field = offsetof(struct dev, size),
		.dflt = "500000",
		.values = "a number of bytes",
		.help = "How much the files in that /dev can hold.",
		.since = "4.0",
		.good = { "1000000" },
		.bad = { "x", "1M", "-1" },
	},
};

const struct feature dev_feature = {
	FEATURE_TEXT("/dev", "The container's own /dev, and the devices in it."),
	.name = "dev",
	.size = sizeof(struct dev),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

bool dev_own(const struct plan *p)
{
	const struct dev *d = plan_part(p, FEATURE_DEV);

	return rootfs_own(p) && d->autodev.n;
}

bool dev_linked(const struct plan *p)
{
	return rootfs_own(p);
}

/* LXC makes them along with the entries, and where there are none it makes none. */
bool dev_nests(const struct plan *p)
{
	return rootfs_own(p) && mount_entries_given(p) && apparmor_allows_nesting(p);
}

int dev_open(const struct run *r, struct err *e)
{
	return rootfs_folder(r, "dev", e);
}

int dev_put(int dev, const char *name, int mnt, struct err *e)
{
	_own_fd int target = beneath_create(dev, name);
	int x = target < 0 ? target : mount_attach(mnt, target, "", NULL);

	if (target == -EROFS) /* the /dev of a read-only rootfs that lacks it: nobody inside will look for it */
		return 0;
	return x < 0 ? err_num(e, -x, "mount", "a device on /dev/%s", name) : 0;
}

/*
 * Needs:  rootfs.mount.
 * Leaves: an empty tmpfs on /dev, with a folder for devpts.
 */
int dev_mount(struct run *r, struct err *e)
{
	const struct dev *d = plan_part(r->plan, FEATURE_DEV);
	_own_fd int target = rootfs_folder(r, "dev", e), mnt = -1;
	char data[64];
	int x;

	if (target < 0)
		return target;
	(void)snprintf(data, sizeof(data), "size=%lld,mode=755", d->size.n ? d->size.n : 500000);
	mnt = mount_new("tmpfs", "none", data, 0, e);
	if (mnt < 0)
		return mnt;
	x = mount_attach(mnt, target, "", NULL);
	if (x < 0)
		return err_num(e, -x, "mount", "tmpfs on /dev");
	/* 0644 is what LXC leaves there; devpts, once mounted, has a mode of its own */
	return mkdirat(mnt, "pts", 0644) < 0 ? err_sys(e, "create", "/dev/pts") : 0;
}

/* An entry such as "/dev dev none bind" put the host's own upon it: nothing may be made in there. */
static bool is_hosts(int dev)
{
	struct stat is, host;

	return fstat(dev, &is) == 0 && stat("/dev", &host) == 0 && is.st_dev == host.st_dev && is.st_ino == host.st_ino;
}

/* In a user namespace nodes cannot be made: the host's are bound. */
static int bind_node(int dev, const char *name, struct err *e)
{
	char host[32];
	_own_fd int copy = -1;

	(void)snprintf(host, sizeof(host), "/dev/%s", name);
	copy = mount_copy(AT_FDCWD, host, 0);
	return copy < 0 ? err_num(e, -copy, "bind", "%s of the host", host) : dev_put(dev, name, copy, e);
}

static int make_nodes(int dev, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		dev_t number = makedev(nodes[i].major, nodes[i].minor);

		if (mknodat(dev, nodes[i].name, S_IFCHR | 0666, number) < 0 && errno != EEXIST)
			return err_sys(e, "make", "/dev/%s", nodes[i].name);
	}
	return 0;
}

/*
 * Needs:  dev.mount. What an entry of the config or a hook put there stays.
 * Leaves: the devices that every program expects, open to all.
 */
int dev_nodes(struct run *r, struct err *e)
{
	_own_fd int dev = dev_open(r, e);
	mode_t mask;
	int x = 0;

	if (dev < 0 || is_hosts(dev))
		return dev < 0 ? dev : 0;
	if (r->plan->clone_flags & CLONE_NEWUSER) {
		for (size_t i = 0; x == 0 && i < ARRAY_SIZE(nodes); i++)
			x = bind_node(dev, nodes[i].name, e);
		return x;
	}
	mask = umask(0);
	x = make_nodes(dev, e);
	(void)umask(mask);
	return x;
}

/*
 * Leaves: /dev/fd and its kin; also in the /dev of a rootfs, where a read-only one is left as it is.
 */
int dev_links(struct run *r, struct err *e)
{
	_own_fd int dev = dev_open(r, e);

	if (dev < 0 || is_hosts(dev))
		return dev < 0 ? dev : 0;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST && errno != EROFS)
			return err_sys(e, "link", "/dev/%s", links[i].name);
	return 0;
}

/* A random UUID (RFC 4122, version 4) in its text form, with a newline: 37 bytes. */
static int new_uuid(char text[38], struct err *e)
{
	unsigned char u[16];

	if (getrandom(u, sizeof(u), 0) != sizeof(u))
		return err_sys(e, "read", "random bytes");
	u[6] = (unsigned char)((u[6] & 0x0f) | 0x40);
	u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
	(void)snprintf(text, 38, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", u[0], u[1],
		       u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
	return 0;
}

static int write_boot_id(int dev, struct err *e)
{
	_own_fd int fd = openat(dev, ".lxc-boot-id", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	char text[38];
	int x = fd < 0 ? -errno : new_uuid(text, e);

	if (x == -EEXIST)
		return x;
	if (x == 0)
		x = io_write_all(fd, text, 37);
	if (x == 0 && fchmod(fd, 0444) < 0)
		x = -errno;
	return x < 0 ? err_num(e, -x, "write", "/dev/.lxc-boot-id") : 0;
}

/*
 * Needs:  dev.mount, and /proc mounted where it is to be.
 * Leaves: a boot id of the container's own, in place of the host's where there is a /proc.
 */
int dev_boot_id(struct run *r, struct err *e)
{
	static const struct mount_shape shape = {
		.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
	_own_fd int dev = dev_open(r, e), copy = -1, target = -1;
	int x;

	if (dev < 0 || is_hosts(dev))
		return dev < 0 ? dev : 0;
	x = write_boot_id(dev, e);
	if (x == -EEXIST) /* a folder that an entry mounted there has one */
		return 0;
	if (x < 0)
		return x;
	target = beneath_open(r->root_fd, "proc/sys/kernel/random/boot_id", O_PATH | O_NOFOLLOW, 0);
	if (target < 0)
		return 0;
	copy = mount_copy(dev, ".lxc-boot-id", 0);
	x = copy < 0 ? copy : mount_attach(copy, target, "", &shape);
	return x < 0 ? err_num(e, -x, "mount", "the boot id") : 0;
}

static int mount_below(int dev, const char *folder, const char *type, const char *source, struct err *e)
{
	_own_fd int target = beneath_mkdir_p(dev, folder, 0755);

	if (target < 0)
		return err_num(e, -target, "create", "/dev/%s", folder);
	return mount_new_at(target, type, source, NULL, 0, e);
}

/*
 * Needs:  the container's /dev, the pid and the network namespace.
 * Leaves: a procfs and a sysfs without anything upon them: the kernel lets a user namespace inside mount its
 *	   own only where it sees such.
 */
int dev_nesting(struct run *r, struct err *e)
{
	_own_fd int dev = dev_open(r, e);
	int x;

	if (dev < 0 || is_hosts(dev))
		return dev < 0 ? dev : 0;
	x = mount_below(dev, ".lxc/proc", "proc", "proc", e);
	return x < 0 ? x : mount_below(dev, ".lxc/sys", "sysfs", "sys", e);
}
