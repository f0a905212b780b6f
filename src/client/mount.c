/* SPDX-License-Identifier: MIT */
/*
 * A mount put into a running container, or taken out of it. The host's tree is copied as a detached mount, which a
 * child attaches as the container's root, within its mounts: no path of the container is walked by us.
 */
#include "client/container.h"

#include "base/beneath.h"
#include "base/own.h"
#include "base/spawn.h"
#include "features/dev_inject.h"
#include "features/mount_auto.h"
#include "sys/ids.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

enum { LOOKUP_MS = 10 * 1000 };

static uint64_t attributes(unsigned long flags)
{
	static const struct {
		unsigned long ms;
		uint64_t attr;
	} map[] = {
		{ MS_RDONLY, MOUNT_ATTR_RDONLY },	  { MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ MS_NODEV, MOUNT_ATTR_NODEV },		  { MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	};
	uint64_t attr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		attr |= flags & map[i].ms ? map[i].attr : 0;
	return attr;
}

/* LXC reaches a container through the folder of shmounts only; who relies on that has asked for it. */
static int has_shmounts(const struct container *c, struct err *e)
{
	_own_spec struct spec *s = NULL;
	struct plan plan = { .clone_flags = CLONE_NEWNS };
	int x = container_running(c, &s, e);

	if (x < 0)
		return x;
	plan.spec = s;
	if (mount_auto_shmounts_wanted(&plan))
		return 0;
	(void)err_say(e, EINVAL, "%s takes no mounts while it runs", c->name);
	err_hint(e, "set lxc.mount.auto = shmounts:HOSTFOLDER and restart");
	return -EINVAL;
}

struct job {
	int pidfd;
	bool mapped; /* it has a user namespace */
	int tree;    /* -1: `to` is taken away */
	const char *to;
	uint64_t attr;
	unsigned long flags;
};

static int put(const struct job *j)
{
	/* A mount that somebody makes inside, below this one, does not come back to the host. */
	const struct mount_shape shape = { .set = j->attr, .propagation = MS_SLAVE | (j->flags & MS_REC) };
	_own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), target = -1;
	struct stat st;

	if (root < 0 || fstat(j->tree, &st) < 0)
		return -errno;
	target = S_ISDIR(st.st_mode) ? beneath_mkdir_p(root, j->to, 0755) : beneath_create(root, j->to);
	return target < 0 ? target : mount_attach(j->tree, target, "", &shape);
}

/* In the child. 0 or an errno value. */
static int within(const struct job *j)
{
	if (setns(j->pidfd, CLONE_NEWNS | (j->mapped ? CLONE_NEWUSER : 0)) < 0) /* by pidfd: Linux 5.8 */
		return errno;
	if (j->mapped && ((ids_set_groups(0, NULL) < 0 && errno != EPERM) || ids_set_gid(0) < 0 || ids_set_uid(0) < 0))
		return errno;
	if (j->tree >= 0)
		return -put(j);
	return umount2(j->to, (int)j->flags) < 0 ? errno : 0;
}

static int run(const struct job *j, const char *what, struct err *e)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return err_sys(e, "fork", "for %s", j->to);
	if (child == 0)
		_exit(within(j));
	if (spawn_wait(child, LOOKUP_MS, &status) == -ETIMEDOUT) /* a file system on the way does not answer */
		return err_num(e, ETIMEDOUT, what, "%s", j->to);
	if (!WIFEXITED(status))
		return err_say(e, ECHILD, "the process that was to %s %s has died", what, j->to);
	return WEXITSTATUS(status) ? err_num(e, WEXITSTATUS(status), what, "%s", j->to) : 0;
}

static int hold(const struct container *c, struct job *j, struct err *e)
{
	pid_t pid = 0;
	int x = container_hold_init(c, &pid, &j->pidfd, e);

	if (x == 0)
		j->mapped = dev_needs_inject(pid);
	return x < 0 ? x : has_shmounts(c, e);
}

static bool is_none(const char *type)
{
	return !type || !*type || strcmp(type, "none") == 0;
}

int container_mount(const struct container *c, const struct mount_request *m, struct err *e)
{
	struct job j = { .pidfd = -1, .tree = -1, .to = m->target, .flags = m->flags };
	_own_fd int pidfd = -1, tree = -1;
	int x = hold(c, &j, e);

	pidfd = j.pidfd;
	if (x < 0)
		return x;
	if (m->flags & MS_BIND || is_none(m->type)) {
		j.attr = attributes(m->flags);
		tree = m->source ? mount_copy(AT_FDCWD, m->source, m->flags & MS_REC ? AT_RECURSIVE : 0) : -EINVAL;
		if (tree < 0)
			return err_num(e, -tree, "bind", "%s", m->source ? m->source : "nothing");
	} else {
		tree = mount_new(m->type, m->source, m->data, attributes(m->flags), e);
		if (tree < 0)
			return tree;
	}
	j.tree = tree;
	return run(&j, "mount on", e);
}

int container_umount(const struct container *c, const char *target, unsigned long flags, struct err *e)
{
	struct job j = { .pidfd = -1, .tree = -1, .to = target, .flags = flags };
	_own_fd int pidfd = -1;
	int x = hold(c, &j, e);

	pidfd = j.pidfd;
	return x < 0 ? x : run(&j, "unmount", e);
}

int container_devpts(const struct container *c, struct err *e)
{
	_own_fd int pidfd = -1, root = -1, fd = -1;
	char path[64];
	struct statfs fs;
	pid_t pid = 0;
	int x = container_hold_init(c, &pid, &pidfd, e);

	if (x < 0)
		return x;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	x = fd = root < 0 ? -errno : beneath_open(root, "dev/pts", O_RDONLY | O_DIRECTORY, 0);
	if (x < 0)
		return err_num(e, -x, "open", "/dev/pts of %s", c->name);
	/* Whoever lives there may have put anything in its place. */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_say(e, ENODEV, "%s has no devpts of its own: set lxc.pty.max", c->name);
	return take_fd(&fd);
}
