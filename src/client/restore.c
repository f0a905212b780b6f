/* SPDX-License-Identifier: MIT */
/*
 * Puts a snapshot back: it is built beside the container, under a name that begins with a dot, and the two folders are
 * exchanged, so that at every moment there is the old container or the new one. What was cut short is ended by the next
 * command.
 */
#include "client/snapshot.h"

#include "base/io.h"
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- one that was cut short --- */

/* What belongs to the old folder and not to its config or rootfs (snapshots, logs) moves over. */
static int move_rest(int from, int to, const char *shown, struct err *e)
{
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		close_fd(&fd);
		return err_sys(e, "read folder", "%s", shown);
	}
	for (struct dirent *x; (x = readdir(d));) {
		const char *n = x->d_name;

		if (strcmp(n, ".") == 0 || strcmp(n, "..") == 0 || strcmp(n, "config") == 0 ||
		    strcmp(n, "rootfs") == 0 || strcmp(n, "overlay") == 0 || strcmp(n, PARENTS) == 0)
			continue;
		if (renameat2(from, n, to, n, RENAME_NOREPLACE) < 0 && errno != EEXIST)
			return err_sys(e, "move", "%s of %s", n, shown);
	}
	return 0;
}

/* Ends a restore that was cut short: before the exchange nothing of it counts, after it all does. */
static int finish_locked(const struct container *c, const char *beside, int old, int dir, struct err *e)
{
	const struct dependent self = { c->lxcpath, c->name };
	int r = 0;

	if (dir < 0 || faccessat(dir, DISK_RESTORED, F_OK, 0) < 0) /* none was exchanged; what is not ours is left */
		return old >= 0 && storage_has_mark(old) ? trash_remove(beside, self, e) : 0;
	if (old >= 0)
		r = move_rest(old, dir, beside, e);
	if (r == 0 && old >= 0)
		r = trash_remove(beside, self, e);
	if (r == 0 && unlinkat(dir, DISK_RESTORED, 0) < 0 && errno != ENOENT)
		r = err_sys(e, "remove", "%s/" DISK_RESTORED, c->dir);
	return r;
}

/* The restorer holds a lock on the folder that it builds, through the exchange and to its end. */
int restore_finish(const struct container *c, struct err *e)
{
	_own_free char *beside = str_fmt("%s/" DISK_RESTORE "%s", c->lxcpath, c->name);
	_own_free char *restored = str_fmt("%s/" DISK_RESTORED, c->dir);
	_own_fd int old = -1, dir = -1;

	if (!beside || !restored)
		return err_num(e, ENOMEM, "restore", "%s", c->name);
	if (access(beside, F_OK) < 0 && access(restored, F_OK) < 0)
		return 0;
	old = open(beside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Who has just come to its end may have renamed the one, and another has begun since. */
	if ((old >= 0 && (flock(old, LOCK_EX | LOCK_NB) < 0 || !trash_is_at(AT_FDCWD, beside, old))) ||
	    (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0))
		return err_say(e, EBUSY, "%s is being restored just now", c->name);
	return finish_locked(c, beside, old, dir, e);
}

/* --- building it --- */

static void mark_folder(int dir, const struct container *c)
{
	_own_fd int rootfs = openat(dir, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	storage_mark(dir, c);
	if (rootfs >= 0)
		storage_mark(rootfs, c);
}

/* Owner and mode of the folder of `like`: a container with mapped ids needs them to get at its rootfs. */
static int dress(int dir, const struct container *like, struct err *e)
{
	struct stat st;

	if (stat(like->dir, &st) < 0)
		return 0; /* it is gone; only its snapshots are there */
	if (fchown(dir, st.st_uid, st.st_gid) < 0 || fchmod(dir, st.st_mode & 07777) < 0)
		return err_sys(e, "set the owner and mode of", "%s", like->dir);
	return 0;
}

/* An overlay that was made by lxc-create -B overlay: all that its snapshots lie on is in its folder. */
static bool lies_below(const struct spec *spec, const struct container *c)
{
	_own_storage struct storage s = { 0 };
	struct err quiet = { 0 };

	return storage_of(spec, &s, &quiet) == 0 && s.kind == STORAGE_OVERLAY && storage_inside(c, s.path);
}

/* The container `to`, built from a snapshot of `c` under another name; *dir holds its lock. */
static int build_restored(const char *folder, const struct container *c, const struct container *to, const char *uts,
			  char **beside, int *dir, struct err *e)
{
	_own_free char *config = str_fmt("%s/config", folder);
	_own_free char *at = str_fmt("%s/" DISK_RESTORE "%s", to->lxcpath, to->name);
	_own_problems struct problems ignored = { 0 };
	_own_spec struct spec *spec = NULL;
	_own_strv struct strv parents = { 0 };
	const struct dependent self = { c->lxcpath, c->name }, will_be = { to->lxcpath, to->name };
	_own_fd int fd = -1;
	struct err quiet = { 0 };
	int r = spec_new(&spec, e);

	if (r < 0 || !config || !at)
		return err_num(e, ENOMEM, "restore", "%s", to->name);
	(void)!spec_read_file(spec, config, &ignored, NULL);
	if (lies_below(spec, c) && to == c)
		return err_say(e, ENOTSUP, "the lower folder of %s is in its own folder, which cannot be replaced",
			       c->name);
	r = replica_parents(folder, lies_below(spec, c) ? &self : NULL, &parents, e);
	if (r == 0)
		r = fd = trash_new(at, e);
	if (r < 0)
		return r;
	r = dependents_write_parents(at, &parents, e);
	if (r == 0)
		r = dependents_add(&parents, will_be, e);
	if (r == 0)
		r = snapshot_build(spec, folder, config, at, to->dir, uts, e);
	if (r == 0)
		r = dress(fd, c, e);
	if (r < 0) {
		(void)!trash_remove(at, will_be, &quiet);
		return r;
	}
	mark_folder(fd, to);
	*beside = take_ptr(&at);
	*dir = take_fd(&fd);
	return 0;
}

/* --- putting it there --- */

static int restore_in_place(struct container *c, const char *folder, struct err *e)
{
	_own_free char *beside = NULL, *mark = NULL;
	_own_fd int dir = -1, old = -1;
	struct err quiet = { 0 };
	int r = build_restored(folder, c, c, NULL, &beside, &dir, e);

	if (r < 0)
		return r;
	mark = str_fmt("%s/" DISK_RESTORED, beside);
	r = mark ? io_replace_file(AT_FDCWD, mark, "", 0, 0600, e) : err_num(e, ENOMEM, "restore", "%s", c->name);
	if (r == 0)
		r = snapshot_check_stopped(c, "its rootfs cannot be replaced", e);
	if (r == 0 && renameat2(AT_FDCWD, beside, AT_FDCWD, c->dir, RENAME_EXCHANGE) < 0)
		r = err_sys(e, "exchange", "%s with %s", c->dir, beside);
	if (r < 0) {
		(void)!trash_remove(beside, (struct dependent){ c->lxcpath, c->name }, &quiet);
		return r;
	}
	old = open(beside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return finish_locked(c, beside, old, dir, e);
}

static int name_taken(const char *name, struct err *e)
{
	return err_say(e, EEXIST, "Container already exists: %s", name);
}

static int restore_as(struct container *c, const char *folder, const char *new_name, struct err *e)
{
	_own_container struct container *to = NULL;
	_own_free char *beside = NULL;
	_own_fd int dir = -1;
	struct err quiet = { 0 };
	int r = container_open(&to, new_name, c->lxcpath, e);

	if (r == 0)
		r = restore_finish(to, e);
	if (r < 0)
		return r;
	if (access(to->dir, F_OK) == 0)
		return name_taken(new_name, e);
	r = build_restored(folder, c, to, new_name, &beside, &dir, e);
	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, beside, AT_FDCWD, to->dir, RENAME_NOREPLACE) < 0) {
		r = errno == EEXIST ? name_taken(new_name, e) : err_sys(e, "rename", "%s to %s", beside, to->dir);
		(void)!trash_remove(beside, (struct dependent){ to->lxcpath, to->name }, &quiet);
	}
	return r;
}

/* Its files may be those that clones of it lie on. */
static int check_clones(const struct container *c, struct err *e)
{
	_own_strv struct strv clones = { 0 };
	int r = dependents_of(c->dir, &clones, e);

	return r == 0 && clones.n ? err_say(e, EBUSY, "%s has clones: its rootfs cannot be replaced", c->name) : r;
}

int restore(struct container *c, const char *snap, const char *new_name, struct err *e)
{
	_own_free char *folder = NULL;
	_own_fd int held = -1;
	bool other = new_name && strcmp(new_name, c->name) != 0;
	int r;

	if (!container_defined(c))
		return err_say(e, ENOENT, "Container is not defined");
	r = restore_finish(c, e);
	if (r == 0)
		r = held = container_hold(c, other ? 0 : HOLD_ALONE, e);
	if (r >= 0)
		r = snapshot_find(c, snap, &folder, e);
	if (r < 0)
		return r;
	if (other)
		return restore_as(c, folder, new_name, e);
	r = snapshot_check_stopped(c, "its rootfs cannot be replaced", e);
	if (r == 0)
		r = check_clones(c, e);
	if (r == 0)
		r = storage_not_mounted(c->dir, e);
	return r < 0 ? r : restore_in_place(c, folder, e);
}
