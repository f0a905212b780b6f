/* SPDX-License-Identifier: MIT */
/* Which containers there are: by their folders, and by the locks that keepers hold. No process is asked. */
#include "client/container.h"

#include "base/lock.h"
#include "base/own.h"
#include "client/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds, sorted, every entry of the folder that `is` accepts. Takes the fd. */
static int collect(int fd, bool (*is)(int dir, const char *name), struct strv *names, const char *shown, struct err *e)
{
	_own_dir DIR *d = fdopendir(fd);
	struct strv found = { 0 };

	if (!d) {
		int r = err_sys(e, "read folder", "%s", shown);

		(void)close(fd);
		return r;
	}
	for (struct dirent *x; (x = readdir(d));) {
		if (disk_is_reserved(x->d_name))
			continue;
		if (is(dirfd(d), x->d_name) && strv_add(&found, x->d_name) < 0) {
			strv_free(&found);
			return err_num(e, ENOMEM, "list", "%s", shown);
		}
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), by_name);
	strv_free(names);
	*names = found;
	return 0;
}

/* As in LXC, a hidden folder is none: backup tools and the like leave such. */
static bool has_config(int dir, const char *name)
{
	char path[512];

	return *name != '.' && (size_t)snprintf(path, sizeof(path), "%s/config", name) < sizeof(path) &&
	       faccessat(dir, path, F_OK, 0) == 0;
}

static bool has_keeper(int dir, const char *name)
{
	char path[512];

	return (size_t)snprintf(path, sizeof(path), "%s/lock", name) < sizeof(path) && lock_held(dir, path) == 1;
}

int list_defined(const char *lxcpath, struct strv *names, struct err *e)
{
	int fd = open(lxcpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		strv_free(names);
		return 0;
	}
	if (fd < 0)
		return err_sys(e, "read folder", "%s", lxcpath);
	return collect(fd, has_config, names, lxcpath, e);
}

static bool is_any(int dir, const char *name)
{
	(void)dir;
	return *name != '.';
}

static int list_runtime(const char *lxcpath, bool (*is)(int dir, const char *name), struct strv *names, struct err *e)
{
	/* "." below the lxcpath's runtime folder is that folder itself: it holds one folder per container. */
	struct err quiet = { 0 };
	_own_fd int dir = state_open_dir(lxcpath, ".", false, &quiet);
	int fd;

	if (dir == -ENOENT) {
		strv_free(names);
		return 0;
	}
	fd = dir < 0 ? dir : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_num(e, dir < 0 ? -dir : errno, "list the running containers of", "%s", lxcpath);
	return collect(fd, is, names, lxcpath, e);
}

int list_active(const char *lxcpath, struct strv *names, struct err *e)
{
	return list_runtime(lxcpath, has_keeper, names, e);
}

int list_remembered(const char *lxcpath, struct strv *names, struct err *e)
{
	return list_runtime(lxcpath, is_any, names, e);
}
