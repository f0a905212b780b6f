/* SPDX-License-Identifier: MIT */
/* What a rootfs is made of (a folder, an overlay), and how a copy of it, with the files around it, is built. */
#include "client/disk.h"

#include "base/apart.h"
#include "base/io.h"
#include "base/own.h"
#include "client/apart.h"
#include "features/rootfs.h"
#include "spec/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { CONFIG_MOST = 4 << 20 };

void storage_end(struct storage *s)
{
	free(s->type);
	free(s->path);
	free(s->upper);
	*s = (struct storage){ 0 };
}

static enum storage_kind kind_of(const struct storage *s)
{
	struct stat st;

	if (strcmp(s->type, "overlay") == 0 || strcmp(s->type, "overlayfs") == 0)
		return strrchr(s->path, ':') && s->path[0] == '/' ? STORAGE_OVERLAY : STORAGE_OTHER;
	if (strcmp(s->type, "dir") == 0)
		return STORAGE_DIR;
	return !*s->type && stat(s->path, &st) == 0 && S_ISDIR(st.st_mode) ? STORAGE_DIR : STORAGE_OTHER;
}

int storage_of(const struct spec *s, struct storage *out, struct err *e)
{
	_own_storage struct storage is = { 0 };
	const char *path = s ? rootfs_path(s) : NULL;
	char type[32];

	if (!path) {
		*out = (struct storage){ .kind = STORAGE_NONE };
		return 0;
	}
	is.type = strdup(rootfs_type(s, type, sizeof(type)));
	is.path = strdup(path);
	if (!is.type || !is.path)
		return err_num(e, ENOMEM, "look at", "%s", path);
	is.kind = kind_of(&is);
	if (is.kind == STORAGE_OVERLAY) {
		char *colon = strrchr(is.path, ':');

		is.upper = strdup(colon + 1);
		*colon = 0;
	}
	if (is.kind == STORAGE_OVERLAY && !is.upper)
		return err_num(e, ENOMEM, "look at", "%s", path);
	*out = is;
	is = (struct storage){ 0 };
	return 0;
}

static int make_folder(const char *path, mode_t mode, struct err *e)
{
	if (mkdir(path, mode) < 0 || chmod(path, mode) < 0)
		return err_sys(e, "create folder", "%s", path);
	return 0;
}

static int copy_folder(const char *from, const char *to, struct err *e)
{
	_own_fd int in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_fd int out = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (in < 0 || out < 0)
		return err_sys(e, "open folder", "%s", in < 0 ? from : to);
	return storage_copy(in, out, from, e);
}

/* What an overlay shows, copied: both ends are paths, the second one of an empty folder. */
struct merged {
	const struct storage *from;
	const char *to;
};

/*
 * In a mount namespace of its own. The upper folder is mounted as one more lower one: nothing is written to it, and
 * a running container may have it mounted. It covers the very folder that it is copied to, which an fd still leads to.
 */
static int copy_merged(void *arg, struct err *e)
{
	const struct merged *m = arg;
	_own_fd int out = open(m->to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), in = -1;
	_own_free char *data = str_fmt("lowerdir=%s:%s", m->from->upper, m->from->path);
	int r = data ? mount_new_at(out, "overlay", m->from->path, data, 0, e) : -ENOMEM;

	if (r < 0)
		return err_num(e, -r, "mount", "%s", m->from->path);
	in = open(m->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return in < 0 ? err_sys(e, "open", "%s", m->to) : storage_copy(in, out, m->from->path, e);
}

static int build_dir(const struct replica *r, struct err *e)
{
	_own_free char *rootfs = str_fmt("%s/rootfs", r->at);
	struct merged m = { r->from, rootfs };
	int x = rootfs ? make_folder(rootfs, 0755, e) : err_num(e, ENOMEM, "copy", "%s", r->from->path);

	if (x < 0)
		return x;
	if (r->from->kind == STORAGE_OVERLAY)
		return apart_run(apart_mounts, NULL, copy_merged, &m, e);
	return copy_folder(r->from->path, rootfs, e);
}

/* The upper folder's owner and mode are what the container sees of "/". */
static int dress(const char *folder, const struct stat *like, struct err *e)
{
	if (chown(folder, like->st_uid, like->st_gid) < 0 || chmod(folder, like->st_mode & 07777) < 0)
		return err_sys(e, "set the owner and mode of", "%s", folder);
	return 0;
}

static int build_delta(const struct storage *from, const char *delta, const char *work, struct err *e)
{
	const char *top = from->kind == STORAGE_OVERLAY ? from->upper : from->path;
	struct stat st;
	int r;

	if (stat(top, &st) < 0)
		return err_sys(e, "look at", "%s", top);
	r = make_folder(delta, 0755, e);
	if (r == 0)
		r = make_folder(work, 0755, e);
	if (r == 0)
		r = from->kind == STORAGE_OVERLAY ? copy_folder(from->upper, delta, e) : dress(delta, &st, e);
	return r < 0 ? r : dress(work, &st, e);
}

static int build_overlay(const struct replica *r, struct err *e)
{
	_own_free char *rootfs = str_fmt("%s/rootfs", r->at), *overlay = str_fmt("%s/overlay", r->at);
	_own_free char *delta = str_fmt("%s/overlay/delta", r->at), *work = str_fmt("%s/overlay/work", r->at);
	int x;

	if (!rootfs || !overlay || !delta || !work)
		return err_num(e, ENOMEM, "copy", "%s", r->from->path);
	if (strpbrk(r->from->path, ",") || strpbrk(r->final, ":,") ||
	    (r->from->kind == STORAGE_DIR && strchr(r->from->path, ':')))
		return err_say(e, EINVAL, "no overlay can be made of %s for %s: a path of its holds a colon or a comma",
			       r->from->path, r->final);
	x = make_folder(rootfs, 0755, e);
	if (x == 0)
		x = make_folder(overlay, 0755, e);
	return x < 0 ? x : build_delta(r->from, delta, work, e);
}

/* The config's lxc.rootfs.path. */
static char *value_of(const struct replica *r)
{
	return r->to == STORAGE_OVERLAY ? str_fmt("overlay:%s:%s/overlay/delta", r->from->path, r->final)
					: str_fmt("dir:%s/rootfs", r->final);
}

static bool is_storage(const char *path)
{
	static const char *const folders[] = { "rootfs", "overlay", "snaps" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		size_t n = strlen(folders[i]);

		if (strncmp(path, folders[i], n) == 0 && (!path[n] || path[n] == '/'))
			return true;
	}
	return strcmp(path, "config") == 0;
}

/* Hooks, the fstab, overlays of its mounts: what of its own folder the config names. */
static int copy_files(const struct replica *r, const char *text, struct err *e)
{
	_own_fd int from = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_fd int to = open(r->at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_own_strv struct strv files = { 0 };
	int x = config_files(text, r->folder, &files);

	if (x < 0)
		return err_num(e, ENOMEM, "copy", "%s", r->folder);
	if (from < 0 || to < 0)
		return err_sys(e, "open folder", "%s", from < 0 ? r->folder : r->at);
	for (size_t i = 0; x == 0 && i < files.n; i++)
		if (!is_storage(files.v[i]))
			x = storage_copy_one(from, to, files.v[i], r->folder, e);
	return x;
}

static int write_config(const struct replica *r, const char *text, struct err *e)
{
	_own_document struct document *d = NULL;
	_own_free char *keep = r->to == STORAGE_OVERLAY ? str_fmt("%s/rootfs", r->folder) : NULL;
	_own_free char *homed = config_rehome(text, &(struct rehome){ r->folder, r->final, keep });
	_own_free char *given = !homed ? NULL : r->new_macs ? config_macs(homed, true) : strdup(homed);
	_own_free char *file = str_fmt("%s/config", r->at), *value = value_of(r);
	int x;

	if (!given || !file || !value)
		return err_num(e, ENOMEM, "write", "%s/config", r->at);
	x = document_parse(&d, given, strlen(given), file, e);
	if (x == 0 && r->to != STORAGE_NONE)
		x = document_set(d, "lxc.rootfs.path", value, e);
	if (x == 0 && r->uts)
		x = document_set(d, "lxc.uts.name", r->uts, e);
	return x < 0 ? x : document_save(d, file, e);
}

int replica_build(const struct replica *r, struct err *e)
{
	_own_free char *text = NULL;
	int x = io_read_file(AT_FDCWD, r->config, CONFIG_MOST, &text, NULL);

	if (x < 0)
		return err_num(e, -x, "read", "%s", r->config);
	if (r->to == STORAGE_DIR)
		x = build_dir(r, e);
	else if (r->to == STORAGE_OVERLAY)
		x = build_overlay(r, e);
	if (x == 0)
		x = copy_files(r, text, e);
	return x < 0 ? x : write_config(r, text, e);
}

int replica_parents(const char *folder, const struct dependent *self, struct strv *out, struct err *e)
{
	int r = dependents_read(folder, PARENTS, out, e);

	if (r == 0 && self && (strv_add(out, self->lxcpath) < 0 || strv_add(out, self->name) < 0))
		r = err_num(e, ENOMEM, "note", "%s/" DEPENDENTS, folder);
	return r;
}
