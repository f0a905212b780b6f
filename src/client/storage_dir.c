/* SPDX-License-Identifier: MIT */
/* A rootfs that is a folder: marked as ours, found, emptied. */
#include "client/disk.h"

#include "base/io.h"
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

volatile sig_atomic_t disk_cancelled;
uint64_t *disk_copied;

/* Beside trusted.* (root only, not seen inside a container) for those who may not write it. */
static const char *const mark_names[] = { "trusted.keg.owner", "user.keg.owner" };

bool disk_is_reserved(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || str_starts(name, DISK_TRASH) ||
	       str_starts(name, DISK_RESTORE) || str_starts(name, DISK_NEW);
}

bool storage_is_mark(const char *xattr)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++)
		if (strcmp(mark_names[i], xattr) == 0)
			return true;
	return false;
}

void storage_mark_for(int fd, const char *folder)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++)
		if (fsetxattr(fd, mark_names[i], folder, strlen(folder), 0) == 0)
			return;
}

void storage_mark(int fd, const struct container *c)
{
	storage_mark_for(fd, c->dir);
}

bool storage_has_mark(int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++)
		if (fgetxattr(fd, mark_names[i], NULL, 0) > 0)
			return true;
	return false;
}

bool storage_marked(int fd, const struct container *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++) {
		char owner[4097];
		ssize_t n = fgetxattr(fd, mark_names[i], owner, sizeof(owner) - 1);

		if (n > 0 && (size_t)n == strlen(c->dir) && memcmp(owner, c->dir, (size_t)n) == 0)
			return true;
	}
	return false;
}

int storage_empty(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		r = err_sys(e, "read folder", "%s", name);
		close_fd(&fd);
		return r;
	}
	for (struct dirent *x; r >= 0 && (x = readdir(d));) {
		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), x->d_name, 0) == 0)
			continue;
		r = errno == EISDIR ? io_remove_tree(dirfd(d), x->d_name, e) : err_sys(e, "remove", "%s", x->d_name);
	}
	return r;
}

char *storage_rootfs(const struct container *c)
{
	_own_buf struct buf b = { 0 };
	struct stat st;

	if (!c->spec || spec_get(c->spec, "lxc.rootfs.path", &b) < 0 || !b.len || b.s[0] != '/')
		return NULL;
	return stat(b.s, &st) == 0 && S_ISDIR(st.st_mode) ? buf_take(&b) : NULL;
}

bool storage_inside(const struct container *c, const char *path)
{
	_own_free char *folder = realpath(c->dir, NULL), *real = realpath(path, NULL);
	size_t n = folder ? strlen(folder) : 0;

	return n && real && strncmp(real, folder, n) == 0 && real[n] == '/';
}

int storage_not_mounted(const char *path, struct err *e)
{
	_own_free char *real = realpath(path, NULL), *text = NULL;
	char *rest, *line;
	int r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", 64 << 20, &text, NULL);

	if (r < 0)
		return err_num(e, -r, "read", "/proc/self/mountinfo");
	if (!real)
		return errno == ENOENT ? 0 : err_sys(e, "look at", "%s", path);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char at[4096];
		size_t n = strlen(real);

		if (sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1 || strncmp(at, real, n) != 0)
			continue;
		if (at[n] && at[n] != '/')
			continue;
		(void)err_num(e, EBUSY, "remove or replace", "%s: something is mounted at %s", path, at);
		err_hint(e, "umount %s", at);
		return -EBUSY;
	}
	return 0;
}
