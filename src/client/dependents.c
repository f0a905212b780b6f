/* SPDX-License-Identifier: MIT */
/* lxc_snapshots and lxc_rdepends; see dependents.h. */
#include "client/dependents.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "client/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MOST = 4 << 20, LOCK_MS = 10000 };

static bool is_number(const char *line)
{
	return *line && line[strspn(line, "0123456789")] == 0;
}

/* LXC 1.0 wrote the number of dependents alone: nobody knows who they are. */
static int split(const char *text, const char *shown, struct strv *out, struct err *e)
{
	_own_strv struct strv lines = { 0 };
	int r = strv_split(&lines, text, "\n");

	if (r == 0 && lines.n == 1 && is_number(lines.v[0]))
		return strv_add(out, "") || strv_add(out, lines.v[0]) ? -ENOMEM : 0;
	for (size_t i = 0; r == 0 && i < lines.n; i++)
		r = strv_add(out, lines.v[i]);
	if (r < 0)
		return err_num(e, ENOMEM, "read", "%s", shown);
	return out->n % 2 ? err_say(e, EINVAL, "%s is cut short: it has to have two lines for each container", shown)
			  : 0;
}

int dependents_read(const char *folder, const char *file, struct strv *pairs, struct err *e)
{
	_own_free char *path = str_fmt("%s/%s", folder, file), *text = NULL;
	int r = path ? io_read_file(AT_FDCWD, path, FILE_MOST, &text, NULL) : -ENOMEM;

	if (r == -ENOENT)
		return 0;
	return r < 0 ? err_num(e, -r, "read", "%s/%s", folder, file) : split(text, path, pairs, e);
}

/* A destruction renames the folder first, then takes the name out of the lists, then removes what is left. */
static bool is_going(const char *lxcpath, const char *name)
{
	_own_free char *dir = str_fmt("%s/%s", lxcpath, name);
	_own_free char *trash = str_fmt("%s/" DISK_TRASH "%s/" PARENTS, lxcpath, name);

	return dir && trash && access(dir, F_OK) < 0 && errno == ENOENT && access(trash, F_OK) == 0;
}

int dependents_of(const char *folder, struct strv *pairs, struct err *e)
{
	_own_strv struct strv all = { 0 };
	int r = dependents_read(folder, DEPENDENTS, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i += 2)
		if (!is_going(all.v[i], all.v[i + 1]) &&
		    (strv_add(pairs, all.v[i]) < 0 || strv_add(pairs, all.v[i + 1]) < 0))
			r = err_num(e, ENOMEM, "read", "%s/" DEPENDENTS, folder);
	return r;
}

static int write_pairs(const char *folder, const char *file, const struct strv *pairs, struct err *e)
{
	_own_free char *path = str_fmt("%s/%s", folder, file);
	_own_buf struct buf b = { 0 };

	for (size_t i = 0; i < pairs->n; i++)
		buf_addf(&b, "%s\n", pairs->v[i]);
	if (!path || b.failed)
		return err_num(e, ENOMEM, "write", "%s/%s", folder, file);
	if (pairs->n)
		return io_replace_file(AT_FDCWD, path, b.s, b.len, 0644, e);
	return unlink(path) < 0 && errno != ENOENT ? err_sys(e, "remove", "%s", path) : 0;
}

int dependents_write_parents(const char *folder, const struct strv *pairs, struct err *e)
{
	return write_pairs(folder, PARENTS, pairs, e);
}

/* The lists below one lxcpath are changed by one process at a time: the lock is on that folder itself. */
static int lock(const char *lxcpath, struct err *e)
{
	int fd = lock_folder(AT_FDCWD, lxcpath, LOCK_MS);

	return fd < 0 ? err_num(e, -fd, "lock", "%s", lxcpath) : fd;
}

/* All lines but those of `child`; *found: there were some. */
static int without(const struct strv *all, struct dependent child, struct strv *out, bool *found)
{
	int r = 0;

	*found = false;
	for (size_t i = 0; r == 0 && i < all->n; i += 2) {
		if (strcmp(all->v[i], child.lxcpath) == 0 && strcmp(all->v[i + 1], child.name) == 0)
			*found = true;
		else
			r = strv_add(out, all->v[i]) || strv_add(out, all->v[i + 1]) ? -ENOMEM : 0;
	}
	return r;
}

struct change {
	enum { ADD, FORGET } what;
	struct dependent child;
	const char *left; /* where what is forgotten lies */
};

/* Does FOLDER/lxc_rdepends name that parent? Who cannot be asked may depend on it. */
static bool says_so(const char *folder, const struct dependent *parent)
{
	_own_strv struct strv all = { 0 };
	struct err quiet = { 0 };

	if (dependents_read(folder, PARENTS, &all, &quiet) < 0)
		return true;
	for (size_t i = 0; i + 1 < all.n; i += 2)
		if (strcmp(all.v[i], parent->lxcpath) == 0 && strcmp(all.v[i + 1], parent->name) == 0)
			return true;
	return false;
}

/* Whoever is to depend on a parent says so before it is added to that parent's list. */
static bool another_depends(const struct change *x, const struct dependent *parent)
{
	_own_free char *is = str_fmt("%s/%s", x->child.lxcpath, x->child.name);
	_own_free char *to_be = str_fmt("%s/" DISK_RESTORE "%s", x->child.lxcpath, x->child.name);

	if (!is || !to_be)
		return true;
	return (strcmp(is, x->left) != 0 && says_so(is, parent)) ||
	       (strcmp(to_be, x->left) != 0 && says_so(to_be, parent));
}

static int change(const struct dependent *parent, const char *folder, const struct change *x, struct err *e)
{
	const bool there = x->what == ADD;
	_own_strv struct strv all = { 0 }, rest = { 0 };
	_own_fd int held = lock(parent->lxcpath, e);
	bool found;
	int r = held < 0 ? held : dependents_read(folder, DEPENDENTS, &all, e);

	if (r < 0 || (x->what == FORGET && another_depends(x, parent)))
		return r;
	if (all.n && !*all.v[0])
		return there ? err_say(e, ENOTSUP, "%s/" DEPENDENTS " is a mere number, as LXC 1.0 wrote it", folder)
			     : 0;
	if (without(&all, x->child, &rest, &found) < 0)
		return err_num(e, ENOMEM, "change", "%s/" DEPENDENTS, folder);
	if (found == there)
		return 0;
	if (!there)
		return write_pairs(folder, DEPENDENTS, &rest, e);
	if (strv_add(&all, x->child.lxcpath) < 0 || strv_add(&all, x->child.name) < 0)
		return err_num(e, ENOMEM, "change", "%s/" DEPENDENTS, folder);
	return write_pairs(folder, DEPENDENTS, &all, e);
}

static int each(const struct strv *parents, const struct change *x, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < parents->n; i += 2) {
		const struct dependent parent = { parents->v[i], parents->v[i + 1] };
		_own_free char *folder = str_fmt("%s/%s", parent.lxcpath, parent.name);

		if (!folder)
			return err_num(e, ENOMEM, "change", "%s", DEPENDENTS);
		if (x->what == ADD || access(folder, F_OK) == 0)
			r = change(&parent, folder, x, e);
	}
	return r;
}

int dependents_add(const struct strv *parents, struct dependent child, struct err *e)
{
	return each(parents, &(struct change){ .what = ADD, .child = child }, e);
}

int dependents_forget(const struct strv *parents, const char *left, struct dependent child, struct err *e)
{
	return each(parents, &(struct change){ .what = FORGET, .child = child, .left = left }, e);
}
