/* SPDX-License-Identifier: MIT */
/* Opening things inside a hostile tree. */
#include "base/beneath.h"

#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int beneath_open(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC | O_NOCTTY,
		.mode = (flags & O_CREAT) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (flags & O_PATH)
		how.flags &= (unsigned)~O_NOCTTY; /* openat2 refuses flags that O_PATH ignores */
	/* -EAGAIN: a rename or mount raced with the walk; the kernel asks to try again. */
	for (int tries = 0; tries < 32; tries++) {
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

/* Splits into the folder's O_PATH fd (returned) and the last word. */
static int parent_of(int root, const char *path, char **last)
{
	_own_free char *copy = strdup(path);
	size_t n = strlen(path);
	char *slash;
	int fd;

	if (!copy)
		return -ENOMEM;
	while (n && copy[n - 1] == '/')
		copy[--n] = 0;
	slash = strrchr(copy, '/');
	*last = strdup(slash ? slash + 1 : copy);
	if (!*last)
		return -ENOMEM;
	if (slash)
		*slash = 0;
	if (!**last || strcmp(*last, ".") == 0 || strcmp(*last, "..") == 0)
		return -EINVAL;
	fd = beneath_open(root, slash ? copy : ".", O_PATH | O_DIRECTORY, 0);
	return fd;
}

int beneath_mkdir_p(int root, const char *path, mode_t mode)
{
	int fd = beneath_open(root, path, O_PATH | O_DIRECTORY, 0);
	_own_free char *copy = strdup(path);

	if (fd != -ENOENT)
		return fd;
	if (!copy)
		return -ENOMEM;
	for (char *s = copy + strspn(copy, "/");; s++) {
		_own_free char *last = NULL;
		_own_fd int dir = -1;
		char was = *s;

		if (was && was != '/')
			continue;
		*s = 0;
		dir = parent_of(root, copy, &last);
		if (dir < 0 && dir != -EINVAL)
			return dir;
		if (dir >= 0 && mkdirat(dir, last, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = was;
		if (!was)
			break;
	}
	return beneath_open(root, path, O_PATH | O_DIRECTORY, 0);
}

int beneath_create(int root, const char *path)
{
	_own_free char *copy = NULL;
	_own_fd int made = -1;
	int fd = beneath_open(root, path, O_PATH, 0);
	char *slash;

	if (fd != -ENOENT)
		return fd;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	slash = strrchr(copy, '/');
	if (slash) {
		_own_fd int made_dir = -1;

		*slash = 0;
		made_dir = beneath_mkdir_p(root, copy, 0755);
		if (made_dir < 0)
			return made_dir;
	}
	made = beneath_open(root, path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0644);
	if (made < 0)
		return made;
	return beneath_open(root, path, O_PATH, 0);
}

int beneath_symlink(int root, const char *target, const char *path)
{
	_own_free char *last = NULL;
	_own_fd int dir = parent_of(root, path, &last);

	if (dir < 0)
		return dir;
	return symlinkat(target, dir, last) < 0 ? -errno : 0;
}

int beneath_mknod(int root, const char *path, mode_t mode, dev_t dev)
{
	_own_free char *last = NULL;
	_own_fd int dir = parent_of(root, path, &last), fd = -1;
	char at[64];

	if (dir < 0)
		return dir;
	if (mknodat(dir, last, mode, dev) < 0)
		return -errno;
	fd = openat(dir, last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)snprintf(at, sizeof(at), "/proc/self/fd/%d", fd);
	if (chmod(at, mode & 07777) < 0)
		return -errno;
	return 0;
}

int beneath_unlink(int root, const char *path, int flags)
{
	_own_free char *last = NULL;
	_own_fd int dir = parent_of(root, path, &last);

	if (dir < 0)
		return dir;
	return unlinkat(dir, last, flags) < 0 ? -errno : 0;
}
