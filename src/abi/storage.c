/* SPDX-License-Identifier: MIT */
/* The table's functions that make, copy and remove containers on disk. */
#include "abi/handle.h"
#include "abi/words.h"

#include <errno.h>
#include <string.h>

static bool create(struct lxc_container *pub, const char *template, const char *bdevtype, struct bdev_specs *specs,
		   int flags, char *const argv[])
{
	struct create_request r = { .template = template,
				    .bdev = bdevtype,
				    .dir = specs ? specs->dir : NULL,
				    .quiet = flags & LXC_CREATE_QUIET,
				    .go_on = true,
				    .args = (char **)argv };
	_own_free char *beside = NULL;
	struct err e = { 0 };
	int x = 0;

	if (!pub)
		return false;
	{
		_own_lock held = handle_lock(pub);

		/* What was set on the object is the config to begin with; otherwise it is the default one. */
		if (container_of(pub)->doc)
			x = container_draft(container_of(pub), &beside, &e);
		else if (container_defined(container_of(pub)))
			r.config = container_of(pub)->config_file;
	}
	if (beside)
		r.config = beside;
	if (x == 0)
		x = container_create(container_of(pub), &r, &e);
	if (beside)
		(void)unlink(beside);
	{
		_own_lock held = handle_lock(pub);

		abi_mirror(pub);
	}
	return abi_done(pub, x, &e);
}

static bool createl(struct lxc_container *pub, const char *template, const char *bdevtype, struct bdev_specs *specs,
		    int flags, ...)
{
	_own_strv struct strv argv = { 0 };
	va_list ap;
	int r;

	va_start(ap, flags);
	r = words_add(&argv, ap);
	va_end(ap);
	return r == 0 && create(pub, template, bdevtype, specs, flags, argv.v);
}

static bool destroy(struct lxc_container *pub)
{
	struct err e = { 0 };

	return pub && abi_done(pub, container_destroy(container_of(pub), &e), &e);
}

static int snapshot(struct lxc_container *pub, const char *comment_file)
{
	struct err e = { 0 };
	int number = -1;

	if (!pub || !abi_done(pub, container_snapshot(container_of(pub), comment_file, &number, &e), &e))
		return -1;
	return number;
}

static void free_snapshot(struct lxc_snapshot *s)
{
	free(s->name);
	free(s->comment_pathname);
	free(s->timestamp);
	free(s->lxcpath);
	*s = (struct lxc_snapshot){ 0 };
}

static int snapshot_list(struct lxc_container *pub, struct lxc_snapshot **out)
{
	struct lxc_snapshot *given;
	struct snapshot *v = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (!pub || !out || !abi_done(pub, container_snapshots(container_of(pub), &v, &n, &e), &e))
		return -1;
	given = n ? calloc(n, sizeof(*given)) : NULL;
	for (size_t i = 0; given && i < n; i++) {
		given[i] = (struct lxc_snapshot){
			.name = take_ptr(&v[i].name),
			.comment_pathname = take_ptr(&v[i].comment_file),
			.timestamp = take_ptr(&v[i].timestamp),
			.lxcpath = take_ptr(&v[i].path),
			.free = free_snapshot,
		};
		/* Never NULL, whether there is a comment or not: callers of LXC read it unasked. */
		if (!given[i].comment_pathname)
			given[i].comment_pathname = str_fmt("%s/%s/comment", given[i].lxcpath, given[i].name);
	}
	snapshots_free(v, n);
	if (n && !given)
		return -1;
	if (given)
		*out = given;
	return (int)n;
}

static bool snapshot_restore(struct lxc_container *pub, const char *snap, const char *new_name)
{
	struct err e = { 0 };

	return pub && snap && abi_done(pub, container_snapshot_restore(container_of(pub), snap, new_name, &e), &e);
}

static bool snapshot_destroy(struct lxc_container *pub, const char *snap)
{
	struct err e = { 0 };

	return pub && snap && abi_done(pub, container_snapshot_destroy(container_of(pub), snap, &e), &e);
}

static bool snapshot_destroy_all(struct lxc_container *pub)
{
	struct err e = { 0 };

	return pub && abi_done(pub, container_snapshots_destroy(container_of(pub), &e), &e);
}

/* A running one is refused before its snapshots go. */
static bool destroy_with_snapshots(struct lxc_container *pub)
{
	struct err e = { 0 };

	if (!pub)
		return false;
	if (pub->is_running(pub)) {
		(void)err_say(&e, EBUSY, "%s is running", pub->name);
		return abi_done(pub, -EBUSY, &e);
	}
	return snapshot_destroy_all(pub) && destroy(pub);
}

_Static_assert((int)COPY_KEEP_NAME == LXC_CLONE_KEEPNAME && (int)COPY_KEEP_MACS == LXC_CLONE_KEEPMACADDR &&
		       (int)COPY_SNAPSHOT == LXC_CLONE_SNAPSHOT && (int)COPY_KEEP_TYPE == LXC_CLONE_KEEPBDEVTYPE &&
		       (int)COPY_MAYBE_SNAPSHOT == LXC_CLONE_MAYBE_SNAPSHOT &&
		       (int)COPY_RUNNING == LXC_CLONE_ALLOW_RUNNING,
	       "the flags are LXC's own");

/* bdevdata and the size are of drivers that are not there. */
static struct lxc_container *clone_as(struct lxc_container *pub, const char *name, const char *lxcpath, int flags,
				      const char *bdevtype, const char *bdevdata, uint64_t size, char **hook_args)
{
	const struct copy_request r = {
		.name = name, .lxcpath = lxcpath, .flags = (unsigned)flags, .bdev = bdevtype, .hook_args = hook_args
	};
	_own_container struct container *copy = NULL;
	struct err e = { 0 };

	(void)bdevdata;
	(void)size;
	if (!pub || !abi_done(pub, container_copy(container_of(pub), &r, &copy, &e), &e))
		return NULL;
	return lxc_container_new(copy->name, copy->lxcpath);
}

/* The object keeps the old name, as LXC's does. */
static bool rename_to(struct lxc_container *pub, const char *name)
{
	struct err e = { 0 };

	return pub && name && abi_done(pub, container_rename(container_of(pub), name, &e), &e);
}

void abi_storage_table(struct lxc_container *pub)
{
	pub->clone = clone_as;
	pub->rename = rename_to;
	pub->create = create;
	pub->createl = createl;
	pub->destroy = destroy;
	pub->destroy_with_snapshots = destroy_with_snapshots;
	pub->snapshot = snapshot;
	pub->snapshot_list = snapshot_list;
	pub->snapshot_restore = snapshot_restore;
	pub->snapshot_destroy = snapshot_destroy;
	pub->snapshot_destroy_all = snapshot_destroy_all;
}
