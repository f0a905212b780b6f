/* SPDX-License-Identifier: MIT */
/*
 * Files that are replaced by rename. The new one has no name while it is written, so that a killed writer leaves
 * nothing; for the moment between its naming and its renaming it is called PATH.new, and is complete by then: whoever
 * finds one there may take it away.
 */
#include "base/io.h"

#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 100 }; /* against other writers of the same file */

static char *folder_of(const char *path)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;

	if (!slash) {
		free(folder);
		return strdup(".");
	}
	slash[slash == folder] = 0;
	return folder;
}

/* An owner that may not be given leaves the file ours; its mode must not open it to more then. */
static int dress(int fd, const struct stat *like)
{
	if (!like || (fchown(fd, like->st_uid, like->st_gid) < 0 && like->st_uid != geteuid()))
		return 0;
	return fchmod(fd, like->st_mode & 0777) < 0 ? -errno : 0;
}

static int fill(int fd, const void *data, size_t len, const struct replace *how)
{
	int r = dress(fd, how->like);

	if (r == 0)
		r = io_write_all(fd, data, len);
	return r == 0 && how->sync && fsync(fd) < 0 ? -errno : r;
}

/* By the fd itself, which takes a capability (until Linux 6.10), or by its place in /proc. */
static int give_name(int fd, int dir, const char *name)
{
	char path[32];

	if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT && errno != EPERM)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	return errno == ENOENT ? -EOPNOTSUPP : -errno; /* no /proc here */
}

/* 1: another writer has taken our PATH.new for a killed one's. If he has renamed it instead, it was in its place. */
static int put_in_place(int fd, int dir, const char *name, const char *path)
{
	struct stat st;
	int r;

	while ((r = give_name(fd, dir, name)) == -EEXIST)
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return -errno;
	if (r < 0 || renameat(dir, name, dir, path) == 0)
		return r;
	r = -errno;
	if (r == -ENOENT && fstat(fd, &st) == 0)
		return st.st_nlink == 0;
	(void)unlinkat(dir, name, 0);
	return r;
}

/* -EOPNOTSUPP: this file system has no files without a name (NFS; overlayfs until Linux 6.3). */
static int replace_nameless(int dir, const char *path, const char *folder, const void *data, size_t len,
			    const struct replace *how)
{
	_own_free char *name = str_fmt("%s.new", path);
	int r = 1;

	for (int tries = 0; name && r == 1 && tries < TRIES; tries++) {
		_own_fd int fd = openat(dir, folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, how->mode); /* Linux 3.11 */

		if (fd < 0)
			return errno == EISDIR || errno == EINVAL ? -EOPNOTSUPP : -errno;
		r = fill(fd, data, len, how);
		if (r == 0)
			r = put_in_place(fd, dir, name, path);
	}
	return !name ? -ENOMEM : r == 1 ? -EBUSY : r;
}

/* There the name bears our pid: a half written file must not be taken for a complete one. */
static int replace_named(int dir, const char *path, const void *data, size_t len, const struct replace *how)
{
	_own_free char *name = str_fmt("%s.new.%d", path, (int)getpid());
	_own_fd int fd = -1;
	int r;

	if (!name)
		return -ENOMEM;
	(void)unlinkat(dir, name, 0); /* a killed process of our pid left it */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, how->mode);
	if (fd < 0)
		return -errno;
	r = fill(fd, data, len, how);
	if (r == 0 && renameat(dir, name, dir, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, name, 0);
	return r;
}

int io_replace(int dir, const char *path, const void *data, size_t len, const struct replace *how)
{
	_own_free char *folder = folder_of(path);
	_own_fd int fd = -1;
	int r = folder ? replace_nameless(dir, path, folder, data, len, how) : -ENOMEM;

	if (r == -EOPNOTSUPP)
		r = replace_named(dir, path, data, len, how);
	if (r < 0 || !how->sync)
		return r;
	fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd); /* some file systems cannot; the rename itself has happened */
	return 0;
}

int io_replace_file(int dir, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	int r = io_replace(dir, path, data, len, &(struct replace){ .mode = mode, .sync = true });

	return r < 0 ? err_num(e, -r, "write", "%s", path) : 0;
}

int io_replace_file_fast(int dir, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	int r = io_replace(dir, path, data, len, &(struct replace){ .mode = mode });

	return r < 0 ? err_num(e, -r, "write", "%s", path) : 0;
}
