/* SPDX-License-Identifier: MIT */
/*
 * A rootfs that is a folder: copied with all that makes a file what it is, and marked as ours. Both
 * trees are walked by fds of their folders; no link is followed and no mount is entered.
 */
#include "client/disk.h"

#include "base/io.h"
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

volatile sig_atomic_t disk_cancelled;

/* Beside trusted.* (root only, not seen inside a container) for those who may not write it. */
static const char *const mark_names[] = { "trusted.keg.owner", "user.keg.owner" };

/* A file with several names: where its first copy is. */
struct link {
	dev_t dev;
	ino_t ino;
	char *at; /* below the top of the copy */
};

struct copy {
	int top; /* of the copy */
	dev_t dev;
	struct link *links;
	size_t n_links;
	struct err *e;
	const char *shown;
};

static int fail(const struct copy *c, const char *op, const char *at)
{
	return err_sys(c->e, op, "%s/%s", c->shown, at);
}

bool disk_is_reserved(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || str_starts(name, DISK_TRASH) ||
	       str_starts(name, DISK_RESTORE);
}

static bool is_mark(const char *xattr)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++)
		if (strcmp(mark_names[i], xattr) == 0)
			return true;
	return false;
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
		if (!is_mark(name) && copy_xattr(from_path, to_path, name) < 0)
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
	}
	return buf ? 0 : -1;
}

static int copy_range(int from, int to, off_t off, off_t end)
{
	while (off < end) {
		off_t in = off, out = off;
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)(end - off), 0);

		if (n == 0)
			return 0; /* it became shorter */
		if (n < 0)
			return errno == ENOSPC || errno == EDQUOT ? -1 : copy_by_hand(from, to, off, end);
		off += n;
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

static int copy_file(struct copy *c, int from_dir, int to_dir, const char *name, const struct stat *st, const char *at)
{
	_own_fd int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), to = -1;

	if (from < 0)
		return fail(c, "open", at);
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail(c, "create the copy of", at);
	if (copy_bytes(from, to, st->st_size) < 0)
		return fail(c, "copy", at);
	return copy_meta(c, from, to, st, at);
}

static int make_link(struct copy *c, int from_dir, int to_dir, const char *name, const char *at)
{
	char target[4097];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return fail(c, "read the link", at);
	target[n] = 0;
	return symlinkat(target, to_dir, name) < 0 ? fail(c, "create the copy of", at) : 0;
}

/* Links, device nodes, fifos, sockets: all there is to them is their inode. */
static int copy_special(struct copy *c, int from_dir, int to_dir, const char *name, const struct stat *st,
			const char *at)
{
	_own_fd int from = openat(from_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), to = -1;
	int r = 0;

	if (from < 0)
		return fail(c, "open", at);
	if (S_ISLNK(st->st_mode))
		r = make_link(c, from_dir, to_dir, name, at);
	else if (mknodat(to_dir, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0)
		r = fail(c, "create the copy of", at);
	if (r < 0)
		return r;
	to = openat(to_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return to < 0 ? fail(c, "open the copy of", at) : copy_meta(c, from, to, st, at);
}

/* 1: it has a copy already, which got this further name; 0: its first name, which is remembered. */
static int linked(struct copy *c, int to_dir, const char *name, const struct stat *st, const char *at)
{
	struct link *grown;

	for (size_t i = 0; i < c->n_links; i++) {
		const struct link *l = &c->links[i];

		if (l->ino != st->st_ino || l->dev != st->st_dev)
			continue;
		return linkat(c->top, l->at, to_dir, name, 0) < 0 ? fail(c, "link the copy of", at) : 1;
	}
	grown = reallocarray(c->links, c->n_links + 1, sizeof(*grown));
	if (!grown)
		return fail(c, "remember", at);
	c->links = grown;
	grown[c->n_links] = (struct link){ .dev = st->st_dev, .ino = st->st_ino, .at = strdup(at) };
	return grown[c->n_links].at ? (int)(c->n_links++, 0) : fail(c, "remember", at);
}

static int copy_folder(struct copy *c, int from, int to, const char *at);

static int copy_subfolder(struct copy *c, int from_dir, int to_dir, const char *name, const struct stat *st,
			  const char *at)
{
	_own_fd int from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), to = -1;
	int r;

	if (from < 0)
		return fail(c, "open folder", at);
	if (mkdirat(to_dir, name, 0700) < 0)
		return fail(c, "create the copy of", at);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(c, "open the copy of", at);
	r = copy_folder(c, from, to, at);
	return r < 0 ? r : copy_meta(c, from, to, st, at);
}

static int copy_entry(struct copy *c, int from, int to, const char *name, const char *at)
{
	struct stat st;

	if (disk_cancelled)
		return err_say(c->e, ECANCELED, "the copy was cancelled");
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(c, "look at", at);
	if (st.st_dev != c->dev)
		return err_num(c->e, EXDEV, "copy", "%s/%s, another file system", c->shown, at);
	if (S_ISDIR(st.st_mode))
		return copy_subfolder(c, from, to, name, &st, at);
	if (st.st_nlink > 1) {
		int r = linked(c, to, name, &st, at);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, to, name, &st, at);
	return copy_special(c, from, to, name, &st, at);
}

static int copy_folder(struct copy *c, int from, int to, const char *at)
{
	int own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	_own_dir DIR *d = own < 0 ? NULL : fdopendir(own);

	if (!d) {
		close_fd(&own);
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
	int r;

	if (fstat(from, &st) < 0)
		return err_sys(e, "look at", "%s", shown);
	c.dev = st.st_dev;
	r = copy_folder(&c, from, to, "");
	if (r >= 0)
		r = copy_meta(&c, from, to, &st, "");
	for (size_t i = 0; i < c.n_links; i++)
		free(c.links[i].at);
	free(c.links);
	return r;
}

void storage_mark(int fd, const struct container *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++)
		if (fsetxattr(fd, mark_names[i], c->dir, strlen(c->dir), 0) == 0)
			return;
}

bool storage_marked(int fd, const struct container *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++) {
		char owner[4097];
		ssize_t n = fgetxattr(fd, mark_names[i], owner, sizeof(owner) - 1);

		if (n > 0 && (size_t)n == strlen(c->dir) && memcmp(owner, c->dir, (size_t)n) == 0)
			return true;
	}
	return false;
}

int storage_empty(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		r = err_sys(e, "read folder", "%s", name);
		close_fd(&fd);
		return r;
	}
	for (struct dirent *x; r >= 0 && (x = readdir(d));) {
		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), x->d_name, 0) == 0)
			continue;
		r = errno == EISDIR ? io_remove_tree(dirfd(d), x->d_name, e) : err_sys(e, "remove", "%s", x->d_name);
	}
	return r;
}

char *storage_rootfs(const struct container *c)
{
	_own_buf struct buf b = { 0 };
	struct stat st;

	if (!c->spec || spec_get(c->spec, "lxc.rootfs.path", &b) < 0 || !b.len || b.s[0] != '/')
		return NULL;
	return stat(b.s, &st) == 0 && S_ISDIR(st.st_mode) ? buf_take(&b) : NULL;
}

bool storage_inside(const struct container *c, const char *path)
{
	_own_free char *folder = realpath(c->dir, NULL), *real = realpath(path, NULL);
	size_t n = folder ? strlen(folder) : 0;

	return n && real && strncmp(real, folder, n) == 0 && real[n] == '/';
}

int storage_not_mounted(const char *path, struct err *e)
{
	_own_free char *real = realpath(path, NULL), *text = NULL;
	char *rest, *line;
	int r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", 64 << 20, &text, NULL);

	if (r < 0)
		return err_num(e, -r, "read", "/proc/self/mountinfo");
	if (!real)
		return errno == ENOENT ? 0 : err_sys(e, "look at", "%s", path);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char at[4096];
		size_t n = strlen(real);

		if (sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1 || strncmp(at, real, n) != 0)
			continue;
		if (at[n] && at[n] != '/')
			continue;
		(void)err_num(e, EBUSY, "remove or replace", "%s: something is mounted at %s", path, at);
		err_hint(e, "umount %s", at);
		return -EBUSY;
	}
	return 0;
}
