/* SPDX-License-Identifier: MIT */
/* The kernel's calls for mounts, each behind one function, with the older way where 5.10 needs one. */
#include "sys/mount.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW /* Linux 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW /* Linux 5.10 */
#define MS_NOSYMFOLLOW 256
#endif

enum { FSCONFIG_MOST = 255 }; /* bytes of a value that fsconfig(2) takes */

static bool pretend_old;

void mount_pretend_old(bool old)
{
	pretend_old = old;
}

/* What the kernel wrote about a refused option: lines of a letter (e, w, i), a blank and the text. */
static void said(int fs, struct err *e)
{
	char line[512];
	/* waits: the kernel's words, or none */
	ssize_t n = read(fs, line, sizeof(line) - 1);

	while (n > 0 && line[n - 1] == '\n')
		n--;
	if (n > 2)
		err_said(e, "%.*s", (int)n - 2, line + 2);
}

static int set_option(int fs, char *option)
{
	char *value = strchr(option, '=');
	long r;

	if (!value) {
		r = syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, option, NULL, 0);
	} else {
		*value = 0;
		r = syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, option, value + 1, 0);
		*value = '=';
	}
	return r < 0 ? -errno : 0;
}

static int set_options(int fs, const char *data, struct err *e)
{
	_own_free char *copy = strdup(data);
	char *at = NULL;

	if (!copy)
		return err_num(e, ENOMEM, "hold", "mount options");
	for (char *o = strtok_r(copy, ",", &at); o; o = strtok_r(NULL, ",", &at)) {
		int x = set_option(fs, o);

		if (x < 0)
			return err_num(e, -x, "use mount option", "%s", o);
	}
	return 0;
}

int mount_new(const char *type, const char *source, const char *data, uint64_t attr, struct err *e)
{
	_own_fd int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int x = 0;
	long mnt;

	if (fs < 0)
		return err_sys(e, "mount a file system of type", "%s", type);
	if (source && syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		x = err_sys(e, "mount", "%s as %s", source, type);
	else if (data)
		x = set_options(fs, data, e);
	if (x == 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		x = err_sys(e, "make a file system of type", "%s", type);
	if (x < 0) {
		said(fs, e);
		return x;
	}
	mnt = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attr);
	return mnt < 0 ? err_sys(e, "mount a file system of type", "%s", type) : (int)mnt;
}

static bool any_long_value(const char *data)
{
	for (; data && *data; data += strspn(data, ",")) {
		size_t n = strcspn(data, ",");
		size_t name = strcspn(data, "=");

		if (name < n && n - name - 1 > FSCONFIG_MOST)
			return true;
		data += n;
	}
	return false;
}

/* The two families of flags, bit by bit. */
static const struct {
	uint64_t attr;
	unsigned long ms;
	unsigned long st; /* of fstatvfs(3) */
} bits[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME },
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, 8192 /* ST_NOSYMFOLLOW */ },
};

/* Of the times of access exactly one manner holds, a number in MOUNT_ATTR__ATIME. */
static unsigned long ms_of(uint64_t attr)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (attr & bits[i].attr)
			ms |= bits[i].ms;
	if ((attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		return ms | MS_NOATIME;
	return ms | ((attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : MS_RELATIME);
}

static int attr_now(int mnt, uint64_t *attr)
{
	struct statvfs st;

	*attr = 0;
	if (fstatvfs(mnt, &st) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (st.f_flag & bits[i].st)
			*attr |= bits[i].attr;
	if (st.f_flag & ST_NOATIME)
		*attr |= MOUNT_ATTR_NOATIME;
	else if (!(st.f_flag & ST_RELATIME))
		*attr |= MOUNT_ATTR_STRICTATIME;
	return 0;
}

/* The mount of an O_PATH fd as a path, for calls that know paths only; procfs is the host's until the pivot. */
static const char *fd_path(int fd, char path[32])
{
	(void)snprintf(path, 32, "/proc/self/fd/%d", fd);
	return path;
}

int mount_new_at(int target, const char *type, const char *source, const char *data, uint64_t attr, struct err *e)
{
	_own_fd int mnt = -1;
	char path[32];
	int x;

	if (any_long_value(data)) {
		if (mount(source, fd_path(target, path), type, ms_of(attr), data) < 0)
			return err_sys(e, "mount a file system of type", "%s", type);
		return 0;
	}
	mnt = mount_new(type, source, data, attr, e);
	if (mnt < 0)
		return mnt;
	x = mount_attach(mnt, target, "", NULL);
	return x < 0 ? err_num(e, -x, "attach a file system of type", "%s", type) : 0;
}

int mount_copy(int dir, const char *path, unsigned flags)
{
	long fd = syscall(SYS_open_tree, dir, path,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags | (*path ? 0U : (unsigned)AT_EMPTY_PATH));

	return fd < 0 ? -errno : (int)fd;
}

/* One call each for what holds for the mount alone and what holds for all below it. */
static int change_new(int mnt, const struct mount_shape *s)
{
	struct mount_attr a = { .attr_set = s->set, .attr_clr = s->clear };
	bool deep = s->propagation & MS_REC;

	if (pretend_old)
		return -ENOSYS;
	if (!deep)
		a.propagation = s->propagation;
	if ((a.attr_set || a.attr_clr || a.propagation) &&
	    syscall(SYS_mount_setattr, mnt, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0)
		return -errno;
	if (!deep)
		return 0;
	a = (struct mount_attr){ .propagation = s->propagation & ~(unsigned long)MS_REC };
	return syscall(SYS_mount_setattr, mnt, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof(a)) < 0 ? -errno : 0;
}

/* Before Linux 5.12; works on attached mounts only. A remount states all flags, so those it has are read first. */
static int change_old(int mnt, const struct mount_shape *s)
{
	char path[32];
	uint64_t attr;
	int x;

	if (s->set || s->clear) {
		x = attr_now(mnt, &attr);
		if (x < 0)
			return x;
		attr = (attr & ~s->clear) | s->set;
		if (mount(NULL, fd_path(mnt, path), NULL, MS_REMOUNT | MS_BIND | ms_of(attr), NULL) < 0)
			return -errno;
	}
	if (s->propagation && mount(NULL, fd_path(mnt, path), NULL, s->propagation, NULL) < 0)
		return -errno;
	return 0;
}

int mount_change(int mnt, const struct mount_shape *s)
{
	int x = change_new(mnt, s);

	return x == -ENOSYS ? change_old(mnt, s) : x;
}

int mount_attach(int mnt, int dir, const char *path, const struct mount_shape *s)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH);
	int x = s ? change_new(mnt, s) : 0;

	if (x < 0 && x != -ENOSYS)
		return x;
	if (syscall(SYS_move_mount, mnt, "", dir, path, flags) < 0)
		return -errno;
	return x == -ENOSYS ? change_old(mnt, s) : 0;
}

/* pivot_root(".", ".") stacks the old root upon the new one, so that no folder is needed to put it in. */
int mount_pivot(int root, struct err *e)
{
	if (fchdir(root) < 0)
		return err_sys(e, "enter", "the rootfs");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "make the rootfs", "the root of all mounts");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "let go of", "the host's mounts");
	return 0;
}
