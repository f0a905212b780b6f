/* SPDX-License-Identifier: MIT */
/*
 * Another name for a container. Its folder is renamed, not copied; what its config shall say from then on lies ready
 * in it, as `.renamed-NEW`. Whoever finds that file in a folder NEW ends a renaming that was cut short; in any other
 * folder it counts for nothing. `.was` holds the old name until all is done: whoever finds it, and nobody at it (the
 * renamer holds a lock on the folder), takes the other name out of the parents' lists.
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
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MOST = 4 << 20 };

#define RENAMED ".renamed-"
#define WAS	".was"

struct renaming {
	struct container *c, *to;
	struct strv parents;
	int fd; /* the folder, held for the whole renaming, whatever it is called */
};

static struct dependent kin_of(const struct container *c)
{
	return (struct dependent){ c->lxcpath, c->name };
}

static int check_stopped(const struct container *c, struct err *e)
{
	int r = container_at_rest(c, e);

	return r == -EBUSY && !e->set ? err_say(e, EBUSY, "%s is running", c->name) : r;
}

static int check(const struct renaming *w, struct err *e)
{
	struct snapshot *v = NULL;
	_own_strv struct strv clones = { 0 };
	size_t n = 0;
	int r;

	if (!container_defined(w->c))
		return err_say(e, ENOENT, "%s is not defined", w->c->name);
	r = check_stopped(w->c, e);
	if (r < 0)
		return r;
	snapshots_sweep(w->c);
	r = container_snapshots(w->c, &v, &n, e);
	snapshots_free(v, n);
	if (r == 0 && n)
		return err_say(e, EBUSY, "Renaming %s failed: %s has snapshots", w->c->name, w->c->name);
	if (r == 0)
		r = dependents_of(w->c->dir, &clones, e);
	if (r == 0 && clones.n)
		return err_say(e, EBUSY, "Renaming %s failed: %s has clones", w->c->name, w->c->name);
	if (r == 0)
		r = claim_clear(w->to, e);
	if (r == 0 && access(w->to->dir, F_OK) == 0)
		r = err_say(e, EEXIST, "Container already exists: %s", w->to->name);
	return r < 0 ? r : storage_not_mounted(w->c->dir, e);
}

/* The config with its new name, beside the old one. */
static int write_ready(const struct renaming *w, struct err *e)
{
	_own_document struct document *d = NULL;
	_own_free char *text = NULL, *homed = NULL, *file = str_fmt("%s/" RENAMED "%s", w->c->dir, w->to->name);
	struct stat st;
	int r = io_read_file(AT_FDCWD, w->c->config_file, CONFIG_MOST, &text, NULL);

	if (r < 0)
		return err_num(e, -r, "read", "%s", w->c->config_file);
	homed = config_rehome(text, &(struct rehome){ .from = w->c->dir, .to = w->to->dir });
	if (!homed || !file || stat(w->c->config_file, &st) < 0)
		return err_num(e, homed && file ? errno : ENOMEM, "write", "%s/" RENAMED "%s", w->c->dir, w->to->name);
	r = document_parse(&d, homed, strlen(homed), file, e);
	if (r == 0)
		r = document_set(d, "lxc.uts.name", w->to->name, e);
	if (r == 0)
		r = document_save(d, file, e);
	if (r == 0 && chmod(file, st.st_mode & 07777) < 0)
		r = err_sys(e, "set the mode of", "%s", file);
	return r;
}

static void forget_ready(const struct renaming *w)
{
	_own_free char *file = str_fmt("%s/" RENAMED "%s", w->c->dir, w->to->name);

	if (file)
		(void)unlink(file);
	if (w->fd >= 0)
		(void)unlinkat(w->fd, WAS, 0);
}

/* Ours stays ours: a mark tells the folder of the container that it was made for. */
static void mark_again(const struct container *old, const struct container *now, const char *path)
{
	_own_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && storage_marked(fd, old))
		storage_mark(fd, now);
}

static void move_marks(const struct renaming *w)
{
	_own_free char *inside = str_fmt("%s/rootfs", w->to->dir), *outside = storage_rootfs(w->c);

	mark_again(w->c, w->to, w->to->dir);
	if (inside)
		mark_again(w->c, w->to, inside);
	if (outside)
		mark_again(w->c, w->to, outside);
}

/* A name that this container does not have: it is in no list on this one's behalf. */
static void unlist(const struct container *c, const char *name)
{
	_own_strv struct strv parents = { 0 };
	struct err quiet = { 0 };

	if (dependents_read(c->dir, PARENTS, &parents, &quiet) == 0)
		(void)!dependents_forget(&parents, c->dir, (struct dependent){ c->lxcpath, name }, &quiet);
}

/* The folder never got its new name. */
static void forget_all_ready(const struct container *c, int fd)
{
	_own_dir DIR *d = opendir(c->dir);

	for (struct dirent *x; d && (x = readdir(d));) {
		if (!str_starts(x->d_name, RENAMED) || str_ends(x->d_name, ".new"))
			continue;
		unlist(c, x->d_name + strlen(RENAMED));
		(void)unlinkat(fd, x->d_name, 0);
	}
}

static void end_lists(const struct container *c, int fd)
{
	_own_container struct container *old = NULL;
	char was[NAME_MAX + 1];
	struct err quiet = { 0 };

	if (io_read_line(fd, WAS, was, sizeof(was)) <= 0 || lock_fd(fd, 0) < 0)
		return;
	if (strcmp(was, c->name) == 0)
		forget_all_ready(c, fd);
	else if (container_open(&old, was, c->lxcpath, &quiet) == 0) {
		_own_free char *inside = str_fmt("%s/rootfs", c->dir);

		unlist(c, was);
		mark_again(old, c, c->dir);
		if (inside)
			mark_again(old, c, inside);
		copy_undress(c);
	}
	(void)unlinkat(fd, WAS, 0);
}

/* Asked before each look at a config: mostly there is nothing to end. */
int rename_finish(const struct container *c)
{
	_own_fd int fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char ready[NAME_MAX + 1];
	int r;

	if (fd < 0 || faccessat(fd, WAS, F_OK, 0) < 0)
		return 0;
	r = (size_t)snprintf(ready, sizeof(ready), RENAMED "%s", c->name) < sizeof(ready) ? 0 : -ENAMETOOLONG;
	if (r == 0 && renameat(fd, ready, fd, "config") < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0)
		end_lists(c, fd);
	return r;
}

static int rename_folder(struct renaming *w, struct err *e)
{
	int r = dependents_add(&w->parents, kin_of(w->to), e);

	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, w->c->dir, AT_FDCWD, w->to->dir, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? err_say(e, EEXIST, "Container already exists: %s", w->to->name)
				       : err_sys(e, "rename", "%s to %s", w->c->dir, w->to->dir);
	r = check_stopped(w->c, e); /* a start that had begun before holds its lock by now */
	if (r < 0 && rename(w->to->dir, w->c->dir) < 0)
		err_hint(e, "its folder is now %s", w->to->dir);
	return r;
}

static int rename_it(void *arg, struct err *e)
{
	struct renaming *w = arg;
	struct dressing d = { .c = w->to, .src_name = w->c->name, .hostname = true };
	_own_problems struct problems ignored = { 0 };
	_own_fd int held = container_hold(w->c, HOLD_ALONE, e);
	struct err quiet = { 0 };
	int r = held < 0 ? held : check(w, e);

	w->fd = held;
	if (r == 0)
		r = replica_parents(w->c->dir, NULL, &w->parents, e);
	if (r == 0)
		r = io_replace_file(w->fd, WAS, w->c->name, strlen(w->c->name), 0600, e);
	if (r == 0)
		r = write_ready(w, e);
	if (r == 0)
		r = rename_folder(w, e);
	if (r < 0) {
		(void)!dependents_forget(&w->parents, w->c->dir, kin_of(w->to), &quiet);
		forget_ready(w);
		return r;
	}
	r = rename_finish(w->to);
	if (r < 0)
		return err_num(e, -r, "replace", "%s", w->to->config_file);
	/* again: whoever destroyed the last one of that name may have forgotten it since */
	r = dependents_add(&w->parents, kin_of(w->to), e);
	if (r == 0)
		r = dependents_forget(&w->parents, w->to->dir, kin_of(w->c), e);
	if (r < 0)
		return r;
	move_marks(w);
	(void)!container_load(w->to, NULL, &ignored);
	r = copy_dress(&d, e);
	(void)unlinkat(w->fd, WAS, 0);
	if (r < 0)
		err_hint(e, "it is called %s by now", w->to->name);
	return r;
}

int container_rename(struct container *c, const char *new_name, struct err *e)
{
	struct renaming w = { .c = c, .fd = -1 };
	int r = container_open(&w.to, new_name, c->lxcpath, e);

	if (r == 0)
		container_be_loaded(c);
	if (r == 0 && mapped_needed(c->spec)) {
		r = check_stopped(
			c, e); /* as who we are: what a killed keeper left is not the mapped root's to clear up */
		r = r < 0 ? r : mapped_run(c->spec, rename_it, &w, e);
	} else if (r == 0) {
		r = rename_it(&w, e);
	}
	strv_free(&w.parents);
	container_free(w.to);
	return r;
}
