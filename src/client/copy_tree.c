/* SPDX-License-Identifier: MIT */
/*
 * A tree copied with all that makes a file what it is. Both trees are walked by fds: an entry is held by an O_PATH fd
 * before it is looked at, so that nobody can exchange it meanwhile; no link is followed, no device is opened, and no
 * mount is entered.
 */
#include "client/disk.h"

#include "base/beneath.h"
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000 /* Linux 5.8 */
#endif

/* So much between two looks at whether the user has cancelled it. */
enum { CHUNK = 32 << 20 };

/* A file with several names: where its first copy is. */
struct link {
	dev_t dev;
	ino_t ino;
	char *at; /* below the top of the copy */
};

struct copy {
	int top;     /* of the copy */
	void *links; /* a tree of struct link, as tsearch(3) keeps it */
	struct err *e;
	const char *shown;
};

static int fail(const struct copy *c, const char *op, const char *at)
{
	return err_sys(c->e, op, "%s/%s", c->shown, at);
}

static int cancelled(const struct copy *c)
{
	return err_say(c->e, ECANCELED, "the copy was cancelled");
}

/* Links and device nodes cannot be opened; /proc leads to the very inode that an O_PATH fd holds. */
static void fd_path(char buf[64], int fd)
{
	(void)snprintf(buf, 64, "/proc/self/fd/%d", fd);
}

static int copy_xattr(const char *from, const char *to, const char *name)
{
	_own_free char *value = NULL;
	ssize_t n = getxattr(from, name, NULL, 0);

	if (n < 0)
		return errno == ENODATA ? 0 : -1;
	value = malloc((size_t)n + 1);
	if (!value)
		return -1;
	n = getxattr(from, name, value, (size_t)n);
	return n < 0 || setxattr(to, name, value, (size_t)n, 0) < 0 ? -1 : 0;
}

static int copy_xattrs(struct copy *c, int from, int to, const char *at)
{
	char from_path[64], to_path[64];
	_own_free char *names = NULL;
	ssize_t n;

	fd_path(from_path, from);
	fd_path(to_path, to);
	n = listxattr(from_path, NULL, 0);
	if (n <= 0)
		return n == 0 || errno == EOPNOTSUPP ? 0 : fail(c, "read the attributes of", at);
	names = malloc((size_t)n);
	n = names ? listxattr(from_path, names, (size_t)n) : -1;
	if (n < 0)
		return fail(c, "read the attributes of", at);
	for (char *name = names; name < names + n; name += strlen(name) + 1)
		if (!storage_is_mark(name) && copy_xattr(from_path, to_path, name) < 0)
			return fail(c, "copy an attribute of", at);
	return 0;
}

/* Owner first: changing it clears the set-id bits and the file's capabilities. */
static int copy_meta(struct copy *c, int from, int to, const struct stat *st, const char *at)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	char path[64];
	int r;

	fd_path(path, to);
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return fail(c, "set the owner of", at);
	if (!S_ISLNK(st->st_mode) && chmod(path, st->st_mode & 07777) < 0)
		return fail(c, "set the mode of", at);
	r = copy_xattrs(c, from, to, at);
	if (r < 0)
		return r;
	if (utimensat(to, "", times, AT_EMPTY_PATH) < 0 && utimensat(AT_FDCWD, path, times, 0) < 0)
		return fail(c, "set the time of", at); /* AT_EMPTY_PATH here is of Linux 5.8 */
	return 0;
}

static void count(ssize_t bytes)
{
	if (disk_copied)
		(void)__atomic_add_fetch(disk_copied, (uint64_t)bytes, __ATOMIC_RELAXED);
}

static int copy_by_hand(int from, int to, off_t off, off_t end)
{
	_own_free char *buf = malloc(1 << 16);

	while (buf && off < end) {
		size_t want = end - off < 1 << 16 ? (size_t)(end - off) : 1 << 16;
		ssize_t n = pread(from, buf, want, off);

		if (n <= 0)
			return n < 0 ? -1 : 0;
		n = pwrite(to, buf, (size_t)n, off);
		if (n < 0)
			return -1;
		off += n;
		count(n);
	}
	return buf ? 0 : -1;
}

static int copy_range(int from, int to, off_t off, off_t end)
{
	while (off < end) {
		off_t in = off, out = off;
		ssize_t n = copy_file_range(from, &in, to, &out, end - off < CHUNK ? (size_t)(end - off) : CHUNK, 0);

		if (n == 0)
			return 0; /* it became shorter */
		if (n < 0)
			return errno == ENOSPC || errno == EDQUOT ? -1 : copy_by_hand(from, to, off, end);
		off += n;
		count(n);
		if (disk_cancelled) {
			errno = ECANCELED;
			return -1;
		}
	}
	return 0;
}

/* A clone shares the blocks (btrfs, xfs); else only what is not a hole is copied. */
static int copy_bytes(int from, int to, off_t size)
{
	off_t data = 0;

	if (size == 0 || ioctl(to, FICLONE, from) == 0)
		return 0;
	if (ftruncate(to, size) < 0)
		return -1;
	while ((data = lseek(from, data, SEEK_DATA)) >= 0) {
		off_t hole = lseek(from, data, SEEK_HOLE);

		if (hole < 0 || copy_range(from, to, data, hole) < 0)
			return -1;
		data = hole;
	}
	return errno == ENXIO ? 0 : copy_range(from, to, 0, size);
}

/* By way of /proc: the very file that was looked at. */
static int reopen(int fd, int flags)
{
	char path[64];

	fd_path(path, fd);
	return open(path, flags | O_CLOEXEC | O_NOCTTY);
}

static int copy_file(struct copy *c, int held, int to_dir, const char *name, const struct stat *st, const char *at)
{
	_own_fd int from = reopen(held, O_RDONLY | O_NOATIME), to = -1;

	if (from < 0)
		from = reopen(held, O_RDONLY); /* O_NOATIME is its owner's alone */
	if (from < 0)
		return fail(c, "open", at);
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail(c, "create the copy of", at);
	if (copy_bytes(from, to, st->st_size) < 0)
		return errno == ECANCELED ? cancelled(c) : fail(c, "copy", at);
	return copy_meta(c, from, to, st, at);
}

static int make_link(struct copy *c, int held, int to_dir, const char *name, const char *at)
{
	char target[4097];
	ssize_t n = readlinkat(held, "", target, sizeof(target) - 1);

	if (n < 0)
		return fail(c, "read the link", at);
	target[n] = 0;
	return symlinkat(target, to_dir, name) < 0 ? fail(c, "create the copy of", at) : 0;
}

/* Links, device nodes, fifos, sockets: all there is to them is their inode. */
static int copy_special(struct copy *c, int held, int to_dir, const char *name, const struct stat *st, const char *at)
{
	_own_fd int to = -1;
	int r = 0;

	if (S_ISLNK(st->st_mode))
		r = make_link(c, held, to_dir, name, at);
	else if (mknodat(to_dir, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0)
		r = fail(c, "create the copy of", at);
	if (r < 0)
		return r;
	to = openat(to_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return to < 0 ? fail(c, "open the copy of", at) : copy_meta(c, held, to, st, at);
}

static int compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static void free_link(void *link)
{
	free(((struct link *)link)->at);
	free(link);
}

/* 1: it has a copy already, which got this further name; 0: its first name, which is remembered. */
static int linked(struct copy *c, int to_dir, const char *name, const struct stat *st, const char *at)
{
	struct link key = { .dev = st->st_dev, .ino = st->st_ino }, **known, *new;

	known = tfind(&key, &c->links, compare_links);
	if (known)
		return linkat(c->top, (*known)->at, to_dir, name, 0) < 0 ? fail(c, "link the copy of", at) : 1;
	new = malloc(sizeof(*new));
	if (!new)
		return fail(c, "remember", at);
	*new = (struct link){ .dev = st->st_dev, .ino = st->st_ino, .at = strdup(at) };
	if (new->at && tsearch(new, &c->links, compare_links))
		return 0;
	free_link(new);
	return err_num(c->e, ENOMEM, "remember", "%s/%s", c->shown, at);
}

static int copy_folder(struct copy *c, int from, int to, const char *at);

static int copy_subfolder(struct copy *c, int held, int to_dir, const char *name, const struct stat *st, const char *at)
{
	_own_fd int from = openat(held, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = -1;
	int r;

	if (from < 0)
		return fail(c, "open folder", at);
	if (mkdirat(to_dir, name, 0700) < 0)
		return fail(c, "create the copy of", at);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(c, "open the copy of", at);
	r = copy_folder(c, take_fd(&from), to, at);
	return r < 0 ? r : copy_meta(c, held, to, st, at);
}

/* *mounted: something is mounted there. That cannot be told by the device's number: a bind mount has the same. */
static int look(int held, struct stat *st, bool *mounted)
{
	struct statx x;

	if (fstat(held, st) < 0 || statx(held, "", AT_EMPTY_PATH, 0, &x) < 0)
		return -1;
	*mounted = x.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *name, const char *at)
{
	_own_fd int held = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool mounted;

	if (disk_cancelled)
		return cancelled(c);
	if (held < 0)
		return errno == ENOENT ? 0 : fail(c, "open", at); /* a running container has removed it */
	if (look(held, &st, &mounted) < 0)
		return fail(c, "look at", at);
	if (mounted)
		return err_num(c->e, EXDEV, "copy", "%s/%s, another mount", c->shown, at);
	if (S_ISDIR(st.st_mode))
		return copy_subfolder(c, held, to, name, &st, at);
	if (st.st_nlink > 1) {
		int r = linked(c, to, name, &st, at);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (S_ISREG(st.st_mode))
		return copy_file(c, held, to, name, &st, at);
	return copy_special(c, held, to, name, &st, at);
}

/* Takes `from`. */
static int copy_folder(struct copy *c, int from, int to, const char *at)
{
	_own_dir DIR *d = fdopendir(from);
	int r = 0;

	if (!d) {
		close_fd(&from);
		return fail(c, "read folder", at);
	}
	for (struct dirent *x; r >= 0 && (x = readdir(d));) {
		_own_free char *below = NULL;

		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
			continue;
		below = str_fmt("%s%s%s", at, *at ? "/" : "", x->d_name);
		r = below ? copy_entry(c, from, to, x->d_name, below) : fail(c, "copy", x->d_name);
	}
	return r;
}

int storage_copy(int from, int to, const char *shown, struct err *e)
{
	struct copy c = { .top = to, .e = e, .shown = shown };
	struct stat st;
	int own, r;

	if (fstat(from, &st) < 0)
		return err_sys(e, "look at", "%s", shown);
	own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = own < 0 ? err_sys(e, "open folder", "%s", shown) : copy_folder(&c, own, to, "");
	if (r >= 0)
		r = copy_meta(&c, from, to, &st, "");
	tdestroy(c.links, free_link);
	return r;
}

int storage_copy_one(int from, int to, const char *path, const char *shown, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_own_free char *folder = slash ? str_fmt("%.*s", (int)(slash - path), path) : strdup(".");
	_own_fd int from_dir = folder ? beneath_open(from, folder, O_RDONLY | O_DIRECTORY, 0) : -ENOMEM, to_dir = -1;
	struct copy c = { .e = e, .shown = shown };
	int r;

	if (from_dir == -ENOENT || from_dir == -ENOTDIR || !*name)
		return 0;
	to_dir = from_dir < 0 ? from_dir : beneath_mkdir_p(to, folder, 0755);
	if (to_dir < 0)
		return err_num(e, -to_dir, "copy", "%s/%s", shown, path);
	if (faccessat(to_dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = copy_entry(&c, from_dir, to_dir, name, name);
	tdestroy(c.links, free_link);
	return r;
}
