/* SPDX-License-Identifier: MIT */
/* OFD locks on files that may be removed by their holder. */
#include "base/lock.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum { STEP_MS = 5 };

static struct flock whole(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/* The holder removes the file before it lets go: what we locked must still be what the name leads to. */
static bool is_current(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

int lock_take(int dir, const char *name)
{
	for (int tries = 0; tries < 100; tries++) {
		_own_fd int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		struct flock l = whole(F_WRLCK);

		if (fd < 0)
			return -errno;
		if (fcntl(fd, F_OFD_SETLK, &l) < 0)
			return errno == EACCES ? -EAGAIN : -errno;
		if (is_current(dir, name, fd))
			return take_fd(&fd);
	}
	return -EAGAIN;
}

int lock_held(int dir, const char *name)
{
	_own_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW); /* enough to ask */
	struct flock l = whole(F_WRLCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return -errno;
	return l.l_type != F_UNLCK;
}

/* The kernel knows no flock() with a deadline. */
int lock_fd(int fd, int ms)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (; flock(fd, LOCK_EX | LOCK_NB) < 0; ms -= STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (ms <= 0)
			return -ETIMEDOUT;
		/* waits: the loop counts */
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

int lock_folder(int dir, const char *path, int ms)
{
	_own_fd int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : lock_fd(fd, ms);

	return r < 0 ? r : take_fd(&fd);
}
