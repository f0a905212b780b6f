/* SPDX-License-Identifier: MIT */
/*
 * A container copied: all of it, or as an overlay on the same files. The copy is built in its own folder, which
 * holds a locked `partial` until all is there (claim.c), and its parents list it before it lies on their files:
 * a copy that is cut short can be cleared by the next one, and no parent goes from under it.
 */
#include "client/disk.h"

#include "base/apart.h"
#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "client/apart.h"
#include "engine/paths.h"
#include "features/hooks.h"
#include "features/mapped.h"
#include "features/rootfs.h"
#include "features/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

pid_t apart_mounts(const void *how, struct err *e)
{
	pid_t child = fork();

	(void)how;
	if (child < 0)
		return err_sys(e, "fork", "for a mount namespace");
	if (child == 0 && (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0))
		_exit(125);
	return child;
}

/* --- its hostname and its hooks --- */

/* As LXC writes it: no newline. Only where there is a plain file: a device of that name is none of ours to write to. */
static int write_hostname(int root, const char *name, struct err *e)
{
	_own_fd int held = beneath_open(root, "etc/hostname", O_PATH, 0), fd = -1;
	char path[64];
	struct stat st;

	if (held < 0 || fstat(held, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
	fd = open(path, O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || io_write_all(fd, name, strlen(name)) < 0)
		return err_sys(e, "write", "/etc/hostname of the copy");
	return 0;
}

static struct plan plan_of(const struct container *c)
{
	return (struct plan){ .name = c->name, .lxcpath = c->lxcpath, .config_file = c->config_file, .spec = c->spec };
}

/* In a mount namespace of its own. */
static int dress_mounted(void *arg, struct err *e)
{
	const struct dressing *d = arg;
	const struct plan p = plan_of(d->c);
	_own_free char *at = rootfs_mountpoint(&p);
	_own_fd int root = at ? rootfs_mount_at(d->c->spec, at, e) : err_num(e, ENOMEM, "mount", "%s", d->c->name);
	int r = root < 0 ? root : 0;

	if (r == 0 && d->hostname)
		r = write_hostname(root, d->c->name, e);
	return r < 0 ? r : hooks_run_clone(&p, d->src_name, d->hook_args, e);
}

/* The folder where it is mounted is made for it, unless the config names one. */
int copy_dress(const struct dressing *d, struct err *e)
{
	const struct plan p = plan_of(d->c);
	_own_free char *at = rootfs_mountpoint(&p);
	_own_buf struct buf configured = { 0 };
	bool ours;
	int r = 0;

	if (!rootfs_path(d->c->spec))
		return hooks_run_clone(&p, d->src_name, d->hook_args, e);
	if (!at || spec_get(d->c->spec, "lxc.rootfs.mount", &configured) < 0)
		return err_num(e, ENOMEM, "mount", "%s", d->c->name);
	ours = !configured.len && geteuid() == 0;
	if (ours)
		r = io_mkdir_p(at, 0755, e);
	if (r == 0)
		r = apart_run(apart_mounts, NULL, dress_mounted, (void *)d, e);
	if (ours)
		path_leave(at);
	return r;
}

void copy_undress(const struct container *c)
{
	_own_free char *at = path_mountpoint(c->lxcpath, c->name);

	if (at)
		path_leave(at);
}

/* --- the copy --- */

struct copying {
	struct container *c, *to;
	const struct copy_request *r;
	struct storage from;
	enum storage_kind kind;
	struct strv parents; /* of an overlay */
	struct claim f;
};

static int check_stopped(const struct container *c, struct err *e)
{
	int r = container_at_rest(c, e);

	if (r != -EBUSY || e->set)
		return r;
	(void)err_say(e, EBUSY, "%s is running: its files may change while they are copied", c->name);
	err_hint(e, "stop it, or allow that (lxc-copy -a)");
	return -EBUSY;
}

static int refuse_type(const char *type, struct err *e)
{
	int r = err_say(e, ENOTSUP, "storage of type \"%s\" is not supported", type);

	err_hint(e, "\"dir\" and \"overlay\" (of a snapshot, lxc-copy -s) are");
	return r;
}

static bool is_overlay_type(const char *type)
{
	return strcmp(type, "overlay") == 0 || strcmp(type, "overlayfs") == 0;
}

static int choose(struct copying *w, struct err *e)
{
	unsigned flags = w->r->flags;
	const char *type = w->r->bdev;
	bool snapshot = flags & COPY_SNAPSHOT || (flags & COPY_MAYBE_SNAPSHOT && w->from.kind == STORAGE_OVERLAY);

	if (type && strcmp(type, "dir") != 0 && !is_overlay_type(type))
		return refuse_type(type, e);
	if (w->from.kind == STORAGE_OTHER)
		return *w->from.type
			       ? refuse_type(w->from.type, e)
			       : err_say(e, ENOTSUP, "%s, the rootfs of %s, is no folder", w->from.path, w->c->name);
	if (w->from.kind == STORAGE_NONE)
		w->kind = STORAGE_NONE;
	else if (snapshot && type && !is_overlay_type(type))
		return err_say(e, EINVAL, "a snapshot is an overlay: it cannot be of type \"%s\"", type);
	else if (!snapshot && type && is_overlay_type(type))
		return err_say(e, EINVAL, "The overlay storage driver can only be used for snapshots");
	else
		w->kind = snapshot ? STORAGE_OVERLAY : STORAGE_DIR;
	return 0;
}

/* Its folder is for others to pass where the old one is: its root is none of the folder's owner. */
static int open_folder(const struct copying *w, struct err *e)
{
	struct stat st;

	storage_mark(w->f.dir_fd, w->to);
	if (fchmod(w->f.dir_fd, 0770) < 0)
		return err_sys(e, "set the mode of", "%s", w->to->dir);
	if (!userns_wanted(w->c->spec) || stat(w->c->dir, &st) < 0)
		return 0;
	if (fchown(w->f.dir_fd, st.st_uid, st.st_gid) < 0 || fchmod(w->f.dir_fd, st.st_mode & 07777) < 0)
		return err_sys(e, "set the owner and mode of", "%s", w->to->dir);
	return 0;
}

static int list_it(struct copying *w, struct err *e)
{
	struct dependent self = { w->c->lxcpath, w->c->name };
	int r = replica_parents(w->c->dir, &self, &w->parents, e);

	if (r == 0)
		r = dependents_write_parents(w->to->dir, &w->parents, e);
	return r < 0 ? r : dependents_add(&w->parents, (struct dependent){ w->to->lxcpath, w->to->name }, e);
}

static void mark_rootfs(const struct copying *w)
{
	_own_fd int fd = openat(w->f.dir_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		storage_mark(fd, w->to);
}

static int dress(const struct copying *w, struct err *e)
{
	const struct dressing d = { .c = w->to,
				    .src_name = w->c->name,
				    .hostname = !(w->r->flags & COPY_KEEP_NAME),
				    .hook_args = w->r->hook_args };
	_own_problems struct problems ignored = { 0 };

	(void)!container_load(w->to, NULL, &ignored); /* what is wrong in it was wrong before: the start tells */
	return copy_dress(&d, e);
}

static int build(struct copying *w, struct err *e)
{
	const struct replica r = {
		.folder = w->c->dir,
		.config = w->c->config_file,
		.from = &w->from,
		.to = w->kind,
		.at = w->to->dir,
		.final = w->to->dir,
		.uts = w->r->flags & COPY_KEEP_NAME ? NULL : w->to->name,
		.new_macs = !(w->r->flags & COPY_KEEP_MACS),
	};
	int x = claim_folder(&w->f, w->to, e);

	if (x == 0 && !w->f.empty) {
		claim_complete(&w->f);
		x = err_say(e, EEXIST, "Container already exists: %s", w->to->name);
	}
	if (x == 0)
		x = open_folder(w, e);
	if (x == 0 && w->kind == STORAGE_OVERLAY)
		x = list_it(w, e);
	if (x == 0)
		x = replica_build(&r, e);
	if (x == 0 && !(w->r->flags & COPY_RUNNING))
		x = check_stopped(w->c, e); /* it may have been started meanwhile, or destroyed */
	if (x == 0 && !container_defined(w->c))
		x = err_say(e, ENOENT, "%s was destroyed while it was copied", w->c->name);
	if (x < 0)
		return x;
	mark_rootfs(w);
	x = dress(w, e);
	return x == 0 && disk_cancelled ? err_say(e, ECANCELED, "the copy was cancelled") : x;
}

/* The first error is what the user has to know. */
static void take_back(struct copying *w)
{
	struct err quiet = { 0 };

	if (w->f.empty)
		(void)!claim_remove(w->to, -1, &quiet);
}

static int copy(void *arg, struct err *e)
{
	struct copying *w = arg;
	_own_fd int held = container_hold(w->c, 0, e);
	int r = held < 0 ? held : claim_clear(w->to, e);

	if (r == 0 && !claim_is_free(w->to))
		r = err_say(e, EEXIST, "Container already exists: %s", w->to->name);
	if (r < 0)
		return r;
	r = build(w, e);
	if (r < 0)
		take_back(w);
	else
		claim_complete(&w->f);
	claim_end(&w->f);
	return r;
}

static int prepare(struct copying *w, struct err *e)
{
	int r = 0;

	if (!container_defined(w->c))
		return err_say(e, ENOENT, "%s is not defined", w->c->name);
	container_be_loaded(w->c);
	if (!(w->r->flags & COPY_RUNNING))
		r = check_stopped(w->c, e);
	if (r == 0)
		r = storage_of(w->c->spec, &w->from, e);
	if (r == 0)
		r = choose(w, e);
	return r < 0 ? r
		     : container_open(&w->to, w->r->name ? w->r->name : w->c->name,
				      w->r->lxcpath ? w->r->lxcpath : w->c->lxcpath, e);
}

int container_copy(struct container *c, const struct copy_request *request, struct container **out, struct err *e)
{
	struct copying w = { .c = c, .r = request, .f = CLAIM_NOTHING };
	_own_problems struct problems ignored = { 0 };
	int r = prepare(&w, e);

	if (r == 0)
		r = mapped_needed(c->spec) ? mapped_run(c->spec, copy, &w, e) : copy(&w, e);
	if (r == 0)
		(void)!container_load(w.to, NULL, &ignored);
	storage_end(&w.from);
	strv_free(&w.parents);
	if (r == 0 && out)
		*out = take_ptr(&w.to);
	container_free(w.to);
	return r;
}
