/* SPDX-License-Identifier: MIT */
/* A device node in a running container, made and allowed, or taken away and denied; a network device, moved. */
#include "client/container.h"

#include "base/beneath.h"
#include "base/lock.h"
#include "base/own.h"
#include "cgroup/cgroup.h"
#include "features/dev_inject.h"
#include "features/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LOCK_MS = 5000 };

/* The pid that the state file names, held by a pidfd and asked for again: it is still this container's. */
int container_find_init(const struct container *c, struct status *s, int *pidfd, struct err *e)
{
	_own_fd int fd = -1;
	pid_t first;
	int r = container_look(c, s, e);

	if (r < 0)
		return r;
	first = s->state == STOPPED ? 0 : s->init_pid;
	status_free(s);
	if (first <= 0)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, first, 0); /* Linux 5.3 */
	if (fd < 0)
		return errno == ESRCH ? -ESRCH : err_sys(e, "hold", "init of %s", c->name);
	r = state_read(c->lxcpath, c->name, s, e);
	if (r < 0)
		return r;
	if (s->state == STOPPED || s->init_pid != first) {
		status_free(s);
		return -ESRCH;
	}
	*pidfd = take_fd(&fd);
	return 0;
}

int container_hold_init(const struct container *c, pid_t *pid, int *pidfd, struct err *e)
{
	struct status s;
	int r = container_find_init(c, &s, pidfd, e);

	if (r == -ESRCH)
		return err_say(e, ESRCH, "Container %s is not running", c->name);
	if (r < 0)
		return r;
	*pid = s.init_pid;
	status_free(&s);
	return 0;
}

static bool is_alive(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

/* Where a device goes: a running container. */
struct place {
	const struct container *c;
	int root;  /* as init sees it; nothing of the container is reached by a path of ours */
	int pidfd; /* of init */
	bool bind; /* nodes do not work there */
};

static void place_end(struct place *p)
{
	close_fd(&p->root);
	close_fd(&p->pidfd);
}

static int open_place(struct place *p, struct err *e)
{
	const struct container *c = p->c;
	_own_fd int pidfd = -1, fd = -1;
	char path[64];
	pid_t pid = 0;
	int r = container_hold_init(c, &pid, &pidfd, e);

	if (r < 0)
		return r;
	p->bind = dev_needs_inject(pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* A dying process has lost its root (ENOENT) a moment before its pidfd tells of its end. */
	if (!is_alive(pidfd) || (fd < 0 && errno == ENOENT))
		return err_say(e, ESRCH, "Container %s is not running", c->name);
	if (fd < 0)
		return err_sys(e, "open", "the root of %s", c->name);
	p->root = take_fd(&fd);
	p->pidfd = take_fd(&pidfd);
	return 0;
}

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static int allow(const struct container *c, bool add, mode_t mode, dev_t dev, struct err *e)
{
	struct cgroup_host host;
	struct cgroup_tree tree;
	char rule[64];
	int r = container_cgroup(c, &host, &tree, e);

	if (r < 0)
		return r;
	(void)snprintf(rule, sizeof(rule), "%c %u:%u rwm", S_ISCHR(mode) ? 'c' : 'b', major(dev), minor(dev));
	r = cgroup_tree_set(&tree, add ? "devices.allow" : "devices.deny", rule, e);
	cgroup_tree_close(&tree);
	return r;
}

/* 1: there is the same device already; 0: nothing; -EEXIST: something else. */
static int look_for(int root, const char *to, const struct stat *like)
{
	_own_fd int fd = beneath_open(root, to, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return (st.st_mode & S_IFMT) == (like->st_mode & S_IFMT) && st.st_rdev == like->st_rdev ? 1 : -EEXIST;
}

static int make_node(int root, const char *to, const struct stat *like)
{
	_own_free char *folder = strdup(to);
	_own_fd int made = -1;
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!folder)
		return -ENOMEM;
	if (slash && slash != folder) {
		*slash = 0;
		made = beneath_mkdir_p(root, folder, 0755);
		if (made < 0)
			return made;
	}
	return beneath_mknod(root, to, like->st_mode, like->st_rdev);
}

static int add_node(const struct place *p, const char *path, const char *to, const struct stat *like, struct err *e)
{
	int there = look_for(p->root, to, like), r = there < 0 ? there : 0;

	if (there == 0)
		r = p->bind ? dev_inject(p->pidfd, path, to, e) : make_node(p->root, to, like);
	if (r < 0)
		return err_num(e, -r, "add", "%s to %s", to, p->c->name);
	r = allow(p->c, true, like->st_mode, like->st_rdev, e);
	if (r < 0 && there == 0)
		(void)!beneath_unlink(p->root, to, 0);
	return r;
}

static int del_node(const struct container *c, int root, const char *to, struct err *e)
{
	_own_fd int fd = beneath_open(root, to, O_PATH | O_NOFOLLOW, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return err_num(e, -fd, "remove", "%s from %s", to, c->name);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at", "%s of %s", to, c->name);
	if (!is_device(st.st_mode))
		return err_say(e, ENODEV, "%s of %s is not a device", to, c->name);
	r = beneath_unlink(root, to, 0);
	if (r < 0)
		return err_num(e, -r, "remove", "%s from %s", to, c->name);
	return allow(c, false, st.st_mode, st.st_rdev, e);
}

int container_device_node(struct container *c, bool add, const char *path, const char *to, struct err *e)
{
	struct place p = { .c = c, .root = -1, .pidfd = -1 };
	struct stat st;
	int r;

	if (!to)
		to = path;
	if (add && stat(path, &st) < 0)
		return err_sys(e, "add", "%s", path);
	if (add && !is_device(st.st_mode))
		return err_say(e, ENODEV, "%s is not a device", path);
	r = open_place(&p, e);
	if (r == 0)
		r = add ? add_node(&p, path, to, &st, e) : del_node(c, p.root, to, e);
	place_end(&p);
	return r;
}

/* 1: its network is the host's own; 0: it has one of its own */
static int shares_our_network(pid_t pid)
{
	char path[64];
	struct stat ours, theirs;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (stat("/proc/thread-self/ns/net", &ours) < 0 || stat(path, &theirs) < 0)
		return -errno;
	return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

int container_device_net(struct container *c, bool add, const char *device, const char *to, struct err *e)
{
	_own_fd int pidfd = -1, dir = -1, held = -1;
	struct run holder = { .runtime_fd = -1 };
	int r = container_hold_init(c, &holder.init_pid, &pidfd, e);

	if (r < 0)
		return r;
	dir = state_open_dir(c->lxcpath, c->name, false, e);
	if (dir < 0)
		return dir;
	/* The journal is rewritten by one at a time; its keeper waits with the last look at it, too. */
	held = lock_folder(dir, ".", LOCK_MS);
	if (held < 0)
		return err_num(e, -held, "lock", "the devices of %s", c->name);
	holder.runtime_fd = dir;
	r = shares_our_network(holder.init_pid);
	if (r < 0 || !is_alive(pidfd))
		return err_say(e, ESRCH, "Container %s is not running", c->name);
	if (r)
		return err_say(e, EINVAL, "%s has the host's own network: there is nowhere to move %s", c->name,
			       device);
	return add ? net_give_device(&holder, device, to ?: device, e) : net_take_device(&holder, device, to, e);
}
