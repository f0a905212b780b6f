/* SPDX-License-Identifier: MIT */
/* Taking a container's cgroups away, with all that the container has made below them. */
#include "cgroup/inside.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* The first folder in a cgroup. 1: there is one; 0: none; -errno. */
static int first_child(int dir, char *name, size_t size)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d) {
		int r = -errno;

		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(name, size, "%s", entry->d_name);
		return 1;
	}
	return 0;
}

/*
 * Removes all below `top`, not `top` itself: down to a leaf, up by "..", and so on. It holds one fd and a
 * text of names, so that no depth of nesting that a container has made can exhaust either fds or stack.
 */
static int remove_below(int top)
{
	_own_buf struct buf names = { 0 };
	_own_fd int at = openat(top, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];

	if (at < 0)
		return -errno;
	for (;;) {
		int next, r = first_child(at, name, sizeof(name));
		char *last;

		if (r < 0)
			return r;
		if (r == 1) {
			next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (next < 0 && errno == ENOENT)
				continue;
			buf_addf(&names, "/%s", name);
		} else if (names.len == 0) {
			return 0;
		} else {
			next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		}
		if (next < 0)
			return -errno;
		close_fd(&at);
		at = next;
		if (names.failed)
			return -ENOMEM;
		if (r == 1)
			continue;
		last = strrchr(names.s, '/');
		if (unlinkat(at, last + 1, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return -errno;
		*last = 0;
		names.len = (size_t)(last - names.s);
	}
}

/* One that was busy at first sight: with children, or with processes that are just ending. */
static int remove_busy(const char *path, int64_t deadline)
{
	for (unsigned ms = 1;; ms = ms < 16 ? ms * 2 : 16) {
		_own_fd int dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r = dir < 0 ? -errno : remove_below(dir);

		if (r == 0 && rmdir(path) < 0)
			r = -errno;
		if (r == 0 || r == -ENOENT)
			return 0;
		if (r != -EBUSY || cgroup_left(deadline) == 0)
			return r;
		cgroup_sleep(ms);
	}
}

static int tell(const struct cgroup_tree *t, size_t i, const char *path, int r, struct err *e)
{
	_own_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = 0;

	if (r == -EBUSY && dir >= 0 && cgroup_populated(dir, t->host->v[i].v2, &pid) && pid)
		return err_num(e, -r, "remove the cgroup", "%s, process %d is in it", path, (int)pid);
	return err_num(e, -r, "remove the cgroup", "%s", path);
}

/* The folders above, from the lowest: those that we made, as long as nobody else has put anything there. */
static void remove_parents(char *path, size_t base_len)
{
	for (char *slash = strrchr(path, '/'); slash && slash > path + base_len; slash = strrchr(path, '/')) {
		*slash = 0;
		if (!cgroup_made_parent(path) || rmdir(path) < 0)
			return;
	}
}

static void tidy_above(const struct cgroup_tree *t, size_t i, char *path, size_t base_len)
{
	_own_fd int lock = t->host->v[i].v2 ? cgroup_lock(t, i) : -1;

	remove_parents(path, base_len);
	if (lock >= 0)
		cgroup_take_back(t, i);
}

/* rmdir(2) answers at once whether anything is left to do; in most cases nothing is. */
static bool remove_at_once(const struct cgroup_tree *t, size_t i, int *r)
{
	char path[CGROUP_PATH];

	*r = cgroup_full_path(t, i, path, sizeof(path), NULL);
	if (*r < 0 || rmdir(path) == 0 || errno == ENOENT)
		return true;
	*r = errno == EBUSY ? 0 : -errno;
	return *r < 0;
}

int cgroup_remove_all(struct cgroup_tree *t, int timeout_ms, struct err *e)
{
	int64_t deadline = cgroup_now() + timeout_ms;
	struct cgroup_tree busy = *t;
	char path[CGROUP_PATH];
	bool left = false;
	size_t base_len;
	int r = 0, x;

	for (size_t i = 0; i < CGROUP_HIERARCHIES; i++)
		busy.fd[i] = busy.inner_fd[i] = -1;
	for (size_t i = 0; i < t->host->n; i++) {
		busy.made[i] = !remove_at_once(t, i, &x);
		left |= busy.made[i];
		if (busy.made[i] && cgroup_full_path(t, i, path, sizeof(path), NULL) == 0)
			busy.fd[i] = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (x < 0 && cgroup_full_path(t, i, path, sizeof(path), NULL) == 0)
			r = tell(t, i, path, x, e);
	}
	busy.open = left;
	if (left) /* who does not die in time is told below, by the cgroup that cannot be removed */
		cgroup_try(cgroup_tree_kill(&busy, timeout_ms, NULL));
	for (size_t i = 0; i < t->host->n; i++) {
		if (cgroup_full_path(t, i, path, sizeof(path), &base_len) < 0)
			continue;
		close_fd(&busy.fd[i]);
		x = busy.made[i] ? remove_busy(path, deadline) : 0;
		if (x < 0)
			r = tell(t, i, path, x, e);
		else
			tidy_above(t, i, path, base_len);
	}
	return r;
}

int cgroup_tree_remove(struct cgroup_tree *t, int timeout_ms, struct err *e)
{
	int r;

	if (!cgroup_is_ours(t))
		return 0;
	r = cgroup_remove_all(t, timeout_ms, e);
	cgroup_tree_close(t);
	return r;
}
