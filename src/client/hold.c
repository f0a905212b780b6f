/* SPDX-License-Identifier: MIT */
/*
 * A container's folder, held while a command works on its files: by one that changes it, or by several that read it.
 */
#include "client/disk.h"

#include "base/lock.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum { HOLD_MS = 2000, QUEUE_MS = 20 * 1000, STEP_MS = 10 };

/* Whoever held it before may have renamed or exchanged it. */
static bool is_at(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int not_complete(const struct container *c, int dir, unsigned how, struct err *e)
{
	int being_made = lock_held(dir, "partial");

	if (being_made == 1)
		return err_say(e, EBUSY, "%s is being created just now", c->name);
	if (how & HOLD_REMAINS)
		return 0;
	(void)err_say(e, EINVAL, "%s is not complete: its creation was cut short", c->name);
	err_hint(e, "lxc-destroy -n %s takes away what there is", c->name);
	return -EINVAL;
}

int container_hold(const struct container *c, unsigned how, struct err *e)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (int ms = 0;; ms += STEP_MS) {
		_own_fd int fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			return err_say(e, ENOENT, "%s is not defined", c->name);
		if (fd < 0)
			return err_sys(e, "open folder", "%s", c->dir);
		if (flock(fd, (how & HOLD_ALONE ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 && is_at(fd, c->dir)) {
			int r = faccessat(fd, "partial", F_OK, 0) < 0 ? 0 : not_complete(c, fd, how, e);

			return r < 0 ? r : take_fd(&fd);
		}
		if (ms >= (how & HOLD_QUEUE ? QUEUE_MS : HOLD_MS))
			return err_say(e, EBUSY, "another command is at work on the files of %s", c->name);
		/* waits: the loop counts */
		(void)nanosleep(&step, NULL);
	}
}
