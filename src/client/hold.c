/* SPDX-License-Identifier: MIT */
/*
 * A container's folder, held while a command works on its files: by one that changes it, or by several that read it.
 * And what commands that were killed have left in an lxcpath, taken away by the next that makes or removes something.
 */
#include "client/disk.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum { HOLD_MS = 2000, STEP_MS = 10 };

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

int container_complete(const struct container *c, struct err *e)
{
	_own_fd int dir = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 || faccessat(dir, "partial", F_OK, 0) < 0 ? 0 : not_complete(c, dir, 0, e);
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
		if (ms >= HOLD_MS)
			return err_say(e, EBUSY, "another command is at work on the files of %s", c->name);
		/* waits: the loop counts */
		(void)nanosleep(&step, NULL);
	}
}

/* Its parents may list it still. If there is a clone of that name again, that is the one they list. */
static int unlist(const char *lxcpath, const char *name, const char *folder)
{
	_own_free char *now = str_fmt("%s/%s/" PARENTS, lxcpath, name);
	_own_strv struct strv parents = { 0 };
	struct err quiet = { 0 };

	if (!now || access(now, F_OK) == 0)
		return now ? 0 : -ENOMEM;
	if (dependents_read(folder, PARENTS, &parents, &quiet) < 0)
		return -EIO;
	return dependents_remove(&parents, (struct dependent){ lxcpath, name }, &quiet);
}

/* Who still works on it holds its lock; a restore that has exchanged the folders is for the container's next command.
 */
static void sweep(const char *lxcpath, const char *word, const char *name)
{
	_own_free char *folder = str_fmt("%s/%s%s", lxcpath, word, name);
	_own_free char *restored = str_fmt("%s/%s/" DISK_RESTORED, lxcpath, name);
	_own_fd int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	struct err quiet = { 0 };

	if (fd < 0 || !restored || flock(fd, LOCK_EX | LOCK_NB) < 0 || !is_at(fd, folder))
		return;
	if (strcmp(word, DISK_RESTORE) == 0 && access(restored, F_OK) == 0)
		return;
	if (unlist(lxcpath, name, folder) == 0)
		(void)!io_remove_tree(AT_FDCWD, folder, &quiet);
}

void disk_sweep(const char *lxcpath)
{
	static const char *const words[] = { DISK_TRASH, DISK_RESTORE };
	_own_dir DIR *d = opendir(lxcpath);

	for (struct dirent *x; d && (x = readdir(d));)
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (str_starts(x->d_name, words[i]))
				sweep(lxcpath, words[i], x->d_name + strlen(words[i]));
}
