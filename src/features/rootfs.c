/* SPDX-License-Identifier: MIT */
/* lxc.rootfs.*: the tree that becomes "/" of the container. */
#include "features/rootfs.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "engine/paths.h"
#include "features/mount_parts.h"
#include "features/userns.h"
#include "spec/key.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

struct rootfs {
	struct text path, mount, options;
	struct number managed;
};

/* Of "TYPE:PATH" the path; what stands before the first colon is the type, whatever it says. */
static const char *behind_type(const char *s)
{
	const char *colon = strchr(s, ':');

	return colon ? colon + 1 : s;
}

static int get_path(const void *part, unsigned index, struct buf *out)
{
	const struct rootfs *r = part;

	(void)index;
	buf_addf(out, "%s", r->path.s ? behind_type(r->path.s) : "");
	return out->failed ? -ENOMEM : 0;
}

/* What makes sense for one mount among others makes none for the root of all. */
static int check_options(const char *text, struct err *e)
{
	_own_entry struct entry n = { 0 };
	int x = entry_options(text, &n, e);

	if (x < 0)
		return x;
	if (n.create != CREATE_NOTHING || n.optional || n.relative)
		return -EINVAL;
	return n.idmap && strcmp(n.idmap, "container") != 0 && access(n.idmap, F_OK) < 0 ? -EINVAL : 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.rootfs.path",
		.type = &type_path,
		.field = offsetof(struct rootfs, path),
		.values = "[TYPE:]PATH, TYPE being dir or overlay (overlay:LOWER[:LOWER...]:UPPER)",
		.help = "The root file system. Without it the container shares the host's own.",
		.since = "2.1",
		.good = { "/var/lib/lxc/web1/rootfs", "dir:/srv/web1", "overlay:/srv/base:/srv/web1" },
		.get = get_path,
	},
	{
		.name = "lxc.rootfs.mount",
		.type = &type_path,
		.field = offsetof(struct rootfs, mount),
		.values = "an existing folder of the host's",
		.help = "Where the root file system is mounted before it becomes \"/\"; hooks find it "
			"there. A folder of the container's own below /run/keg without it.",
		.since = "1.0",
		.good = { "/mnt/rootfs" },
	},
	{
		.name = "lxc.rootfs.options",
		.type = &type_text,
		.field = offsetof(struct rootfs, options),
		.values = "mount options without create=, optional and relative, parted by commas",
		.help = "How the root file system is mounted: ro, nosuid, rslave and the like. idmap=container shows "
			"its "
			"files as owned by the container's ids, so that they need not be; idmap=PATH takes the map of "
			"another user namespace.",
		.since = "1.0",
		.good = { "ro", "nodev,nosuid,ro", "rshared" },
		.bad = { "optional", "create=dir", "relative", "idmap=/no/such/file" },
		.check = check_options,
	},
	{
		.name = "lxc.rootfs.managed",
		.type = &type_bool,
		.field = offsetof(struct rootfs, managed),
		.dflt = "1",
		.values = "0 or 1",
		.help = "0: the storage is somebody else's, and destroying the container removes nothing.",
		.since = "3.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
};

static bool is_overlay(const char *type)
{
	return strcmp(type, "overlay") == 0 || strcmp(type, "overlayfs") == 0;
}

static void check(const struct spec *s, struct problems *p)
{
	_own_free char *idmap = rootfs_idmap_of(s);
	bool own = idmap && strcmp(idmap, "container") == 0 && !userns_wanted(s);
	char type[32];
	struct err *e;

	if (!idmap || (!own && !is_overlay(rootfs_type(s, type, sizeof(type)))) || !(e = problems_next(p)))
		return;
	if (own) {
		(void)err_say(e, EINVAL, "idmap=container, but the container has no user namespace");
		err_hint(e, "set lxc.idmap, or name another user namespace: idmap=/proc/PID/ns/user");
	} else {
		(void)err_say(e, EINVAL, "idmap= is not possible for an overlay");
		err_hint(e, "chown its folders to the container's ids");
	}
	rootfs_blame_options(s, e);
}

const struct feature rootfs_feature = {
	FEATURE_TEXT("Root file system",
		     "Where the container's tree lies and how it is mounted. Without it, the host's is used."),
	.name = "rootfs",
	.size = sizeof(struct rootfs),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.check = check,
};

const char *rootfs_path(const struct spec *s)
{
	const struct rootfs *r = s->part[FEATURE_ROOTFS];

	return r->path.s ? behind_type(r->path.s) : NULL;
}

const char *rootfs_type(const struct spec *s, char *buf, size_t size)
{
	const struct rootfs *r = s->part[FEATURE_ROOTFS];
	const char *path = rootfs_path(s);

	buf[0] = 0;
	if (path && path > r->path.s)
		(void)snprintf(buf, size, "%.*s", (int)(path - r->path.s - 1), r->path.s);
	return buf;
}

/* Of an overlay the upper folder, which is the container's own. */
static const char *own_path(const char *type, const char *path)
{
	const char *colon = strrchr(path, ':');

	return is_overlay(type) && colon ? colon + 1 : path;
}

/* Asked is who the keeper was started as: init may have become another by the time it mounts. */
static bool by_root(void)
{
	return getauxval(AT_EUID) == 0;
}

/* Who may make no folder that a mapped root gets to mounts the rootfs upon itself: that one is there. */
char *rootfs_mountpoint(const struct plan *p)
{
	const struct rootfs *r = plan_part(p, FEATURE_ROOTFS);
	const char *path = rootfs_path(p->spec);
	char type[32];

	if (r->mount.s)
		return strdup(r->mount.s);
	if (by_root() || !path)
		return path_mountpoint(p->lxcpath, p->name);
	return strdup(own_path(rootfs_type(p->spec, type, sizeof(type)), path));
}

bool rootfs_managed(const struct spec *s)
{
	const struct rootfs *r = s->part[FEATURE_ROOTFS];

	return r->managed.n;
}

bool rootfs_private(const struct plan *p)
{
	return p->clone_flags & CLONE_NEWNS;
}

bool rootfs_own(const struct plan *p)
{
	return rootfs_private(p) && rootfs_path(p->spec);
}

char *rootfs_idmap_of(const struct spec *s)
{
	const struct rootfs *r = s->part[FEATURE_ROOTFS];
	_own_entry struct entry n = { 0 };

	return r->options.s && entry_options(r->options.s, &n, NULL) == 0 ? take_ptr(&n.idmap) : NULL;
}

void rootfs_blame_options(const struct spec *s, struct err *e)
{
	err_key(e, "lxc.rootfs.options", ((const struct rootfs *)s->part[FEATURE_ROOTFS])->options.at);
}

bool rootfs_idmapped(const struct plan *p)
{
	_own_free char *idmap = rootfs_own(p) ? rootfs_idmap_of(p->spec) : NULL;

	return idmap;
}

int rootfs_folder(const struct run *r, const char *name, struct err *e)
{
	const struct rootfs *c = plan_part(r->plan, FEATURE_ROOTFS);
	int fd = beneath_open(r->root_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	if (fd == -ENOENT)
		fd = beneath_mkdir_p(r->root_fd, name, 0755);
	if (fd >= 0)
		return fd;
	(void)err_num(e, -fd, "use the folder", "/%s of the rootfs", name);
	if (c->path.s)
		err_key(e, "lxc.rootfs.path", c->path.at);
	if (fd == -ENOTDIR || fd == -ELOOP)
		err_hint(e, "it is a link or no folder, and nothing of the host's may be mounted there");
	if (fd == -EACCES || fd == -EOVERFLOW)
		err_hint(e, "the rootfs is not the container's: chown it to ids that lxc.idmap maps, or set "
			    "lxc.rootfs.options = idmap=container");
	if (fd == -EROFS)
		err_hint(e, "it is missing and the rootfs is read-only: create it beforehand");
	if (fd == -ENOSPC)
		err_hint(e, "it is missing and the disk of the rootfs is full: make room on it");
	return fd;
}

static int refuse_path(const struct rootfs *c, const char *path, struct err *e)
{
	int x = err_sys(e, "open the rootfs", "%s", path);

	err_key(e, "lxc.rootfs.path", c->path.at);
	if (x == -ENOENT)
		err_hint(e, "create it, or correct lxc.rootfs.path");
	if (x == -EACCES)
		err_hint(e, "every folder above it must be traversable (chmod a+x)");
	if (x == -ENOTDIR)
		err_hint(e, "a folder or an overlay can be a rootfs; images and volumes cannot yet");
	return x;
}

/* A kind of storage that LXC has. */
static bool is_of_lxc(const char *type)
{
	static const char *const types[] = { "btrfs", "loop", "lvm", "nbd", "rbd", "zfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static int prepare_mountpoint(const struct plan *p, struct err *e)
{
	const struct rootfs *c = plan_part(p, FEATURE_ROOTFS);
	_own_free char *ours = c->mount.s ? NULL : rootfs_mountpoint(p);
	struct stat st;
	int x;

	if (!c->mount.s)
		return !ours ? err_num(e, ENOMEM, "hold", "a path") : by_root() ? io_mkdir_p(ours, 0755, e) : 0;
	if (stat(c->mount.s, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	x = err_say(e, ENOTDIR, "%s, where the rootfs is to be mounted, is no folder", c->mount.s);
	err_key(e, "lxc.rootfs.mount", c->mount.at);
	err_hint(e, "create it, or take lxc.rootfs.mount out of the config");
	return x;
}

/*
 * Leaves: r->rootfs_fd, which tells before anything is made whether there is a rootfs at all; the built-in
 *	   mount point there.
 */
int rootfs_open(struct run *r, struct err *e)
{
	const struct rootfs *c = plan_part(r->plan, FEATURE_ROOTFS);
	char type[32];
	const char *path = rootfs_path(r->plan->spec);

	if (!path)
		return 0;
	(void)rootfs_type(r->plan->spec, type, sizeof(type));
	if (*type && strcmp(type, "dir") != 0 && !is_overlay(type)) {
		int x = err_say(e, ENOTSUP, "storage of type %s is not supported", type);

		err_key(e, "lxc.rootfs.path", c->path.at);
		if (path[0] == '/' || !is_of_lxc(type))
			err_hint(e, "for a path that holds a colon write dir:%s", c->path.s);
		else
			err_hint(e, "a folder or an overlay can be a rootfs; images and volumes cannot yet");
		return x;
	}
	path = own_path(type, path);
	r->rootfs_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->rootfs_fd < 0)
		return refuse_path(c, path, e);
	return prepare_mountpoint(r->plan, e);
}

void rootfs_close(struct run *r)
{
	const struct rootfs *c = plan_part(r->plan, FEATURE_ROOTFS);
	_own_free char *ours = NULL;

	if (!c->mount.s && rootfs_path(r->plan->spec) && by_root())
		ours = rootfs_mountpoint(r->plan);
	if (ours)
		path_leave(ours);
	close_fd(&r->rootfs_fd);
}

/*
 * Needs:  a mount namespace of our own.
 * Leaves: nothing that is mounted from here on reaches the host; what the host mounts still arrives.
 */
int mount_private(struct run *r, struct err *e)
{
	(void)r;
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ? err_sys(e, "cut the mounts off", "the host's") : 0;
}

/* "LOWER[:LOWER...]:UPPER"; the folder that overlayfs works in is beside the upper one, where LXC has it. */
static int overlay_options(const char *path, struct buf *out, struct err *e)
{
	const char *upper = strrchr(path, ':'), *name = upper ? strrchr(upper, '/') : NULL;
	_own_free char *work = NULL;
	int x;

	if (!name || upper == path)
		return err_say(e, EINVAL, "an overlay takes overlay:LOWER:UPPER with absolute paths, not %s", path);
	work = str_fmt("%.*s/work", (int)(name - upper - 1), upper + 1);
	if (!work)
		return err_num(e, ENOMEM, "hold", "a path");
	x = io_mkdir_p(work, 0755, e);
	if (x < 0)
		return x;
	buf_addf(out, "lowerdir=%.*s,upperdir=%s,workdir=%s", (int)(upper - path), path, upper + 1, work);
	return out->failed ? err_num(e, ENOMEM, "hold", "a path") : 0;
}

static int mount_overlay(const char *path, const char *at, const struct mount_shape *shape, struct err *e)
{
	_own_fd int target = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC), top = -1;
	_own_free char *lower = strdup(path);
	_own_buf struct buf data = { 0 };
	int x;

	if (target < 0)
		return err_sys(e, "open", "%s", at);
	x = lower ? overlay_options(path, &data, e) : err_num(e, ENOMEM, "hold", "a path");
	if (x < 0)
		return x;
	*strrchr(lower, ':') = 0; /* the source that /proc/mounts shows */
	x = mount_new_at(target, "overlay", lower, data.s, 0, e);
	if (x < 0)
		return x;
	top = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return err_sys(e, "open", "%s", at);
	x = mount_change(top, shape);
	return x < 0 ? err_num(e, -x, "change", "the mount on %s", at) : take_fd(&top);
}

/* The first folder on the way that may not be passed, in buf; "": none. */
static const char *barrier(const char *path, char *buf, size_t size)
{
	struct stat st;

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(buf, size, "%.*s/.", (int)(slash - path), path);
		if (stat(buf, &st) < 0 && errno == EACCES) {
			buf[strlen(buf) - 2] = 0;
			return buf;
		}
	}
	buf[0] = 0;
	return buf;
}

/* A user namespace's root is nobody in particular to the host's folders. */
static void hint_barrier(const struct spec *s, const char *path, struct err *e)
{
	char folder[PATH_MAX];
	uid_t uid;
	gid_t gid;

	userns_root(s, &uid, &gid);
	if (*barrier(path, folder, sizeof(folder)))
		err_hint(e, "%s is closed to the container's root, user %lld here: chmod a+x %s", folder,
			 (long long)userns_host_uid(s, uid), folder);
}

bool rootfs_is_reached(const struct plan *p)
{
	char type[32];

	return rootfs_own(p) && p->clone_flags & CLONE_NEWUSER && !is_overlay(rootfs_type(p->spec, type, sizeof(type)));
}

/*
 * Needs:  the mount namespace of our own, and to be the host's user still: LXD, for one, closes the folder above a
 *	   rootfs (0100, root's) to everybody else.
 * Leaves: r->rootfs_fd, this namespace's instead of the host's, for whoever will not get there by the path.
 */
int rootfs_reach(struct run *r, struct err *e)
{
	int fd = open(rootfs_path(r->plan->spec), O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)e; /* rootfs.mount will say it */
	if (fd < 0)
		return 0;
	close_fd(&r->rootfs_fd);
	r->rootfs_fd = fd;
	return 0;
}

/* Where the way is closed to the container's root, no hook of its own can have mounted anything, either. */
int rootfs_detached(const struct run *r, struct err *e)
{
	const struct rootfs *c = plan_part(r->plan, FEATURE_ROOTFS);
	const char *path = rootfs_path(r->plan->spec);
	int tree = mount_copy(AT_FDCWD, path, AT_RECURSIVE);

	if (tree == -EACCES && rootfs_is_reached(r->plan) && r->rootfs_fd >= 0) {
		int by_fd = mount_copy(r->rootfs_fd, "", AT_RECURSIVE);

		tree = by_fd < 0 ? tree : by_fd;
	}
	if (tree >= 0)
		return tree;
	tree = err_num(e, -tree, "mount the rootfs", "%s", path);
	if (tree == -EACCES)
		hint_barrier(r->plan->spec, path, e);
	err_key(e, "lxc.rootfs.path", c->path.at);
	return tree;
}

static int mount_folder(const struct run *r, const char *at, const struct mount_shape *shape, struct err *e)
{
	const struct fds *mapped = &r->slot[SLOT_ROOTFS];
	_own_fd int tree = mapped->n ? take_fd(&mapped->v[0]) : rootfs_detached(r, e);
	int x = tree < 0 ? tree : mount_attach(tree, AT_FDCWD, at, shape);

	return x < 0 ? err_num(e, -x, "mount", "%s on %s", rootfs_path(r->plan->spec), at) : take_fd(&tree);
}

int rootfs_mount_at(const struct spec *s, const char *at, struct err *e)
{
	const struct mount_shape as_it_is = { 0 };
	const char *path = rootfs_path(s);
	_own_fd int tree = -1;
	char type[32];
	int x;

	if (is_overlay(rootfs_type(s, type, sizeof(type))))
		return mount_overlay(path, at, &as_it_is, e);
	tree = mount_copy(AT_FDCWD, path, 0);
	x = tree < 0 ? tree : mount_attach(tree, AT_FDCWD, at, NULL);
	return x < 0 ? err_num(e, -x, "mount", "%s on %s", path, at) : take_fd(&tree);
}

/* Words of propagation cannot make the root of all shared before pivot_root(2), which refuses that; all
 * mounts end up shared anyway. */
static struct mount_shape root_shape(const struct entry *n)
{
	struct mount_shape s = n->shape;

	if ((s.propagation & ~(unsigned long)MS_REC) == MS_SHARED)
		s.propagation = 0;
	return s;
}

/*
 * Needs:  mount.private. Walks host paths once more, in this namespace: only its own mounts can be copied,
 *	   and a pre-mount hook may have mounted something there.
 * Leaves: the rootfs on its mount point, r->root_fd its top; without a rootfs the host's "/".
 */
int rootfs_mount(struct run *r, struct err *e)
{
	const struct rootfs *c = plan_part(r->plan, FEATURE_ROOTFS);
	const char *path = rootfs_path(r->plan->spec);
	_own_free char *at = rootfs_mountpoint(r->plan);
	_own_entry struct entry options = { .kind = ENTRY_BIND };
	struct mount_shape shape;
	char type[32];
	int fd = c->options.s ? entry_options(c->options.s, &options, e) : 0;

	if (fd < 0 || !at)
		return fd < 0 ? fd : err_num(e, ENOMEM, "hold", "a path");
	if (!path) {
		r->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return r->root_fd < 0 ? err_sys(e, "open", "/") : 0;
	}
	shape = root_shape(&options);
	if (is_overlay(rootfs_type(r->plan->spec, type, sizeof(type))))
		fd = mount_overlay(path, at, &shape, e);
	else
		fd = mount_folder(r, at, &shape, e);
	if (fd < 0) {
		err_key(e, "lxc.rootfs.path", c->path.at);
		if (fd == -ENOENT)
			err_hint(e, "create the folder, or correct lxc.rootfs.path");
		return fd;
	}
	r->root_fd = fd;
	return 0;
}

/*
 * Needs:   all that is mounted from the host to be mounted.
 * Leaves:  the rootfs as "/"; the host's mounts out of sight.
 * Mustn't: be followed by anything that walks a path of the host's.
 */
int root_pivot(struct run *r, struct err *e)
{
	return mount_pivot(r->root_fd, e);
}
