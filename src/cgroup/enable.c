/* SPDX-License-Identifier: MIT */
/* Which controllers of v2 a container's cgroup has, and that none stays enabled above it when all are gone. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { LOCK_TIMEOUT_MS = 2000 };

/* What every container gets: its numbers are shown by info and ls, and its limits are set while it runs. Each
 * further one costs the kernel time in every cgroup of the host, so it takes a key that names it. */
static const char common[] = "cpuset cpu io memory pids";

static bool is_wanted(const struct cgroup_tree *t, const char *controller)
{
	return cgroup_has_word(common, controller) || cgroup_has_word(t->wants, controller);
}

void cgroup_tree_want(struct cgroup_tree *t, const char *file)
{
	char controller[64];
	size_t n = strlen(t->wants);

	cgroup_controller_of(file, true, controller, sizeof(controller));
	if (!is_wanted(t, controller) && n + strlen(controller) + 2 < sizeof(t->wants))
		(void)snprintf(t->wants + n, sizeof(t->wants) - n, "%s%s", n ? " " : "", controller);
}

/* The fd of the cgroup that the tree's first folder is made in. */
int cgroup_lock(const struct cgroup_tree *t, size_t i)
{
	char path[CGROUP_PATH];
	_own_fd int fd = -1;
	int64_t deadline = cgroup_now() + LOCK_TIMEOUT_MS;
	size_t base_len;

	if (cgroup_full_path(t, i, path, sizeof(path), &base_len) < 0)
		return -1;
	path[base_len] = 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || cgroup_left(deadline) == 0)
			return -1;
		cgroup_sleep(1);
	}
	return take_fd(&fd);
}

/* --- enabling --- */

/* What we enabled in a cgroup that is not ours is noted on it: it is for the last container below it to take back,
 * which need not be the one that asked for it. */
static void note(const char *path, const char *controllers)
{
	if (*controllers)
		(void)setxattr(path, MARK_ENABLED, controllers, strlen(controllers), 0);
	else
		(void)removexattr(path, MARK_ENABLED);
}

static void noted(const char *path, char *controllers, size_t size)
{
	ssize_t n = getxattr(path, MARK_ENABLED, controllers, size - 1);

	controllers[n > 0 ? n : 0] = 0;
}

static void note_also(const char *path, const char *controller)
{
	char had[256], has[sizeof(had) + 64];

	noted(path, had, sizeof(had));
	(void)snprintf(has, sizeof(has), "%s%s%s", had, *had ? " " : "", controller);
	if (!cgroup_has_word(had, controller))
		note(path, has);
}

/* Processes of its own are no hindrance to the root alone, which is the one without a cgroup.type. */
static bool is_crowded(int dir)
{
	char first[16];

	return faccessat(dir, "cgroup.type", F_OK, 0) == 0 &&
	       io_read_line(dir, "cgroup.procs", first, sizeof(first)) > 0;
}

/* "+memory +pids " was written. */
static int note_all(const char *path, char *all)
{
	char *save = NULL;

	for (char *w = strtok_r(all, " ", &save); w; w = strtok_r(NULL, " ", &save))
		note_also(path, w + 1);
	return 0;
}

/* Adds to cgroup.subtree_control of one cgroup what is not there yet; one by one where all at once fails. */
static int enable_at(const char *path, const char *wanted, struct err *e)
{
	_own_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char have[256] = "", list[256], all[512] = "", one[64], *save = NULL;
	int r = 0;

	if (dir < 0)
		return -errno;
	cgroup_try(io_read_line(dir, "cgroup.subtree_control", have, sizeof(have)));
	(void)snprintf(list, sizeof(list), "%s", wanted);
	for (char *w = strtok_r(list, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (!cgroup_has_word(have, w))
			(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "+%s ", w);
	if (!all[0])
		return 0;
	if (is_crowded(dir)) {
		/* the kernel refuses memory and io, but would turn the cgroup into a threaded one for cpu and pids */
		r = err_num(e, EBUSY, "enable the cgroup controllers", "%s below %s", wanted, path);
		err_hint(e, "that cgroup has processes of its own; move them into one below it");
		return r;
	}
	if (io_write_file(dir, "cgroup.subtree_control", all) == 0)
		return note_all(path, all);
	for (char *w = strtok_r(all, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		int x;

		(void)snprintf(one, sizeof(one), "%s", w);
		x = io_write_file(dir, "cgroup.subtree_control", one);
		if (x < 0 && r == 0)
			r = err_num(e, -x, "enable the cgroup controller", "%s below %s", w + 1, path);
		if (x == 0)
			note_also(path, w + 1);
	}
	return r;
}

/* Those of the host's that the tree wants. */
static void wanted_here(const struct cgroup_tree *t, size_t i, char *out, size_t size)
{
	char list[sizeof(t->host->v[i].controllers)], *save = NULL;

	out[0] = 0;
	(void)snprintf(list, sizeof(list), "%s", t->host->v[i].controllers);
	for (char *w = strtok_r(list, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		if (is_wanted(t, w))
			(void)snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? " " : "", w);
}

int cgroup_enable(const struct cgroup_tree *t, size_t i, const char *only, struct err *e)
{
	char path[CGROUP_PATH], wanted[256];
	size_t base_len;
	int r = cgroup_full_path(t, i, path, sizeof(path), &base_len), x;

	if (only)
		(void)snprintf(wanted, sizeof(wanted), "%s", only);
	else
		wanted_here(t, i, wanted, sizeof(wanted));
	if (r < 0 || !*wanted)
		return r;
	for (char *slash = path + base_len; slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		x = enable_at(path, wanted, e);
		r = r < 0 ? r : x;
		*slash = '/';
	}
	if (t->inner[0] && t->fd[i] >= 0) { /* the tree's own is made: the inner one gets them from it */
		x = enable_at(path, wanted, e);
		r = r < 0 ? r : x;
	}
	return r;
}

/* --- taking back --- */

/* Says a limit's file what the kernel says where none is set? What is not known to is taken for a limit. */
static bool is_unset(int dir, const char *file)
{
	static const char *const unset[] = { "",	   "0",	   "max",    "100", "default 100",
					     "max 100000", "0.00", "member", "1024" };
	char line[256];

	if (str_ends(file, ".pressure") || str_ends(file, ".peak") || strcmp(file, "memory.zswap.writeback") == 0)
		return true; /* written to watch or to measure */
	if (io_read_line(dir, file, line, sizeof(line)) < 0)
		return true; /* memory.reclaim cannot be read */
	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		if (strcmp(line, unset[i]) == 0)
			return true;
	return strtoll(line, NULL, 10) > INT64_MAX - (2LL << 30); /* hugetlb's begin without one, in whole pages */
}

/* Has anybody set a limit of that controller in this cgroup? One of a container's uses all that it has. */
static bool uses(int dir, const char *controller)
{
	size_t n = strlen(controller);
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *f;
	struct stat st;

	if (!d)
		return true;
	if (fgetxattr(fd, MARK_OWNER, NULL, 0) >= 0 || fgetxattr(fd, MARK_PARENT, NULL, 0) >= 0)
		return true;
	while ((f = readdir(d)))
		if (strncmp(f->d_name, controller, n) == 0 && f->d_name[n] == '.' &&
		    fstatat(dir, f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mode & S_IWUSR &&
		    !is_unset(dir, f->d_name))
			return true;
	return false;
}

static bool is_used(int dir, const char *controller)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *f;

	while (d && (f = readdir(d))) {
		_own_fd int child = -1;

		if (f->d_type != DT_DIR || strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		child = openat(fd, f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0 && uses(child, controller))
			return true;
	}
	return !d;
}

/* The kernel itself refuses (EBUSY) where a cgroup below has the controller enabled for those below it. */
static void take_back_at(const char *path)
{
	_own_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char ours[256], kept[256] = "", minus[64], *save = NULL;

	noted(path, ours, sizeof(ours));
	if (dir < 0 || !*ours)
		return;
	for (char *w = strtok_r(ours, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		(void)snprintf(minus, sizeof(minus), "-%s", w);
		if (is_used(dir, w) || io_write_file(dir, "cgroup.subtree_control", minus) < 0)
			(void)snprintf(kept + strlen(kept), sizeof(kept) - strlen(kept), "%s%s", *kept ? " " : "", w);
	}
	note(path, kept);
}

void cgroup_take_back(const struct cgroup_tree *t, size_t i)
{
	char path[CGROUP_PATH];
	size_t base_len;

	if (cgroup_full_path(t, i, path, sizeof(path), &base_len) < 0)
		return;
	for (char *slash = strrchr(path, '/'); slash && slash >= path + base_len; slash = strrchr(path, '/')) {
		*slash = 0;
		take_back_at(path);
		if (slash == path + base_len)
			return;
	}
}
