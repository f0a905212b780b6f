/* SPDX-License-Identifier: MIT */
/*
 * idmap= of lxc.rootfs.options, lxc.mount.entry and lxc.mount.fstab. A mount gets its map while it is
 * detached, from who has privilege over its file system: INIT, in whose mount namespace it is to be,
 * makes the copy, KEEPER maps it, INIT attaches it.
 */
#include "features/mount_idmap.h"

#include "base/own.h"
#include "features/mount_parts.h"
#include "features/rootfs.h"
#include "sys/idmapped.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* The user namespace whose map it is: the container's own, or what is at a path (/proc/PID/ns/user). */
static int open_userns(const struct run *r, const char *idmap)
{
	char own[64];
	int fd;

	(void)snprintf(own, sizeof(own), "/proc/%d/ns/user", (int)r->init_pid);
	fd = open(strcmp(idmap, "container") == 0 ? own : idmap, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int map(const struct run *r, int tree, bool all, const char *idmap, const char *what, struct err *e)
{
	_own_fd int userns = open_userns(r, idmap);
	int x = userns < 0 ? userns : idmapped_set(tree, all, userns);

	if (userns < 0)
		return err_num(e, -x, "open", "the user namespace %s", idmap);
	if (x < 0) {
		(void)err_num(e, -x, "map the ids of", "%s", what);
		idmapped_hint(tree, -x, e);
	}
	return x;
}

/* --- the rootfs --- */

/*
 * Needs:  mount.private.
 * Leaves: a detached copy of the rootfs, which rootfs.mount attaches.
 */
int rootfs_copy(struct run *r, struct err *e)
{
	int tree = rootfs_detached(r, e);

	return tree < 0 ? tree : run_give(r, SLOT_ROOTFS, tree, e);
}

/*
 * Needs:  the copy; the container's own map written.
 */
int rootfs_idmap(struct run *r, struct err *e)
{
	_own_free char *idmap = rootfs_idmap_of(r->plan->spec);
	int x;

	if (!r->slot[SLOT_ROOTFS].n)
		return err_num(e, EBADF, "receive", "the rootfs");
	x = map(r, r->slot[SLOT_ROOTFS].v[0], true, idmap, rootfs_path(r->plan->spec), e);
	if (x < 0)
		rootfs_blame_options(r->plan->spec, e);
	return x;
}

/* --- entries --- */

bool mount_any_idmapped(const struct plan *p)
{
	const struct mounts *m = plan_part(p, FEATURE_MOUNT);

	if (!rootfs_private(p))
		return false;
	for (size_t i = 0; i < m->entries.n; i++)
		if (strstr(m->entries.v[i].text, "idmap="))
			return true;
	return m->fstab.s;
}

/* Stands in a slot for an optional entry that is not to be: what is a mount is an O_PATH fd. */
static int nothing(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool is_mount(int fd)
{
	return fcntl(fd, F_GETFL) & O_PATH;
}

static int copy(struct run *r, const struct entry *n, struct err *e)
{
	int fd = n->idmap ? entry_source(r->root_fd, n) : 0;

	if (!n->idmap)
		return 0;
	if (fd < 0 && !n->optional)
		return entry_no_source(n, fd, e);
	if (fd < 0)
		fd = nothing();
	return fd < 0 ? err_num(e, -fd, "open", "/dev/null") : run_give(r, SLOT_COPIES, fd, e);
}

/*
 * Needs:  all other mounts; a source may lie in them.
 * Leaves: a detached copy for every entry with idmap=, in their order.
 */
int mount_copies(struct run *r, struct err *e)
{
	return mount_each(r, copy, e);
}

static int map_entry(struct run *r, const struct entry *n, struct err *e)
{
	const struct fds *from = &r->slot[SLOT_COPIES];
	size_t i = r->slot[SLOT_MAPPED].n;
	struct err unheard = { 0 };
	_own_fd int fd = -1;
	int x = 0;

	if (!n->idmap)
		return 0;
	if (i >= from->n)
		return err_num(e, EBADF, "receive", "%s", n->source);
	fd = take_fd(&from->v[i]);
	if (is_mount(fd))
		x = map(r, fd, n->recursive, n->idmap, n->source, n->optional ? &unheard : e);
	if (x < 0 && !n->optional)
		return x;
	if (x < 0) {
		close_fd(&fd);
		x = fd = nothing();
	}
	return x < 0 ? err_num(e, -x, "open", "/dev/null") : run_give(r, SLOT_MAPPED, take_fd(&fd), e);
}

/*
 * Needs:  the copies; the container's own map written.
 * Leaves: them with their maps, in the same order.
 */
int mount_idmap(struct run *r, struct err *e)
{
	return mount_each(r, map_entry, e);
}

static int attach(struct run *r, const struct entry *n, struct err *e)
{
	struct fds *mapped = &r->slot[SLOT_MAPPED];
	_own_fd int fd = -1;
	size_t i = 0;

	if (!n->idmap)
		return 0;
	while (i < mapped->n && mapped->v[i] < 0)
		i++;
	if (i == mapped->n)
		return err_num(e, EBADF, "receive", "%s", n->source);
	fd = take_fd(&mapped->v[i]);
	return is_mount(fd) ? mount_one_entry(r, n, fd, e) : 0;
}

/* Leaves: the entries with idmap= mounted; as LXC does it, behind all others. */
int mount_idmapped(struct run *r, struct err *e)
{
	return mount_each(r, attach, e);
}
