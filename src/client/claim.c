/* SPDX-License-Identifier: MIT */
/*
 * The folder of a container in the making. While it is under way it holds a locked file `partial`; one that is
 * not locked tells of a creator that was killed.
 */
#include "client/disk.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "client/dependents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLAIM_TRIES = 10 };

/* Whether something else than `partial` is in it. No folder holds nothing. */
static bool holds_something(const char *folder)
{
	_own_dir DIR *d = opendir(folder);

	if (!d)
		return errno != ENOENT;
	for (struct dirent *x; (x = readdir(d));)
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0 && strcmp(x->d_name, "partial") != 0)
			return true;
	return false;
}

bool claim_is_free(const struct container *c)
{
	return !holds_something(c->dir);
}

int claim_remove(const struct container *c, int held, struct err *e)
{
	_own_trash struct trash t = { .fd = -1 };
	int r = trash_begin(c->dir, c->name, held, &t, e);

	if (r < 0)
		return r;
	copy_undress(c);
	return trash_remove(t.path, (struct dependent){ c->lxcpath, c->name }, e);
}

int claim_clear(const struct container *c, struct err *e)
{
	_own_fd int dir = open(c->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), lock = -1, held = -1;

	trash_sweep(c->lxcpath);
	if (dir < 0 || faccessat(dir, "partial", F_OK, 0) < 0)
		return 0;
	held = container_hold(c, HOLD_ALONE | HOLD_REMAINS, e);
	if (held == -ENOENT) { /* it was destroyed just now */
		err_clear(e);
		return 0;
	}
	if (held == -EBUSY)
		err_clear(e);
	if (held == -EBUSY)
		return err_say(e, EEXIST, "Container already exists: it is being created just now");
	if (held < 0)
		return held;
	lock = lock_take(dir, "partial");
	if (lock == -EAGAIN)
		return err_say(e, EEXIST, "Container already exists: it is being created just now");
	if (lock < 0)
		return err_num(e, -lock, "lock", "%s/partial", c->dir);
	return claim_remove(c, held, e);
}

/* Built beside: the folder appears with its mode, its mark and its lock, so that no moment is without one of them. */
static int build_beside(struct claim *f, const struct container *c, const char *beside, struct err *e)
{
	f->dir_fd = trash_new(beside, e);
	if (f->dir_fd < 0)
		return f->dir_fd;
	storage_mark(f->dir_fd, c);
	f->partial_fd = lock_take(f->dir_fd, "partial");
	return f->partial_fd < 0 ? err_num(e, -f->partial_fd, "lock", "%s/partial", c->dir) : 0;
}

/* 0: it is there; 1: something of that name was there before. */
static int make_folder(struct claim *f, const struct container *c, struct err *e)
{
	_own_free char *beside = str_fmt("%s/" DISK_NEW "%d", c->lxcpath, (int)getpid());
	struct err quiet = { 0 };
	int r = beside ? io_mkdir_p(c->lxcpath, 0755, e) : err_num(e, ENOMEM, "create folder", "%s", c->dir);

	if (r < 0 || access(c->dir, F_OK) == 0)
		return r < 0 ? r : 1;
	r = build_beside(f, c, beside, e);
	if (r == 0 && renameat2(AT_FDCWD, beside, AT_FDCWD, c->dir, RENAME_NOREPLACE) < 0)
		r = errno == EEXIST ? 1 : err_sys(e, "create folder", "%s", c->dir);
	if (r == 0) {
		f->made_dir = f->empty = true;
		(void)flock(f->dir_fd, LOCK_UN); /* from here on it is `partial` that tells */
		return 0;
	}
	claim_end(f);
	(void)!io_remove_tree(AT_FDCWD, beside, &quiet);
	return r;
}

/* Two creators of one name: the lock says who goes on. */
static int enter_folder(struct claim *f, const struct container *c, struct err *e)
{
	f->dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->dir_fd < 0)
		return err_sys(e, "open folder", "%s", c->dir);
	f->partial_fd = lock_take(f->dir_fd, "partial"); /* ENOENT: it was removed under our hands */
	if (f->partial_fd == -EAGAIN)
		return err_say(e, EEXIST, "Container already exists: it is being created just now");
	if (f->partial_fd < 0)
		return err_num(e, -f->partial_fd, "lock", "%s/partial", c->dir);
	f->empty = !holds_something(c->dir);
	return 0;
}

int claim_folder(struct claim *f, const struct container *c, struct err *e)
{
	int r = 1;

	for (int tries = 0; tries < CLAIM_TRIES && (r == 1 || r == -ENOENT); tries++) {
		claim_end(f);
		err_clear(e);
		r = make_folder(f, c, e);
		if (r == 1)
			r = enter_folder(f, c, e);
	}
	return r;
}

void claim_complete(struct claim *f)
{
	(void)unlinkat(f->dir_fd, "partial", 0);
}

void claim_end(struct claim *f)
{
	close_fd(&f->partial_fd);
	close_fd(&f->dir_fd);
}
