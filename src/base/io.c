/* SPDX-License-Identifier: MIT */
/* Reading and writing whole files; replacing and removing them safely. */
#include "base/io.h"

#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { TRIES = 100 }; /* of making a folder that others take away as soon as it is empty */

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static ssize_t io_read_some(int fd, void *data, size_t len)
{
	ssize_t n;

	do /* waits: a file, or a pipe whose other end is a child of ours: its end is ours */
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t io_read_full(int fd, void *data, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = io_read_some(fd, (char *)data + got, len - got);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int io_read_fd(int fd, size_t most, char **out, size_t *len)
{
	_own_free char *s = NULL;
	size_t size = 4096, have = 0;
	ssize_t n;

	do {
		char *grown = realloc(s, size + 1);

		if (!grown)
			return -ENOMEM;
		s = grown;
		n = io_read_full(fd, s + have, size - have);
		if (n < 0)
			return (int)n;
		have += (size_t)n;
		if (have > most)
			return -EFBIG;
		if (have < size)
			break;
		size *= 2;
	} while (n > 0);
	s[have] = 0;
	if (len)
		*len = have;
	*out = take_ptr(&s);
	return 0;
}

int io_read_regular(int fd, size_t size, size_t most, char **out, size_t *len)
{
	_own_free char *s = NULL;
	ssize_t n;

	if (size == 0 || size > most) /* none in procfs; what io_read_fd() refuses */
		return io_read_fd(fd, most, out, len);
	s = malloc(size + 2);
	if (!s)
		return -ENOMEM;
	n = io_read_some(fd, s, size + 1);
	if (n < 0)
		return (int)n;
	if ((size_t)n != size) { /* it has another size by now */
		if (lseek(fd, 0, SEEK_SET) < 0)
			return -errno;
		return io_read_fd(fd, most, out, len);
	}
	s[n] = 0;
	if (len)
		*len = (size_t)n;
	*out = take_ptr(&s);
	return 0;
}

int io_read_file(int dir, const char *path, size_t most, char **out, size_t *len)
{
	_own_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return io_read_fd(fd, most, out, len);
}

int io_write_file(int dir, const char *path, const char *text)
{
	_own_fd int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int io_read_line(int dir, const char *path, char *line, size_t size)
{
	_own_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t got = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do { /* mostly once: what the kernel tells is there with the first read */
		n = io_read_some(fd, line + got, size - 1 - got);
		if (n < 0)
			return (int)n;
		got += (size_t)n;
	} while (n > 0 && got < size - 1 && !memchr(line, '\n', got));
	line[got] = 0;
	line[strcspn(line, "\n")] = 0;
	return (int)strlen(line);
}

/* One way down. -errno, with the folder that could not be made in p. */
static int mkdir_each(char *p, mode_t mode)
{
	for (char *s = p + (*p == '/');; s++) {
		char was = *s;

		if (was && was != '/')
			continue;
		*s = 0;
		if (*p && mkdir(p, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = was;
		if (!was)
			return 0;
	}
}

int io_mkdir_p(const char *path, mode_t mode, struct err *e)
{
	_own_free char *p = NULL;
	int r = -ENOENT;

	for (int tries = 0; r == -ENOENT && tries < TRIES; tries++) {
		free(p);
		p = strdup(path);
		if (!p)
			return err_num(e, ENOMEM, "create folder", "%s", path);
		r = mkdir_each(p, mode);
	}
	return r < 0 ? err_num(e, -r, "create folder", "%s", p) : 0;
}

int io_is_empty(const char *path)
{
	_own_dir DIR *d = opendir(path);

	if (!d)
		return -errno;
	for (struct dirent *x; (x = readdir(d));)
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
			return 0;
	return 1;
}

void io_rmdir_up(const char *path, const char *top)
{
	_own_free char *p = strdup(path);

	/* one that is gone, or was never made, is no reason to keep those above it */
	while (p && str_starts(p, top) && (rmdir(p) == 0 || errno == ENOENT) && strcmp(p, top) != 0)
		*strrchr(p, '/') = 0;
}

/* Empties the open folder; dev is the file system that may not be left. */
static int remove_inside(int fd, dev_t dev, const char *shown, struct err *e)
{
	_own_dir DIR *d = fdopendir(fd);

	if (!d) {
		(void)close(fd);
		return err_sys(e, "read folder", "%s", shown);
	}
	for (struct dirent *x; (x = readdir(d));) {
		struct stat st;
		int sub, r;

		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(d), x->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue;
			return err_sys(e, "remove", "%s/%s", shown, x->d_name);
		}
		if (!S_ISDIR(st.st_mode)) {
			if (unlinkat(dirfd(d), x->d_name, 0) < 0 && errno != ENOENT)
				return err_sys(e, "remove", "%s/%s", shown, x->d_name);
			continue;
		}
		if (st.st_dev != dev)
			return err_num(e, EXDEV, "remove", "%s/%s, another file system", shown, x->d_name);
		sub = openat(dirfd(d), x->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0)
			return err_sys(e, "open folder", "%s/%s", shown, x->d_name);
		r = remove_inside(sub, dev, shown, e);
		if (r < 0)
			return r;
		if (unlinkat(dirfd(d), x->d_name, AT_REMOVEDIR) < 0)
			return err_sys(e, "remove", "%s/%s", shown, x->d_name);
	}
	return 0;
}

/* 1: somebody who had the folder open has put something into it meanwhile. */
static int remove_once(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "open folder", "%s", name);
	if (fstat(fd, &st) < 0) {
		r = err_sys(e, "look at", "%s", name);
		(void)close(fd);
		return r;
	}
	r = remove_inside(fd, st.st_dev, name, e);
	if (r < 0)
		return r;
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0)
		return errno == ENOTEMPTY ? 1 : err_sys(e, "remove", "%s", name);
	return 0;
}

int io_remove_tree(int dir, const char *name, struct err *e)
{
	int r = 1;

	for (int tries = 0; r == 1 && tries < 10; tries++)
		r = remove_once(dir, name, e);
	return r == 1 ? err_num(e, ENOTEMPTY, "remove", "%s", name) : r;
}

int io_memfd(const char *name, const void *data, size_t len)
{
	_own_fd int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, data, len);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	return take_fd(&fd);
}
