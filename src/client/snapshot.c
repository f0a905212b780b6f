/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: LXCPATH/NAME/snaps/snapN holds config, rootfs, ts and perhaps comment. One is built under another name and
 * renamed when it is complete. How one is put back: restore.c.
 */
#include "client/snapshot.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "features/mapped.h"
#include "spec/document.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONFIG_MOST = 4 << 20, COMMENT_MOST = 16 << 20, SNAPS_MOST = 10000, NAMING_MS = 10000, SNAPS_TRIES = 10 };

/* LXC before 1.1 kept snapshots in <LXCPATH>snaps; where that folder is, it still counts. */
static char *snaps_folder(const struct container *c)
{
	_own_free char *old = str_fmt("%ssnaps", c->lxcpath);

	if (old && access(old, F_OK) == 0)
		return str_fmt("%s/%s", old, c->name);
	return str_fmt("%s/snaps", c->dir);
}

static int check_snap_name(const char *snap, struct err *e)
{
	if (!*snap || *snap == '.' || strchr(snap, '/'))
		return err_say(e, EINVAL, "\"%s\" cannot be a snapshot's name", snap);
	return 0;
}

void snapshots_sweep(const struct container *c)
{
	_own_free char *snaps = snaps_folder(c);

	if (snaps)
		trash_sweep(snaps);
}

int snapshot_check_stopped(const struct container *c, const char *what, struct err *e)
{
	int r = container_at_rest(c, e);

	if (r != -EBUSY || e->set)
		return r;
	(void)err_say(e, EBUSY, "%s is running: %s", c->name, what);
	err_hint(e, "lxc-stop -n %s", c->name);
	return -EBUSY;
}

/* --- building one --- */

/* A folder's files copied to `at`, as the rootfs of the same kind; it will be called `final`. */
int snapshot_build(const struct spec *spec, const char *folder, const char *config, const char *at, const char *final,
		   const char *uts, struct err *e)
{
	_own_storage struct storage from = { 0 };
	struct replica r = {
		.folder = folder, .config = config, .from = &from, .at = at, .final = final, .uts = uts, .new_macs = uts
	};
	int x = storage_of(spec, &from, e);

	if (x < 0)
		return x;
	if (from.kind == STORAGE_NONE)
		return err_say(e, ENOTSUP, "there is no rootfs: nothing to take");
	if (from.kind == STORAGE_OTHER)
		return err_say(e, ENOTSUP, "%s is neither a folder nor an overlay: no snapshots are made of it",
			       from.path);
	r.to = from.kind;
	return replica_build(&r, e);
}

static int write_beside(const char *folder, const char *file, const char *text, size_t len, mode_t mode, struct err *e)
{
	_own_free char *path = str_fmt("%s/%s", folder, file);

	if (!path)
		return err_num(e, ENOMEM, "write", "%s", file);
	return io_replace_file(AT_FDCWD, path, text, len, mode, e);
}

static int write_notes(const char *folder, const char *comment_file, struct err *e)
{
	time_t now = time(NULL);
	_own_free char *comment = NULL;
	char ts[32];
	size_t len;
	struct tm tm;
	int r;

	if (!localtime_r(&now, &tm) || strftime(ts, sizeof(ts), "%Y:%m:%d %H:%M:%S", &tm) == 0)
		return err_say(e, EOVERFLOW, "the clock cannot be written as a date");
	r = write_beside(folder, "ts", ts, strlen(ts), 0644, e);
	if (r < 0 || !comment_file)
		return r;
	r = io_read_file(AT_FDCWD, comment_file, COMMENT_MOST, &comment, &len);
	if (r < 0)
		return err_num(e, -r, "read", "the comment %s", comment_file);
	return write_beside(folder, "comment", comment, len, 0644, e);
}

/* The config of a snapshot names its own folder, whose number is known only now. */
static int point_at(const char *made, const char *final, struct err *e)
{
	_own_free char *file = str_fmt("%s/config", made), *text = NULL, *homed = NULL;
	int r = file ? io_read_file(AT_FDCWD, file, CONFIG_MOST, &text, NULL) : -ENOMEM;

	if (r < 0)
		return err_num(e, -r, "read", "%s/config", made);
	homed = config_rehome(text, &(struct rehome){ .from = made, .to = final });
	return homed ? io_replace_file(AT_FDCWD, file, homed, strlen(homed), 0640, e)
		     : err_num(e, ENOMEM, "write", "%s", file);
}

/* 1: it is taken. The parents know of it before it is there. */
static int name_as(const char *snaps, const char *made, const char *name, const struct strv *parents, struct err *e)
{
	_own_free char *to = str_fmt("%s/%s", snaps, name);
	int r;

	if (!to)
		return err_num(e, ENOMEM, "name", "%s", made);
	if (access(to, F_OK) == 0)
		return 1;
	r = point_at(made, to, e);
	if (r == 0)
		r = dependents_add(parents, (struct dependent){ snaps, name }, e);
	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, made, AT_FDCWD, to, RENAME_NOREPLACE) == 0) /* again: somebody may have forgotten */
		return dependents_add(parents, (struct dependent){ snaps, name }, e); /* the one that had it before */
	return errno == EEXIST ? 1 : err_sys(e, "rename", "%s to %s", made, to);
}

/* The lowest free number. */
static int name_it(const char *snaps, const char *made, const struct strv *parents, int *number, struct err *e)
{
	_own_fd int naming = lock_folder(AT_FDCWD, snaps, NAMING_MS);
	int r = 1;

	if (naming < 0)
		return err_num(e, -naming, "lock", "%s", snaps);
	for (int n = 0; r == 1 && n < SNAPS_MOST; n++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "snap%d", n);
		r = name_as(snaps, made, name, parents, e);
		*number = n;
	}
	return r == 1 ? err_say(e, ENOSPC, "there are %d snapshots in %s already", SNAPS_MOST, snaps) : r;
}

/* Whoever has taken the last snapshot away takes the folder of them, too. */
static int new_folder(const char *snaps, const char *made, struct err *e)
{
	int r = -ENOENT;

	for (int tries = 0; r == -ENOENT && tries < SNAPS_TRIES; tries++) {
		err_clear(e);
		r = io_mkdir_p(snaps, 0755, e);
		if (r == 0)
			r = trash_new(made, e);
	}
	return r;
}

/* Built as `made`, locked; the parents of an overlay's container are those of its snapshots. */
static int build_snapshot(const struct container *c, const char *snaps, const char *made, const char *comment_file,
			  struct strv *parents, int *lock, struct err *e)
{
	int r = *lock = new_folder(snaps, made, e);

	if (r >= 0)
		r = replica_parents(c->dir, NULL, parents, e);
	if (r == 0)
		r = dependents_write_parents(made, parents, e);
	if (r == 0)
		r = snapshot_build(c->spec, c->dir, c->config_file, made, made, NULL, e);
	return r < 0 ? r : write_notes(made, comment_file, e);
}

static int take(struct container *c, const char *comment_file, int *number, struct err *e)
{
	_own_free char *snaps = snaps_folder(c), *made = NULL;
	_own_strv struct strv parents = { 0 };
	_own_fd int held = -1, lock = -1;
	int r;

	if (!container_defined(c))
		return err_say(e, ENOENT, "Container is not defined");
	r = snapshot_check_stopped(c, "a snapshot of its rootfs would be taken in the middle of writing", e);
	if (r == 0)
		r = restore_finish(c, e);
	if (r == 0)
		r = held = container_hold(c, 0, e);
	if (r < 0)
		return r;
	made = snaps ? str_fmt("%s/" DISK_NEW "%d", snaps, (int)getpid()) : NULL;
	if (!made)
		return err_num(e, ENOMEM, "take a snapshot of", "%s", c->name);
	trash_sweep(snaps);
	r = build_snapshot(c, snaps, made, comment_file, &parents, &lock, e);
	if (r == 0)
		r = name_it(snaps, made, &parents, number, e);
	if (r < 0) { /* as if it had been killed: also out of its parents' lists */
		close_fd(&lock);
		trash_sweep(snaps);
	}
	return r;
}

/* --- listing --- */

static int by_version(const void *a, const void *b)
{
	return strverscmp(((const struct snapshot *)a)->name, ((const struct snapshot *)b)->name);
}

void snapshots_free(struct snapshot *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].path);
		free(v[i].comment_file);
		free(v[i].timestamp);
	}
	free(v);
}

static int fill(struct snapshot *s, const char *snaps, const char *name)
{
	_own_free char *ts = str_fmt("%s/%s/ts", snaps, name), *comment = str_fmt("%s/%s/comment", snaps, name);
	char line[64] = "";

	*s = (struct snapshot){ .name = strdup(name), .path = strdup(snaps) };
	if (ts && io_read_line(AT_FDCWD, ts, line, sizeof(line)) < 0)
		line[0] = 0;
	s->timestamp = strdup(line);
	if (comment && access(comment, F_OK) == 0)
		s->comment_file = take_ptr(&comment);
	return s->name && s->path && s->timestamp ? 0 : -ENOMEM;
}

static int add(struct snapshot **v, size_t *n, const char *snaps, const char *name)
{
	_own_free char *config = str_fmt("%s/%s/config", snaps, name);
	struct snapshot *grown;

	if (!config)
		return -ENOMEM;
	if (*name == '.' || access(config, F_OK) < 0)
		return 0;
	grown = reallocarray(*v, *n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*v = grown;
	return fill(&grown[(*n)++], snaps, name);
}

int container_snapshots(struct container *c, struct snapshot **out, size_t *n_out, struct err *e)
{
	_own_free char *snaps = snaps_folder(c);
	_own_dir DIR *d = NULL;
	struct snapshot *v = NULL;
	size_t n = 0;
	int r = restore_finish(c, e);

	if (r == -EBUSY)
		err_clear(e);
	else if (r < 0)
		return r;
	r = 0;
	if (!snaps)
		return err_num(e, ENOMEM, "list the snapshots of", "%s", c->name);
	d = opendir(snaps);
	if (!d && errno != ENOENT)
		return err_sys(e, "read folder", "%s", snaps);
	for (struct dirent *x; d && r == 0 && (x = readdir(d));)
		r = add(&v, &n, snaps, x->d_name);
	if (r < 0) {
		snapshots_free(v, n);
		return err_num(e, -r, "list the snapshots of", "%s", c->name);
	}
	if (n)
		qsort(v, n, sizeof(*v), by_version);
	*out = v;
	*n_out = n;
	return 0;
}

/* --- taking one away --- */

int snapshot_find(const struct container *c, const char *snap, char **folder, struct err *e)
{
	_own_free char *snaps = snaps_folder(c), *path = snaps ? str_fmt("%s/%s", snaps, snap) : NULL;
	_own_free char *config = path ? str_fmt("%s/config", path) : NULL;
	int r = check_snap_name(snap, e);

	if (r < 0)
		return r;
	if (!config)
		return err_num(e, ENOMEM, "find", "snapshot %s", snap);
	if (access(config, F_OK) < 0) {
		(void)err_say(e, ENOENT, "%s has no snapshot \"%s\"", c->name, snap);
		err_hint(e, "lxc-snapshot -L -n %s lists those that there are", c->name);
		return -ENOENT;
	}
	*folder = take_ptr(&path);
	return 0;
}

static int destroy(struct container *c, const char *snap, struct err *e)
{
	_own_trash struct trash trash = { .fd = -1 };
	_own_free char *folder = NULL, *snaps = snaps_folder(c);
	_own_strv struct strv parents = { 0 };
	_own_fd int held = -1;
	int r = restore_finish(c, e);

	snapshots_sweep(c);
	if (r == 0)
		held = container_hold(c, HOLD_ALONE, e);
	if (held == -ENOENT) /* only its snapshots are there */
		err_clear(e);
	else if (r == 0 && held < 0)
		r = held;
	if (r == 0)
		r = snapshot_find(c, snap, &folder, e);
	if (r == 0)
		r = storage_not_mounted(folder, e);
	if (r == 0)
		r = dependents_read(folder, PARENTS, &parents, e); /* one that cannot be read stays whole */
	if (r < 0 || !snaps)
		return r < 0 ? r : err_num(e, ENOMEM, "remove", "%s", folder);
	r = trash_begin(folder, snap, -1, &trash, e);
	if (r < 0)
		return r;
	return trash_remove(trash.path, (struct dependent){ snaps, snap }, e);
}

/* --- by whom --- */

/* One of the three, with what it is called with. */
struct work {
	enum { TAKE, RESTORE, DESTROY } what;
	struct container *c;
	const char *snap, *other; /* other: the new name, or the file of the comment */
};

/* Returns the number of a snapshot that was taken. */
static int do_work(void *arg, struct err *e)
{
	const struct work *w = arg;
	int number = 0, r = 0;

	switch (w->what) {
	case TAKE:
		r = take(w->c, w->other, &number, e);
		break;
	case RESTORE:
		return restore(w->c, w->snap, w->other, e);
	case DESTROY:
		return destroy(w->c, w->snap, e);
	}
	return r < 0 ? r : number;
}

/* Files of mapped ids are beyond an ordinary user's reach: he does it from a user namespace. */
static int work(struct work *w, struct err *e)
{
	container_be_loaded(w->c);
	return mapped_needed(w->c->spec) ? mapped_run(w->c->spec, do_work, w, e) : do_work(w, e);
}

int container_snapshot(struct container *c, const char *comment_file, int *number, struct err *e)
{
	struct work w = { .what = TAKE, .c = c, .other = comment_file };
	int r = work(&w, e);

	if (r < 0)
		return r;
	*number = r;
	return 0;
}

int container_snapshot_restore(struct container *c, const char *snap, const char *new_name, struct err *e)
{
	struct work w = { .what = RESTORE, .c = c, .snap = snap, .other = new_name };

	return work(&w, e);
}

int container_snapshot_destroy(struct container *c, const char *snap, struct err *e)
{
	struct work w = { .what = DESTROY, .c = c, .snap = snap };

	return work(&w, e);
}

int container_snapshots_destroy(struct container *c, struct err *e)
{
	struct snapshot *v = NULL;
	size_t n = 0;
	int r = container_snapshots(c, &v, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = container_snapshot_destroy(c, v[i].name, e);
		if (r == -ENOENT) { /* another has */
			err_clear(e);
			r = 0;
		}
	}
	snapshots_free(v, n);
	return r;
}
