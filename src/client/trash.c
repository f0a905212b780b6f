/* SPDX-License-Identifier: MIT */
/*
 * Folders that are on their way: .trash-NAME is being removed, .new-PID and .restore-NAME are being built. Whoever is
 * at it holds a lock on the folder; one that nobody holds was left by a command that was killed, and the next one takes
 * it away. All bear our mark (storage_dir.c), one that LXC made gets it on the way: another's folder of such a name
 * stays.
 */
#include "client/disk.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_MS = 10000, NEW_TRIES = 100 };

void trash_end(struct trash *t)
{
	close_fd(&t->fd);
	free(t->path);
	t->path = NULL;
}

static int open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool trash_is_at(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* "PARENT/.trash-NAME" */
static char *trash_of(const char *path, const char *name)
{
	return str_fmt("%.*s/" DISK_TRASH "%s", (int)(strrchr(path, '/') - path), path, name);
}

static int not_ours(const char *path, struct err *e)
{
	(void)err_num(e, EEXIST, "remove", "%s", path);
	err_hint(e, "it bears no mark of keg's: look what it is, and move it away");
	return -EEXIST;
}

/* What a killed command left under that name goes; nothing there: 0. */
static int clear_name(const char *path, struct err *e)
{
	_own_fd int fd = open_folder(AT_FDCWD, path);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return not_ours(path, e);
	if (!storage_has_mark(fd)) /* an empty one may have been killed before its mark */
		return rmdir(path) == 0 ? 0 : not_ours(path, e);
	return io_remove_tree(AT_FDCWD, path, e);
}

static int lock_open(const char *path, struct err *e)
{
	_own_fd int fd = open_folder(AT_FDCWD, path);
	int r = fd < 0 ? fd : lock_fd(fd, LOCK_MS);

	if (r == 0 && !trash_is_at(AT_FDCWD, path, fd))
		r = -ENOENT;
	return r < 0 ? err_num(e, -r, "remove", "%s", path) : take_fd(&fd);
}

int trash_begin(const char *path, const char *name, int held, struct trash *t, struct err *e)
{
	_own_trash struct trash is = { .fd = -1, .path = trash_of(path, name) };
	int r = is.path ? 0 : err_num(e, ENOMEM, "remove", "%s", path);

	if (r == 0 && held < 0)
		r = held = is.fd = lock_open(path, e);
	if (r >= 0)
		r = clear_name(is.path, e);
	if (r < 0)
		return r;
	if (!storage_has_mark(held))
		storage_mark_for(held, path);
	if (rename(path, is.path) < 0)
		return err_sys(e, "rename", "%s to %s", path, is.path);
	*t = is;
	is = (struct trash){ .fd = -1 };
	return 0;
}

static bool made_for(const char *path, const struct container *c)
{
	_own_fd int fd = open_folder(AT_FDCWD, path);

	return fd >= 0 && storage_marked(fd, c);
}

char *trash_find_outside(const struct container *c)
{
	_own_free char *rootfs = storage_rootfs(c);

	return rootfs && !storage_inside(c, rootfs) && made_for(rootfs, c) ? take_ptr(&rootfs) : NULL;
}

int trash_check(const struct container *c, const char *path, struct err *e)
{
	_own_free char *trash = trash_of(path, c->name);

	if (!trash)
		return err_num(e, ENOMEM, "remove", "%s", path);
	if (faccessat(AT_FDCWD, trash, F_OK, AT_SYMLINK_NOFOLLOW) < 0 || made_for(trash, c))
		return 0;
	(void)err_num(e, EEXIST, "remove", "%s", trash);
	err_hint(e, "it is not %s's: move it away", c->name);
	return -EEXIST;
}

/* Its config alone knows where it is: so it goes before the container's own folder does. */
int trash_outside(const struct container *c, struct err *e)
{
	_own_trash struct trash t = { .fd = -1 };
	_own_free char *rootfs = trash_find_outside(c);
	int r = rootfs ? trash_check(c, rootfs, e) : 0;

	if (r == 0 && rootfs)
		r = trash_begin(rootfs, c->name, -1, &t, e);
	return r < 0 || !rootfs ? r : io_remove_tree(AT_FDCWD, t.path, e);
}

static int unlist(const char *left, struct dependent was, struct err *e)
{
	_own_strv struct strv parents = { 0 };
	int r = dependents_read(left, PARENTS, &parents, e);

	return r < 0 ? r : dependents_forget(&parents, left, was, e);
}

int trash_remove(const char *left, struct dependent was, struct err *e)
{
	int r = unlist(left, was, e);

	return r < 0 ? r : io_remove_tree(AT_FDCWD, left, e);
}

static int lock_new(const char *path, struct err *e)
{
	_own_fd int fd = open_folder(AT_FDCWD, path);
	int r;

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return not_ours(path, e);
	r = lock_fd(fd, LOCK_MS);
	if (r < 0)
		return err_say(e, EBUSY, "another command is at work on %s", path);
	return trash_is_at(AT_FDCWD, path, fd) ? take_fd(&fd) : -ENOENT;
}

/*
 * Whose lock it is, its folder it is: what lies in there then was left by a killed command. Between mkdir and the lock
 * a sweeper, or who comes to the same name, may take it for that: then it is made again.
 */
int trash_new(const char *path, struct err *e)
{
	for (int tries = 0; tries < NEW_TRIES; tries++) {
		_own_fd int fd = -1;
		int r;

		if (mkdir(path, 0770) < 0 && errno != EEXIST)
			return err_sys(e, "create folder", "%s", path);
		r = fd = lock_new(path, e);
		if (r >= 0 && io_is_empty(path) == 1) {
			storage_mark_for(fd, path);
			return fchmod(fd, 0770) < 0 ? err_sys(e, "set the mode of", "%s", path) : take_fd(&fd);
		}
		if (r >= 0)
			r = clear_name(path, e);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return err_num(e, EAGAIN, "create folder", "%s", path);
}

/* --- what was left --- */

static bool exists(const char *folder, const char *name)
{
	_own_free char *path = str_fmt("%s/%s", folder, name);

	return !path || access(path, F_OK) == 0;
}

/* The rootfs elsewhere of a killed destroy; its removal may have begun, too. */
static int sweep_outside(const char *lxcpath, const char *name, const char *left, struct err *e)
{
	_own_container struct container *c = NULL;
	_own_problems struct problems ignored = { 0 };
	_own_free char *config = str_fmt("%s/config", left), *begun = NULL;
	_own_storage struct storage s = { 0 };
	int r = config ? container_open(&c, name, lxcpath, e) : -ENOMEM;

	if (r < 0 || access(config, F_OK) < 0)
		return r;
	(void)!container_load(c, config, &ignored);
	r = trash_outside(c, e);
	if (r < 0 || storage_of(c->spec, &s, e) < 0 || !s.path || !strrchr(s.path, '/'))
		return r;
	begun = trash_of(s.path, name);
	return begun && strcmp(begun, left) != 0 && made_for(begun, c) ? io_remove_tree(AT_FDCWD, begun, e) : 0;
}

/* A snapshot is listed just before it gets its name, under the folder's lock: one that is not there by now never will
 * be. */
static int unlist_missing(const char *folder, const char *left, struct err *e)
{
	_own_strv struct strv parents = { 0 };
	_own_fd int naming = lock_folder(AT_FDCWD, folder, LOCK_MS);
	int r = naming < 0 ? naming : dependents_read(left, PARENTS, &parents, e);

	for (size_t i = 0; r == 0 && i + 1 < parents.n; i += 2) {
		_own_free char *parent = str_fmt("%s/%s", parents.v[i], parents.v[i + 1]);
		_own_strv struct strv all = { 0 };

		r = parent ? dependents_read(parent, DEPENDENTS, &all, e) : -ENOMEM;
		for (size_t k = 0; r == 0 && k + 1 < all.n; k += 2)
			if (strcmp(all.v[k], folder) == 0)
				r = unlist(left, (struct dependent){ folder, all.v[k + 1] }, e);
	}
	return r;
}

static int sweep_one(const char *folder, const char *name, struct err *e)
{
	_own_free char *left = str_fmt("%s/%s", folder, name);
	int r = -ENOMEM;

	if (left && str_starts(name, DISK_NEW))
		r = unlist_missing(folder, left, e);
	else if (left) {
		const char *was = strchr(name, '-') + 1;
		_own_free char *restored = str_fmt("%s/" DISK_RESTORED, was);

		if (str_starts(name, DISK_RESTORE) && (!restored || exists(folder, restored)))
			return 0; /* they are exchanged: the container's next command knows what to do */
		r = unlist(left, (struct dependent){ folder, was }, e);
		if (r == 0 && str_starts(name, DISK_TRASH) && !exists(folder, was))
			r = sweep_outside(folder, was, left, e);
	}
	return r < 0 ? r : io_remove_tree(AT_FDCWD, left, e);
}

/* .new-PID */
static bool is_new(const char *name)
{
	return str_starts(name, DISK_NEW) &&
	       strspn(name + strlen(DISK_NEW), "0123456789") == strlen(name + strlen(DISK_NEW));
}

/* Ours, and nobody is at it: its fd, with the lock. */
static int take_left(int dir, const char *name)
{
	_own_fd int fd = open_folder(dir, name);

	if (fd < 0 || lock_fd(fd, 0) < 0 || !trash_is_at(dir, name, fd))
		return -EBUSY;
	if (storage_has_mark(fd))
		return take_fd(&fd);
	/* a killed command may not have come to its mark: then it is empty */
	if (str_starts(name, DISK_RESTORE) || is_new(name))
		(void)unlinkat(dir, name, AT_REMOVEDIR);
	return -EEXIST;
}

void trash_sweep(const char *folder)
{
	_own_dir DIR *d = opendir(folder);

	for (struct dirent *x; d && (x = readdir(d));) {
		struct err quiet = { 0 };
		_own_fd int fd = -1;

		if (!str_starts(x->d_name, DISK_TRASH) && !str_starts(x->d_name, DISK_NEW) &&
		    !str_starts(x->d_name, DISK_RESTORE))
			continue;
		fd = take_left(dirfd(d), x->d_name);
		if (fd >= 0)
			(void)!sweep_one(folder, x->d_name, &quiet); /* what cannot be removed now stays for the next */
	}
}
