/* SPDX-License-Identifier: MIT */
/*
 * A container's config in memory, as liblxc's callers change it: what it means (the spec) and the text that a save
 * will write (the document) move together. The commands that only read a config load it by container_load().
 */
#include "client/disk.h"
#include "client/kept.h"

#include "base/io.h"
#include "base/own.h"
#include "spec/document.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MOST = 16 << 20 };

void container_forget(struct container *c)
{
	if (c->own)
		spec_free(c->own);
	if (c->kept)
		kept_put(c->kept);
	if (c->doc)
		document_free(c->doc);
	c->spec = c->own = NULL;
	c->kept = NULL;
	c->doc = NULL;
}

void container_take(struct container *c, struct spec *s)
{
	c->spec = c->own = s;
}

static int tell(struct problems *p, int code, const char *path)
{
	struct err *e = problems_next(p);

	return e ? err_num(e, -code, "read", "%s", path) : code;
}

/* What others share is read once more: what the file says now is what will be changed. */
static int part_from_others(struct container *c, struct err *e)
{
	_own_problems struct problems p = { 0 };
	struct kept *k = take_ptr(&c->kept);
	int r;

	container_take(c, kept_own(k));
	if (c->own)
		return 0;
	r = container_merge(c, NULL, &p);
	if (r < 0 && p.n)
		*e = p.v[0];
	return r;
}

/* A spec to put things into. */
static int need_own(struct container *c, struct err *e)
{
	struct spec *s = NULL;
	int r;

	if (c->own)
		return 0;
	if (c->kept)
		return part_from_others(c, e);
	r = spec_new(&s, e);
	if (r == 0)
		container_take(c, s);
	return r;
}

/* And a document. What container_load() read is read once more, for its text. */
static int need_both(struct container *c, struct err *e)
{
	_own_document struct document *d = NULL;
	int r = need_own(c, e);

	if (r < 0 || c->doc)
		return r;
	r = access(c->config_file, F_OK) == 0 && c->spec->files.n ? document_read(&d, c->config_file, e)
								  : document_new(&d, e);
	if (r == 0)
		c->doc = take_ptr(&d);
	return r;
}

/* The x of a MAC address becomes a digit once, for the spec and for the text alike. */
static int merge_text(struct container *c, const char *path, const char *given, struct problems *p)
{
	_own_free char *text = config_macs(given, false);
	struct err e = { 0 };
	int r = text ? 0 : -ENOMEM;

	if (r == 0)
		r = need_own(c, &e);
	if (r == 0 && !c->doc)
		r = document_new(&c->doc, &e);
	if (r == 0)
		r = document_append(c->doc, text, strlen(text), &e);
	return r < 0 ? tell(p, r, path) : spec_read_text(c->own, text, strlen(text), path, 0, p);
}

int container_recall(struct container *c, struct problems *p)
{
	struct kept *k = NULL;
	int r = kept_read(c->config_file, &k, p);

	container_forget(c);
	if (r < 0)
		return r;
	if (!k)
		return container_merge(c, NULL, p);
	c->kept = k;
	c->spec = kept_spec(k);
	return 0;
}

int container_merge(struct container *c, const char *file, struct problems *p)
{
	const char *path = file ? file : c->config_file;
	_own_free char *text = NULL;
	size_t len;
	int r = io_read_file(AT_FDCWD, path, CONFIG_MOST, &text, &len);

	if (r < 0)
		return tell(p, r, path);
	if (memchr(text, 0, len)) {
		struct err *e = problems_next(p);

		return e ? err_say(e, EINVAL, "%s: a config file cannot hold a NUL byte", path) : -EINVAL;
	}
	return merge_text(c, path, text, p);
}

/* What the text will say: a MAC address with its x replaced, every other value as it was given. */
static int put_in_document(struct container *c, const char *key, const char *value, struct err *e)
{
	_own_buf struct buf mac = { 0 };

	if (str_ends(key, ".hwaddr") && *value && spec_get(c->spec, key, &mac) == 0 && mac.len)
		value = mac.s;
	return document_set(c->doc, key, value, e);
}

int container_set(struct container *c, const char *key, const char *value, struct err *e)
{
	int r = need_both(c, e);

	if (r == 0)
		r = spec_set(c->own, key, value, (struct origin){ 0 }, e);
	return r < 0 ? r : put_in_document(c, key, value, e);
}

int container_clear_key(struct container *c, const char *key, struct err *e)
{
	int r = need_both(c, e);

	if (r == 0)
		r = spec_clear(c->own, key, e);
	return r < 0 ? r : document_clear(c->doc, key, e);
}

static int load_default(struct container *c, struct err *e)
{
	_own_free char *path = default_config();
	_own_problems struct problems p = { 0 };

	if (path && access(path, F_OK) == 0 && container_merge(c, path, &p) < 0) {
		*e = p.n ? p.v[0] : (struct err){ .set = true, .errnum = ENOMEM };
		return -(e->errnum ? e->errnum : EINVAL);
	}
	return 0;
}

int container_save(struct container *c, const char *file, struct err *e)
{
	int r = c->spec ? 0 : load_default(c, e);

	if (r == 0)
		r = need_both(c, e);
	if (r == 0 && !file && mkdir(c->dir, 0770) < 0 && errno != EEXIST)
		r = err_sys(e, "create folder", "%s", c->dir);
	return r < 0 ? r : document_save(c->doc, file ? file : c->config_file, e);
}

int container_draft(struct container *c, char **path, struct err *e)
{
	char name[] = "/tmp/keg-config.XXXXXX";
	_own_fd int fd = mkostemp(name, O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "create", "%s", name);
	r = container_save(c, name, e);
	if (r == 0) {
		*path = strdup(name);
		r = *path ? 0 : err_num(e, ENOMEM, "write", "%s", name);
	}
	if (r < 0)
		(void)unlink(name);
	return r;
}

int container_move(struct container *c, const char *lxcpath, struct err *e)
{
	_own_free char *path = NULL, *dir = NULL, *config = NULL;
	int r = container_lxcpath(lxcpath, &path, e);

	if (r == 0 && c->kept) /* which would be read from the new place */
		r = need_own(c, e);
	if (r < 0)
		return r;
	dir = str_fmt("%s/%s", strcmp(path, "/") == 0 ? "" : path, c->name);
	config = dir ? str_fmt("%s/config", dir) : NULL;
	if (!config)
		return err_num(e, ENOMEM, "open container", "%s", c->name);
	free(c->lxcpath);
	free(c->dir);
	free(c->config_file);
	c->lxcpath = take_ptr(&path);
	c->dir = take_ptr(&dir);
	c->config_file = take_ptr(&config);
	return 0;
}
