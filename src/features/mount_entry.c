/* SPDX-License-Identifier: MIT */
/* Carries out the mounts of lxc.mount.fstab and lxc.mount.entry, in the order in which they are written. */
#include "features/mount_entry.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "features/mount_parts.h"
#include "features/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { FSTAB_MOST = 1 << 20, MOUNTS_MOST = 4 << 20 };

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* The part of a target behind a path of the host's that stands for "/" ("/var/lib/lxc/web1/rootfs/srv"). */
static const char *inside(const char *target, const char *const *host_root)
{
	for (; *host_root; host_root++) {
		size_t n = strlen(*host_root);

		if (n > 1 && strncmp(target, *host_root, n) == 0 && (target[n] == '/' || !target[n]))
			return target[n] ? target + n : "/";
	}
	return target;
}

/*
 * LXC mounts on an absolute path of the host's, where the container loses it: a config that has run for years need not
 * have the folder in its rootfs (lxc-busybox of LXC 2 and 3 wrote "shm /dev/shm tmpfs").
 */
static bool is_lost_with_lxc(const struct entry *n, const char *target)
{
	return n->kind == ENTRY_NEW && *target == '/' && target == n->target;
}

static int open_target(int root_fd, const struct entry *n, const char *target)
{
	int fd;

	switch (n->create) {
	case CREATE_DIR:
		return beneath_mkdir_p(root_fd, target, 0755);
	case CREATE_FILE:
		return beneath_create(root_fd, target);
	case CREATE_NOTHING:
		break;
	}
	fd = beneath_open(root_fd, target, O_PATH, 0);
	return fd == -ENOENT && is_lost_with_lxc(n, target) ? beneath_mkdir_p(root_fd, target, 0755) : fd;
}

int entry_source(int root_fd, const struct entry *n)
{
	unsigned flags = n->recursive ? AT_RECURSIVE : 0;
	_own_fd int fd = -1;

	if (n->kind == ENTRY_BIND && !n->relative)
		return mount_copy(AT_FDCWD, n->source, flags);
	if (n->relative)
		fd = beneath_open(root_fd, n->source, O_PATH, 0);
	else
		fd = open(n->source, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return n->relative ? fd : -errno;
	return n->kind == ENTRY_BIND ? mount_copy(fd, "", flags) : take_fd(&fd);
}

/* By what the mounts look like from here. */
static bool has_mounts_below(const char *folder)
{
	_own_free char *text = NULL, *below = str_fmt(" %s/", folder);

	return below && io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MOST, &text, NULL) == 0 &&
	       strstr(text, below);
}

int entry_no_source(const struct entry *n, int x, struct err *e)
{
	x = err_num(e, -x, "mount", "%s on %s", n->source, n->target);
	if (x == -ENOENT && n->relative)
		err_hint(e, "create %s in the rootfs, or add \"optional\" to the entry", n->source);
	else if (x == -ENOENT)
		err_hint(e, "create %s on the host, or add \"optional\" to the entry", n->source);
	else if (x == -EINVAL && n->kind == ENTRY_BIND && !n->recursive && has_mounts_below(n->source))
		err_hint(e, "a user namespace cannot leave behind what is mounted below %s: write rbind", n->source);
	else if (x == -EINVAL && n->kind == ENTRY_BIND)
		err_hint(e, "%s is on a mount that cannot be bound (unbindable)", n->source);
	return x;
}

static const char *kind_to_create(int source)
{
	struct stat st;

	return source < 0 || (fstat(source, &st) == 0 && S_ISDIR(st.st_mode)) ? "dir" : "file";
}

static int fail_target(const struct entry *n, int source, int x, struct err *e)
{
	x = err_num(e, -x, "mount", "%s on %s", n->source, n->target);
	if (x == -ENOENT && n->create == CREATE_NOTHING)
		err_hint(e, "create %s in the rootfs, or add \"create=%s\" to the entry", n->target,
			 kind_to_create(source));
	else if (x == -ENOENT)
		err_hint(e, "on the way to %s a link leads to nothing in the rootfs", n->target);
	else if (x == -ENOTDIR || (x == -EINVAL && n->kind == ENTRY_BIND))
		err_hint(e, "of source and target one is a folder, the other is none");
	else if (x == -EROFS)
		err_hint(e, "the rootfs is read-only: create %s in it beforehand", n->target);
	else if (x == -ENOSPC && n->create != CREATE_NOTHING)
		err_hint(e, "the disk of the rootfs is full: make room on it, or create %s beforehand", n->target);
	else if (x == -EINVAL && n->kind == ENTRY_REMOUNT)
		err_hint(e, "nothing is mounted on %s that could be remounted", n->target);
	return x;
}

/* A new file system; what the kernel says about its options goes along. It has no peers that a word of
 * propagation could cut off. */
static int mount_new_entry(int target, const struct entry *n, struct err *e)
{
	struct err why = { 0 };
	char text[1024];
	int x = mount_new_at(target, n->type, n->source, n->data, n->shape.set, &why);

	if (x == 0)
		return 0;
	x = err_num(e, -x, "mount", "%s on %s", n->source, n->target);
	err_text(&why, text, sizeof(text));
	err_said(e, "%s", why.said[0] ? why.said : text);
	if (x == -ENODEV && strcmp(n->type, "none") == 0)
		err_hint(e, "type none is for binds: add \"bind\" to the entry");
	return x;
}

static int do_mount(int root_fd, const struct entry *n, int source, const char *const *host_root, struct err *e)
{
	const char *path = inside(n->target, host_root);
	_own_fd int opened = -1, target = -1;
	int x;

	if (source < 0 && (n->kind == ENTRY_BIND || n->kind == ENTRY_MOVE)) {
		source = opened = entry_source(root_fd, n);
		if (source < 0)
			return entry_no_source(n, source, e);
	}
	target = open_target(root_fd, n, path);
	if (target < 0)
		return fail_target(n, source, target, e);
	if (n->kind == ENTRY_NEW)
		return mount_new_entry(target, n, e);
	x = n->kind == ENTRY_REMOUNT ? mount_change(target, &n->shape) : mount_attach(source, target, "", &n->shape);
	return x < 0 ? fail_target(n, source, x, e) : 0;
}

int entry_mount(int root_fd, const struct entry *n, int source, const char *const *host_root, struct err *e)
{
	struct err unheard = { 0 };
	int x = do_mount(root_fd, n, source, host_root, n->optional ? &unheard : e);

	return n->optional ? 0 : x;
}

int mount_one_entry(struct run *r, const struct entry *n, int source, struct err *e)
{
	const struct spec *s = r->plan->spec;
	const char *host_root[] = { NULL, NULL, NULL };
	_own_free char *mountpoint = rootfs_path(s) ? rootfs_mountpoint(r->plan) : NULL;

	if (mountpoint) {
		host_root[0] = mountpoint;
		host_root[1] = rootfs_path(s);
	}
	return entry_mount(r->root_fd, n, source, host_root, e);
}

/* Those with idmap= come behind all others (mount.idmapped). */
static int mount_plain(struct run *r, const struct entry *n, struct err *e)
{
	return n->idmap ? 0 : mount_one_entry(r, n, -1, e);
}

static int each_line(struct run *r, const char *line, entry_fn *f, struct err *e)
{
	_own_entry struct entry n = { 0 };
	int x = entry_parse(line, &n, e);

	return x < 0 ? x : f(r, &n, e);
}

bool mount_entries_given(const struct plan *p)
{
	const struct mounts *m = plan_part(p, FEATURE_MOUNT);

	return m->entries.n && rootfs_private(p);
}

static int each_entry(struct run *r, entry_fn *f, struct err *e)
{
	const struct mounts *m = plan_part(r->plan, FEATURE_MOUNT);

	for (size_t i = 0; i < m->entries.n; i++) {
		int x = each_line(r, m->entries.v[i].text, f, e);

		if (x < 0) {
			err_key(e, "lxc.mount.entry", m->entries.v[i].at);
			return x;
		}
	}
	return 0;
}

/*
 * Needs:  the rootfs mounted, the host's mounts still within reach.
 * Leaves: the entries of the config mounted.
 */
int mount_entries(struct run *r, struct err *e)
{
	return each_entry(r, mount_plain, e);
}

bool mount_fstab_given(const struct plan *p)
{
	const struct mounts *m = plan_part(p, FEATURE_MOUNT);

	return m->fstab.s && rootfs_private(p);
}

static int each_fstab_line(struct run *r, const char *file, char *text, entry_fn *f, struct err *e)
{
	struct origin at = { .file = file };

	for (char *line = text, *next; line; line = next) {
		int x;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		at.line++;
		line += strspn(line, " \t\r");
		if (!*line || *line == '#')
			continue;
		x = each_line(r, line, f, e);
		if (x < 0) {
			err_key(e, "lxc.mount.fstab", at);
			return x;
		}
	}
	return 0;
}

static int each_of_fstab(struct run *r, entry_fn *f, struct err *e)
{
	const struct mounts *m = plan_part(r->plan, FEATURE_MOUNT);
	_own_free char *text = NULL;
	int x = io_read_file(AT_FDCWD, m->fstab.s, FSTAB_MOST, &text, NULL);

	if (x < 0) {
		x = err_num(e, -x, "read", "%s", m->fstab.s);
		err_hint(e, "create it, or take lxc.mount.fstab out of the config");
		err_key(e, "lxc.mount.fstab", m->fstab.at);
		return x;
	}
	return each_fstab_line(r, m->fstab.s, text, f, e);
}

/*
 * Needs:  the rootfs mounted, the host's files still within reach.
 * Leaves: the entries of the file mounted.
 */
int mount_fstab(struct run *r, struct err *e)
{
	return each_of_fstab(r, mount_plain, e);
}

int mount_each(struct run *r, entry_fn *f, struct err *e)
{
	int x = mount_fstab_given(r->plan) ? each_of_fstab(r, f, e) : 0;

	return x < 0 ? x : each_entry(r, f, e);
}
