/* SPDX-License-Identifier: MIT */
/* Making, opening and entering a container's cgroups. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { STALE_TIMEOUT_MS = 5000, MAKE_TRIES = 5 };

static int check_path(const char *path, struct err *e)
{
	const char *p = str_starts(path, "./") ? path + 2 : path;

	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || n > NAME_MAX || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return err_say(e, EINVAL, "\"%s\" is not the relative path of a cgroup", path);
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

int cgroup_tree_init(struct cgroup_tree *t, const struct cgroup_host *h, const char *path, struct err *e)
{
	int r = check_path(path, e);

	if (r < 0)
		return r;
	*t = (struct cgroup_tree){ .host = h };
	for (size_t i = 0; i < CGROUP_HIERARCHIES; i++)
		t->fd[i] = t->inner_fd[i] = -1;
	if (str_copy(t->path, sizeof(t->path), path) < 0)
		return err_num(e, ENAMETOOLONG, "use the cgroup", "%s", path);
	return 0;
}

int cgroup_tree_set_owner(struct cgroup_tree *t, const char *owner, struct err *e)
{
	if (str_copy(t->owner, sizeof(t->owner), owner) < 0)
		return err_num(e, ENAMETOOLONG, "mark the cgroup", "%s as owned by %s", t->path, owner);
	return 0;
}

int cgroup_tree_set_inner(struct cgroup_tree *t, const char *name, struct err *e)
{
	if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    str_copy(t->inner, sizeof(t->inner), name) < 0)
		return err_say(e, EINVAL, "\"%s\" is not the name of a cgroup", name);
	return 0;
}

const char *cgroup_below(const struct cgroup_tree *t)
{
	return str_starts(t->path, "./") ? t->path + 2 : t->path;
}

int cgroup_full_path(const struct cgroup_tree *t, size_t i, char *path, size_t size, size_t *base_len)
{
	const struct cgroup_hierarchy *v = &t->host->v[i];
	const char *base = str_starts(t->path, "./") ? v->own : v->base;
	int n = snprintf(path, size, "%s%s/%s", v->mount, base, cgroup_below(t));

	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	if (base_len)
		*base_len = strlen(v->mount) + strlen(base);
	return 0;
}

/* The order in which hierarchies are made: v2 first. The first that could be made bears the owner's mark. */
static size_t nth(const struct cgroup_host *h, size_t k)
{
	size_t first = h->unified >= 0 ? (size_t)h->unified : 0;

	return k == 0 ? first : k <= first ? k - 1 : k;
}

bool cgroup_is_ours(const struct cgroup_tree *t)
{
	char path[CGROUP_PATH], mark[sizeof(t->owner)];

	for (size_t k = 0; t->owner[0] && k < t->host->n; k++) {
		ssize_t n;

		if (cgroup_full_path(t, nth(t->host, k), path, sizeof(path), NULL) < 0)
			return false;
		n = getxattr(path, MARK_OWNER, mark, sizeof(mark));
		if (n >= 0)
			return (size_t)n == strlen(t->owner) && memcmp(mark, t->owner, (size_t)n) == 0;
		if (errno != ENOENT) /* there, but without a mark */
			return false;
	}
	return true;
}

bool cgroup_made_parent(const char *path)
{
	return getxattr(path, MARK_PARENT, NULL, 0) >= 0;
}

/* A new v1 cpuset has no CPUs and no memory nodes, and nothing can enter it, unless its parent's
 * cgroup.clone_children (an option of the mount as well) has copied them. */
static int fill_cpuset(const char *path, struct err *e)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	_own_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char value[256], parent[32];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = io_read_line(dir, files[i], value, sizeof(value));

		if (r > 0 || r == -ENOENT) /* mounted with "noprefix": not for us */
			continue;
		(void)snprintf(parent, sizeof(parent), "../%s", files[i]);
		r = r < 0 ? r : io_read_line(dir, parent, value, sizeof(value));
		if (r > 0)
			r = io_write_file(dir, files[i], value);
		if (r < 0)
			return err_num(e, -r, "fill", "%s/%s from its parent", path, files[i]);
	}
	return 0;
}

static bool is_cpuset(const struct cgroup_hierarchy *v)
{
	return !v->v2 && cgroup_has_word(v->controllers, "cpuset");
}

static int cannot_make(const struct cgroup_hierarchy *v, const char *path, int errnum, struct err *e)
{
	int r = err_num(e, errnum, "make the cgroup", "%s", path);

	if (r == -EROFS)
		err_hint(e, "the cgroups are mounted read-only: mount -o remount,rw %s", v->mount);
	if (r == -EAGAIN || r == -ENOSPC)
		err_hint(e, "there are too many: see cgroup.max.descendants and cgroup.max.depth above it");
	return r;
}

/* The folders above the tree. What we make is marked, so that whoever empties it last may remove it. */
static int make_parents(const struct cgroup_tree *t, size_t i, char *path, size_t base_len, struct err *e)
{
	for (char *slash = strchr(path + base_len + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r = 0;

		*slash = 0;
		if (mkdir(path, 0755) == 0) {
			(void)setxattr(path, MARK_PARENT, "1", 1, 0);
			if (is_cpuset(&t->host->v[i]))
				r = fill_cpuset(path, e);
		} else if (errno != EEXIST) {
			r = cannot_make(&t->host->v[i], path, errno, e);
		}
		*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

/* O_PATH is enough for openat(), fchown() and CLONE_INTO_CGROUP. */
static int open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_inner(struct cgroup_tree *t, size_t i, const char *path, struct err *e)
{
	char inner[CGROUP_PATH + sizeof(t->inner)];

	if (!t->inner[0])
		return 0;
	(void)snprintf(inner, sizeof(inner), "%s/%s", path, t->inner);
	if (mkdir(inner, 0755) < 0)
		return cannot_make(&t->host->v[i], inner, errno, e);
	t->inner_fd[i] = open_dir(t->fd[i], t->inner);
	if (t->inner_fd[i] < 0)
		return err_num(e, -t->inner_fd[i], "open the cgroup", "%s", inner);
	if (t->host->v[i].v2)
		cgroup_try(cgroup_enable(t, i, NULL, NULL));
	return is_cpuset(&t->host->v[i]) ? fill_cpuset(inner, e) : 0;
}

/* A process that is killed between the two leaves a cgroup without a mark: the next start takes that away. */
static int make_marked(const struct cgroup_tree *t, const char *path, bool mark)
{
	int r = mkdir(path, 0755) < 0 ? -errno : 0;

	if (r == 0 && mark && t->owner[0])
		(void)setxattr(path, MARK_OWNER, t->owner, strlen(t->owner), 0);
	return r;
}

/* Makes the folder, and the ones above it. -EEXIST, without words: it is there. */
static int make_folder(const struct cgroup_tree *t, size_t i, bool mark, char *path, size_t base_len, struct err *e)
{
	_own_fd int lock = t->host->v[i].v2 ? cgroup_lock(t, i) : -1;

	(void)lock; /* it is let go at the end of the scope */
	for (int tries = 0;; tries++) {
		int r = make_parents(t, i, path, base_len, e);

		if (r < 0)
			return r;
		if (t->host->v[i].v2) /* what fails here is told when a limit is set that needs it */
			cgroup_try(cgroup_enable(t, i, NULL, NULL));
		r = make_marked(t, path, mark);
		if (r == 0 || r == -EEXIST)
			return r;
		if (r != -ENOENT || tries == MAKE_TRIES) /* ENOENT: another's end took the parent away */
			return cannot_make(&t->host->v[i], path, -r, e);
	}
}

/* Needs: nothing of that name. -EEXIST, without words: there is. */
static int make_one(struct cgroup_tree *t, size_t i, bool mark, struct err *e)
{
	const struct cgroup_hierarchy *v = &t->host->v[i];
	char path[CGROUP_PATH];
	size_t base_len;
	int r = cgroup_full_path(t, i, path, sizeof(path), &base_len);

	if (r < 0)
		return err_num(e, -r, "make the cgroup", "%s in %s", t->path, v->mount);
	r = make_folder(t, i, mark, path, base_len, e);
	if (r < 0)
		return r;
	t->made[i] = true;
	t->fd[i] = open_dir(AT_FDCWD, path);
	if (t->fd[i] < 0)
		return err_num(e, -t->fd[i], "open the cgroup", "%s", path);
	r = is_cpuset(v) ? fill_cpuset(path, e) : 0;
	return r < 0 ? r : make_inner(t, i, path, e);
}

/* Takes back what make_one() made. Nothing lives in it yet. */
static void unmake(struct cgroup_tree *t)
{
	char path[CGROUP_PATH];

	for (size_t i = 0; i < t->host->n; i++) {
		if (!t->made[i] || cgroup_full_path(t, i, path, sizeof(path), NULL) < 0)
			continue;
		if (t->inner[0] && t->fd[i] >= 0)
			(void)unlinkat(t->fd[i], t->inner, AT_REMOVEDIR);
		(void)rmdir(path);
	}
	cgroup_tree_close(t);
}

/* Does anybody live in the tree? Where and, as far as our pid namespace sees it, who. */
static bool inhabited(const struct cgroup_tree *t, char *path, size_t size, pid_t *pid)
{
	for (size_t i = 0; i < t->host->n; i++) {
		_own_fd int dir = -1;

		if (cgroup_full_path(t, i, path, size, NULL) < 0)
			continue;
		dir = open_dir(AT_FDCWD, path);
		if (dir >= 0 && cgroup_populated(dir, t->host->v[i].v2, pid))
			return true;
	}
	return false;
}

/* Something of that name is there: left by a start or a keeper that was killed, or another's. */
static int clear_stale(struct cgroup_tree *t, struct err *e)
{
	char path[CGROUP_PATH];
	pid_t pid = 0;
	int r;

	if (cgroup_is_ours(t) || !inhabited(t, path, sizeof(path), &pid))
		return cgroup_remove_all(t, STALE_TIMEOUT_MS, e);
	r = err_say(e, EBUSY, "the cgroup %s is in use by process %d of another container", path, (int)pid);
	err_hint(e, "rename one of the two, or give this one a place of its own with lxc.cgroup.dir");
	return r;
}

/* Who may not write to a hierarchy does without it: users without v1 delegation, containers in containers. */
static bool forbidden(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

static int make_all(struct cgroup_tree *t, struct err *e)
{
	struct err why = { 0 };
	size_t made = 0;
	int r = 0;

	for (size_t k = 0; k < t->host->n && r == 0; k++) {
		struct err one = { 0 };

		r = make_one(t, nth(t->host, k), made == 0, &one);
		made += r == 0;
		if (forbidden(r))
			r = 0;
		if (r < 0 || !why.set)
			why = one;
	}
	if (r == 0 && made) {
		t->open = true;
		return 0;
	}
	if (e && !e->set && why.set)
		*e = why;
	unmake(t);
	if (t->host->n == 0) {
		r = err_say(e, ENOENT, "this host has no cgroup hierarchy mounted");
		err_hint(e, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	}
	return r == 0 ? -EACCES : r;
}

int cgroup_tree_make(struct cgroup_tree *t, struct err *e)
{
	int r = make_all(t, e);

	if (r != -EEXIST)
		return r;
	r = clear_stale(t, e);
	if (r == 0)
		r = make_all(t, e);
	return r == -EEXIST ? err_num(e, EEXIST, "make the cgroup", "%s", t->path) : r;
}

static void open_one(struct cgroup_tree *t, size_t i)
{
	char path[CGROUP_PATH];
	int fd;

	if (cgroup_full_path(t, i, path, sizeof(path), NULL) < 0)
		return;
	fd = open_dir(AT_FDCWD, path);
	if (fd < 0)
		return;
	t->fd[i] = fd;
	t->open = true;
	if (t->inner[0]) {
		fd = open_dir(t->fd[i], t->inner);
		t->inner_fd[i] = fd < 0 ? -1 : fd;
	}
}

int cgroup_tree_open(struct cgroup_tree *t, struct err *e)
{
	cgroup_tree_close(t);
	for (size_t i = 0; i < t->host->n; i++)
		open_one(t, i);
	return t->open ? 0 : err_say(e, ENOENT, "there is no cgroup %s", t->path);
}

void cgroup_tree_open_for(struct cgroup_tree *t, const char *const controllers[])
{
	cgroup_tree_close(t);
	for (; *controllers; controllers++) {
		int v1 = cgroup_v1_index(t->host, *controllers);

		if (v1 >= 0 && t->fd[v1] < 0) /* cpu and cpuacct are often one */
			open_one(t, (size_t)v1);
	}
	if (t->host->unified >= 0)
		open_one(t, (size_t)t->host->unified);
}

void cgroup_tree_close(struct cgroup_tree *t)
{
	for (size_t i = 0; i < CGROUP_HIERARCHIES; i++) {
		close_fd(&t->fd[i]);
		close_fd(&t->inner_fd[i]);
		t->made[i] = false;
	}
	t->open = false;
}

/* Where processes live: the inner one if there is one. */
static int home_fd(const struct cgroup_tree *t, size_t i)
{
	return t->inner_fd[i] >= 0 ? t->inner_fd[i] : t->fd[i];
}

int cgroup_tree_clone_fd(const struct cgroup_tree *t)
{
	return t->open && t->host->unified >= 0 ? home_fd(t, (size_t)t->host->unified) : -1;
}

/*
 * cgroup.procs of the cgroup, or of its leaf ".lxc". A caller of one thread that moves itself does so as a thread where
 * it may: the kernel then need not stop all forks for it (Linux 6.0).
 */
static int open_procs(const struct cgroup_tree *t, size_t i, pid_t pid)
{
	bool leaf = t->host->v[i].v2 && !t->made[i];
	int dir = home_fd(t, i), fd;

	if (leaf && mkdirat(dir, ".lxc", 0755) < 0 && errno != EEXIST)
		return -errno;
	if (pid == 0 && !t->host->v[i].v2) {
		fd = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	fd = openat(dir, leaf ? ".lxc/cgroup.procs" : "cgroup.procs", O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void hint_enter(struct err *e, int r)
{
	if (r == -ENOSPC)
		err_hint(e, "its cpuset.cpus or cpuset.mems is empty");
	else if (r == -EINVAL)
		err_hint(e, "a process with real-time scheduling needs cpu.rt_runtime_us there");
	else if (r == -EBUSY)
		err_hint(e, "it has controllers enabled for cgroups below it, so no process may be in it");
	else if (r == -EAGAIN)
		err_hint(e, "its pids.max is reached");
}

int cgroup_tree_enter(const struct cgroup_tree *t, pid_t pid, bool cloned, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	for (size_t i = 0; i < t->host->n; i++) {
		_own_fd int fd = -1;
		int r;

		if (t->fd[i] < 0 || (cloned && t->host->v[i].v2))
			continue;
		fd = open_procs(t, i, pid);
		r = fd < 0 ? fd : io_write_all(fd, text, (size_t)n);
		if (r < 0) {
			r = err_num(e, -r, "move", "process %s into the cgroup %s of %s", text, t->path,
				    t->host->v[i].mount);
			hint_enter(e, r);
			return r;
		}
	}
	return 0;
}

int cgroup_tree_delegate(const struct cgroup_tree *t, uid_t uid, gid_t gid, struct err *e)
{
	/* As /sys/kernel/cgroup/delegate lists them for v2; "tasks" is v1's. */
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks" };

	for (size_t i = 0; i < t->host->n; i++) {
		int dir = home_fd(t, i);
		int r = dir < 0 ? 0 : fchownat(dir, "", uid, gid, AT_EMPTY_PATH);

		for (size_t f = 0; dir >= 0 && r == 0 && f < ARRAY_SIZE(files); f++) {
			r = fchownat(dir, files[f], uid, gid, AT_SYMLINK_NOFOLLOW);
			if (r < 0 && errno == ENOENT)
				r = 0;
		}
		if (r < 0)
			return err_sys(e, "give", "the cgroup %s of %s to %u:%u", t->path, t->host->v[i].mount, uid,
				       gid);
	}
	return 0;
}
