/* SPDX-License-Identifier: MIT */
/* Puts a new pty in the place of one that is hung up, within a running container; see pts_again.h. */
#include "features/pts_again.h"

#include "base/beneath.h"
#include "base/own.h"
#include "features/dev_inject.h"
#include "features/pts.h"
#include "features/within.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PTY_MAJOR = 136, PTY_MAJORS = 8, PTMX_MAJOR = 5, PTMX_MINOR = 2 };

struct job {
	int init_pidfd;
	bool mapped;
	int proc;  /* /proc/self/fd, the child's own: in there is none of ours */
	int tree;  /* a detached mount of the slave; -1: the pty is to be made in there */
	int place; /* the number of ours that the master gets then */
	const char *name, *dir, *second;
};

static bool is_devpts(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

static int open_again(const struct job *j, int path_fd)
{
	char number[16];
	int fd;

	(void)snprintf(number, sizeof(number), "%d", path_fd);
	fd = openat(j->proc, number, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Whoever lives there may have put anything in its place, a device that he himself may not open: so it is looked at
 * first. */
static int open_ptmx(const struct job *j, int root)
{
	_own_fd int fd = beneath_open(root, "dev/pts/ptmx", O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!is_devpts(fd) || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return -ENODEV;
	return open_again(j, fd);
}

/* Its slave as a detached mount, its master at its place. */
static int make_inside(const struct job *j, int root)
{
	_own_fd int master = open_ptmx(j, root), slave = -1;
	int unlocked = 0;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	slave = pts_slave(master);
	if (slave < 0 || fchmod(slave, 0620) < 0)
		return slave < 0 ? slave : -errno;
	return dup3(master, j->place, O_CLOEXEC) < 0 ? -errno : mount_copy(slave, "", 0);
}

/* The mount of the one that is hung up goes, or each adoption would leave one. The folder is our working folder. */
static void take_away(const char *name, int folder)
{
	_own_fd int fd = beneath_open(folder, name, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && is_devpts(fd) && major(st.st_rdev) >= PTY_MAJOR &&
	    major(st.st_rdev) < PTY_MAJOR + PTY_MAJORS)
		(void)umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW);
}

static int put(int dev, const char *dir, const char *name, int tree)
{
	_own_fd int folder = beneath_open(dev, dir, O_PATH | O_DIRECTORY, 0), target = -1;

	if (folder < 0 || fchdir(folder) < 0)
		return folder < 0 ? folder : -errno;
	take_away(name, folder);
	target = beneath_create(folder, name);
	return target < 0 ? target : mount_attach(tree, target, "", NULL);
}

static int put_all(const struct job *j, int root, int tree)
{
	_own_fd int dev = beneath_open(root, "dev", O_PATH | O_DIRECTORY, 0), copy = -1;
	int x = dev < 0 ? dev : put(dev, j->dir, j->name, tree);

	if (x < 0 || !j->second)
		return x;
	copy = mount_copy(tree, "", 0);
	return copy < 0 ? copy : put(dev, j->second, j->name, copy);
}

static int in_child(void *job)
{
	_own_fd int proc = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC), root = -1, made = -1;
	struct job *j = job;
	int x = proc < 0 ? -errno : within_enter(j->init_pidfd, j->mapped, CLONE_NEWNS);

	if (x < 0)
		return x;
	j->proc = proc;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	if (j->tree < 0)
		x = made = make_inside(j, root);
	return x < 0 ? x : put_all(j, root, j->tree < 0 ? made : j->tree);
}

static int run(const struct run *r, struct job *j, struct err *e)
{
	int x;

	j->init_pidfd = r->init_pidfd;
	j->mapped = dev_needs_inject(r->init_pid);
	x = within_run(in_child, j);
	return x < 0 ? err_num(e, -x, "put a new pty on", "/dev/%s", j->name) : 0;
}

int pts_again(const struct run *r, const char *name, const char *dir, const char *second, struct err *e)
{
	_own_fd int place = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct job j = { .tree = -1, .place = place, .name = name, .dir = dir, .second = second };
	int x = place < 0 ? err_sys(e, "open", "/dev/null") : run(r, &j, e);

	return x < 0 ? x : take_fd(&place);
}

int pts_put_again(const struct run *r, int master, const char *name, const char *dir, const char *second, struct err *e)
{
	_own_fd int slave = pts_slave(master), tree = slave < 0 ? -1 : mount_copy(slave, "", 0);
	struct job j = { .tree = tree, .place = -1, .name = name, .dir = dir, .second = second };

	if (tree < 0)
		return err_num(e, slave < 0 ? -slave : -tree, "bind", "the new pty of /dev/%s", name);
	return run(r, &j, e);
}
