/* SPDX-License-Identifier: MIT */
/*
 * The end of a container on disk. Its folder is first renamed, so that it is gone at once, then
 * removed (trash.c). A rootfs elsewhere goes only if it carries our mark: what we did not make, we do not delete.
 */
#include "client/snapshot.h"

#include "base/io.h"
#include "base/own.h"
#include "features/hooks.h"
#include "features/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_stopped(const struct container *c, struct err *e)
{
	int r = container_at_rest(c, e);

	return r == -EBUSY && !e->set ? err_say(e, EBUSY, "%s is running", c->name) : r;
}

static int check_clones(const struct container *c, const char *folder, struct err *e)
{
	_own_strv struct strv clones = { 0 };
	int r = dependents_of(folder, &clones, e);

	if (r < 0 || !clones.n)
		return r;
	(void)err_say(e, EBUSY, "Destroying %s failed: %s has clones", c->name, c->name);
	err_hint(e, "its rootfs is the lower folder of %s/%s%s", clones.v[0], clones.v[1],
		 clones.n > 2 ? " and others" : "");
	return -EBUSY;
}

static int check_dependents(struct container *c, struct err *e)
{
	_own_free char *snaps = str_fmt("%s/snaps", c->dir);
	struct snapshot *v = NULL;
	size_t n = 0;
	int r;

	snapshots_sweep(c);
	r = container_snapshots(c, &v, &n, e);
	snapshots_free(v, n);
	if (r < 0)
		return r;
	if (!snaps)
		return err_num(e, ENOMEM, "destroy", "%s", c->name);
	if (n == 0)
		(void)rmdir(snaps);
	else {
		(void)err_say(e, EBUSY, "Destroying %s failed: %s has snapshots", c->name, c->name);
		err_hint(e, "lxc-destroy -s -n %s removes them too", c->name);
		return -EBUSY;
	}
	return check_clones(c, c->dir, e);
}

bool destroy_removes(const struct container *c)
{
	_own_buf struct buf b = { 0 };

	return !c->spec || spec_get(c->spec, "lxc.rootfs.managed", &b) < 0 || !b.len || strcmp(b.s, "0") != 0;
}

static int remove_all(const struct container *c, int held, struct err *e)
{
	_own_trash struct trash trash = { .fd = -1 };
	_own_strv struct strv parents = { 0 };
	int r = dependents_read(c->dir, PARENTS, &parents, e); /* one that cannot be read stays whole */

	if (r == 0)
		r = trash_begin(c->dir, c->name, held, &trash, e);
	if (r < 0)
		return r;
	/* A start that had begun before the rename holds its lock by now, a clone is listed: then the folder comes
	 * back. */
	r = check_stopped(c, e);
	if (r == 0)
		r = check_clones(c, trash.path, e);
	if (r < 0) {
		if (rename(trash.path, c->dir) < 0)
			err_hint(e, "its folder is now %s", trash.path);
		return r;
	}
	copy_undress(c);
	r = trash_outside(c, e);
	return r < 0 ? r : trash_remove(trash.path, (struct dependent){ c->lxcpath, c->name }, e);
}

static int run_hooks(const struct container *c, struct err *e)
{
	const struct plan p = {
		.name = c->name, .lxcpath = c->lxcpath, .config_file = c->config_file, .spec = c->spec
	};

	return hooks_run_destroy(&p, e);
}

static bool is_there(const struct container *c)
{
	_own_free char *partial = str_fmt("%s/partial", c->dir);

	return container_defined(c) || (partial && access(partial, F_OK) == 0);
}

static int destroy(void *container, struct err *e)
{
	struct container *c = container;
	_own_free char *outside = NULL;
	_own_fd int held = -1;
	int r;

	trash_sweep(c->lxcpath);
	if (!is_there(c))
		return err_say(e, ENOENT, "Container is not defined");
	r = check_stopped(c, e);
	if (r == 0)
		r = check_dependents(c, e);
	if (r < 0 || !destroy_removes(c))
		return r;
	r = held = container_hold(c, HOLD_ALONE | HOLD_REMAINS, e);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r < 0 || !is_there(c)) { /* another has destroyed it meanwhile */
		err_clear(e);
		return err_say(e, ENOENT, "Container is not defined");
	}
	r = check_dependents(c, e); /* again: until now a snapshot may have been taken */
	outside = trash_find_outside(c);
	if (r == 0)
		r = storage_not_mounted(c->dir, e);
	if (r == 0 && outside)
		r = storage_not_mounted(outside, e);
	if (r == 0 && outside)
		r = trash_check(c, outside, e);
	if (r == 0 && c->spec)
		r = run_hooks(c, e);
	return r < 0 ? r : remove_all(c, held, e);
}

int container_destroy(struct container *c, struct err *e)
{
	int r;

	container_be_loaded(c); /* a bad config is no reason to keep a container */
	if (!mapped_needed(c->spec))
		return destroy(c, e);
	r = check_stopped(c, e); /* as who we are: what a killed keeper left is not the mapped root's to clear up */
	return r < 0 ? r : mapped_run(c->spec, destroy, c, e);
}
