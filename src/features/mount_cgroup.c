/* SPDX-License-Identifier: MIT */
/* The words cgroup, cgroup-full and cgroup2 of lxc.mount.auto: the cgroup tree as the container sees it. */
#include "features/mount_cgroup.h"

#include "base/beneath.h"
#include "base/own.h"
#include "features/caps.h"
#include "features/mount_parts.h"
#include "features/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

enum { GUARDED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static const struct auto_word *last(const struct plan *p, const struct item **item)
{
	return rootfs_private(p) ? auto_last(plan_part(p, FEATURE_MOUNT), AUTO_CGROUP, item) : NULL;
}

static bool namespaced(const struct plan *p)
{
	return p->clone_flags & CLONE_NEWCGROUP;
}

/* The only hierarchy is v2, itself the tree at /sys/fs/cgroup. */
static bool pure_v2(const struct plan *p)
{
	return p->host->cgroup.n == 1 && p->host->cgroup.unified == 0;
}

/*
 * Whoever has a cgroup namespace mounts v1 hierarchies himself as he likes, as LXC sees it; the one tree of
 * v2 is always mounted.
 */
bool mount_cgroup_wanted(const struct plan *p)
{
	const struct item *item;
	const struct auto_word *w = last(p, &item);

	return w && p->host->cgroup.n && (w->force || !namespaced(p) || pure_v2(p));
}

static enum auto_mode mode_of(const struct plan *p, const struct auto_word *w)
{
	if (w->mode != AUTO_PLAIN)
		return w->mode;
	return caps_keeps(p->spec, CAP_SYS_ADMIN) ? AUTO_RW : AUTO_MIXED;
}

/* The last word of a hierarchy's mount point: "memory", "cpu,cpuacct". */
static const char *folder_of(const struct cgroup_hierarchy *h)
{
	const char *slash = strrchr(h->mount, '/');

	return slash ? slash + 1 : h->mount;
}

/*
 * A whole hierarchy, seen from the cgroup namespace's root where there is one. In the host's namespace a new
 * mount of cgroup2 would set the options of all (it took nsdelegate and memory_recursiveprot from the host):
 * there the host's own mount is shown.
 */
static int mount_hierarchy(const struct plan *p, int target, const struct cgroup_hierarchy *h, enum auto_mode mode,
			   struct err *e)
{
	const struct mount_shape shape = { .set = GUARDED | (mode == AUTO_RO ? MOUNT_ATTR_RDONLY : 0) };
	_own_fd int copy = -1;
	int x;

	if (!h->v2 || namespaced(p))
		return mount_new_at(target, h->v2 ? "cgroup2" : "cgroup", "none", h->v2 ? NULL : h->controllers,
				    shape.set, e);
	x = copy = mount_copy(AT_FDCWD, h->mount, 0);
	if (x >= 0)
		x = mount_attach(copy, target, "", &shape);
	return x < 0 ? err_num(e, -x, "mount", "%s in the container", h->mount) : 0;
}

/* A folder of the tmpfs, covered by its own read-only copy. */
static int close_folder(int tree, const char *name)
{
	static const struct mount_shape closed = { .set = MOUNT_ATTR_RDONLY };
	_own_fd int copy = mount_copy(tree, name, 0);

	return copy < 0 ? copy : mount_attach(copy, tree, name, &closed);
}

/*
 * Without a cgroup namespace: only the container's own cgroup, at the path that /proc/self/cgroup tells it;
 * unless mode is rw nothing can be added beside it.
 */
static int bind_own(int tree, const struct cgroup_hierarchy *h, const char *path, enum auto_mode mode, struct err *e)
{
	const struct mount_shape shape = { .set = mode == AUTO_RO ? MOUNT_ATTR_RDONLY : 0 };
	_own_free char *host = str_fmt("%s%s/%s", h->mount, h->base, path);
	_own_free char *below = str_fmt("%s%s/%s", folder_of(h), h->base, path);
	_own_fd int copy = -1, made = -1, target = -1;
	int x;

	if (!host || !below)
		return err_num(e, ENOMEM, "hold", "a path");
	x = copy = mount_copy(AT_FDCWD, host, 0);
	if (x >= 0)
		x = made = beneath_mkdir_p(tree, below, 0755);
	if (x >= 0 && mode != AUTO_RW)
		x = close_folder(tree, folder_of(h));
	if (x >= 0)
		x = target = beneath_open(tree, below, O_PATH | O_DIRECTORY, 0);
	if (x >= 0)
		x = mount_attach(copy, target, "", &shape);
	return x < 0 ? err_num(e, -x, "mount", "%s on /sys/fs/cgroup/%s", host, below) : 0;
}

static int mount_one(struct run *r, int tree, const struct cgroup_hierarchy *h, const struct auto_word *w,
		     struct err *e)
{
	enum auto_mode mode = mode_of(r->plan, w);
	_own_fd int folder = -1;

	if (!namespaced(r->plan) && w->tree != TREE_FULL)
		return bind_own(tree, h, r->cgroup.path, mode, e);
	folder = beneath_mkdir_p(tree, folder_of(h), 0755);
	if (folder < 0)
		return err_num(e, -folder, "create", "/sys/fs/cgroup/%s", folder_of(h));
	return mount_hierarchy(r->plan, folder, h, mode, e);
}

/* v1 and hybrid: a tmpfs with a folder for each hierarchy. */
static int mount_tree(struct run *r, int target, const struct auto_word *w, struct err *e)
{
	const struct cgroup_host *host = &r->plan->host->cgroup;
	_own_fd int tree = mount_new("tmpfs", "none", "size=10240k,mode=755", GUARDED, e);
	int x = tree < 0 ? tree : mount_attach(tree, target, "", NULL);

	if (x < 0)
		return err_num(e, -x, "mount", "tmpfs on /sys/fs/cgroup");
	for (size_t i = 0; x == 0 && i < host->n; i++)
		x = mount_one(r, tree, &host->v[i], w, e);
	return x;
}

/* v2 without a cgroup namespace: a tmpfs with nothing but the container's own cgroup, where /proc/self/cgroup says. */
static int mount_own_unified(struct run *r, int target, const struct cgroup_hierarchy *h, enum auto_mode mode,
			     struct err *e)
{
	const struct mount_shape own = { .set = mode == AUTO_RO ? MOUNT_ATTR_RDONLY : 0 };
	const struct mount_shape around = { .set = mode == AUTO_RW ? 0 : MOUNT_ATTR_RDONLY };
	_own_free char *below = str_fmt("%s/%s", h->base, r->cgroup.path),
		       *host = below ? str_fmt("%s%s", h->mount, below) : NULL;
	_own_fd int tree = mount_new("tmpfs", "none", "size=10240k,mode=755", GUARDED, e), copy = -1, made = -1,
		    at = -1;
	int x = tree;

	if (!host)
		return err_num(e, ENOMEM, "hold", "a path");
	if (x >= 0)
		x = copy = mount_copy(AT_FDCWD, host, 0);
	if (x >= 0)
		x = made = beneath_mkdir_p(tree, below, 0755);
	if (x >= 0)
		x = mount_attach(tree, target, "", &around);
	if (x >= 0)
		x = at = beneath_open(tree, below, O_PATH | O_DIRECTORY, 0);
	if (x >= 0)
		x = mount_attach(copy, at, "", &own);
	return x < 0 ? err_num(e, -x, "mount", "%s on /sys/fs/cgroup%s", host, below) : 0;
}

static int mount_unified(struct run *r, int target, const struct auto_word *w, struct err *e)
{
	const struct cgroup_host *host = &r->plan->host->cgroup;

	if (host->unified < 0)
		return err_say(e, EOPNOTSUPP, "this host has no cgroup2 to mount");
	if (!namespaced(r->plan) && w->tree != TREE_FULL)
		return mount_own_unified(r, target, &host->v[host->unified], mode_of(r->plan, w), e);
	return mount_hierarchy(r->plan, target, &host->v[host->unified], mode_of(r->plan, w), e);
}

/*
 * Needs:  the own cgroups entered and, where one is made, the cgroup namespace: a hierarchy is mounted as it
 *	   is seen from there.
 * Leaves: /sys/fs/cgroup.
 */
int mount_cgroup(struct run *r, struct err *e)
{
	const struct item *item;
	const struct auto_word *w = last(r->plan, &item);
	_own_fd int target = beneath_mkdir_p(r->root_fd, "sys/fs/cgroup", 0755);
	int x;

	if (target < 0)
		x = err_num(e, -target, "create", "/sys/fs/cgroup in the rootfs");
	else if (w->tree == TREE_UNIFIED || pure_v2(r->plan))
		x = mount_unified(r, target, w, e);
	else
		x = mount_tree(r, target, w, e);
	if (x < 0)
		err_key(e, "lxc.mount.auto", item->at);
	return x;
}
