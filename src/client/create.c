/* SPDX-License-Identifier: MIT */
/*
 * A new container: its folder, its config, its rootfs, its template. What was made is noted as it is
 * made; when anything fails, exactly that is taken back.
 */
#include "client/disk.h"

#include "base/io.h"
#include "base/own.h"
#include "engine/places.h"
#include "features/mapped.h"
#include "features/userns.h"
#include "spec/document.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MOST = 4 << 20 };

/* What one creation has made so far; undone by undo(). */
struct making {
	struct container *c;
	const struct create_request *r;
	char *template;	     /* its path, NULL: none */
	char *rootfs;	     /* the folder that the template fills, NULL: none */
	struct spec *mapped; /* the config so far where it maps ids, NULL: it does not */
	char *replaced;	     /* the text of the config that was there, NULL: none was */
	struct claim f;
	bool made_config;
	bool made_rootfs, found_rootfs; /* found: it was there, and empty */
};

/* LXC's API goes on from a config that was saved before, as long as it names no rootfs: python3-lxc creates so. */
static bool is_begun(const struct making *m)
{
	_own_problems struct problems ignored = { 0 };
	_own_spec struct spec *s = NULL;
	_own_buf struct buf path = { 0 };
	struct err e = { 0 };

	return m->r->go_on && spec_new(&s, &e) == 0 && spec_read_file(s, m->c->config_file, &ignored, NULL) == 0 &&
	       (spec_get(s, "lxc.rootfs.path", &path) < 0 || !path.len);
}

static int is_taken(const struct container *c, struct err *e)
{
	(void)err_say(e, EEXIST, "Container already exists");
	err_hint(e, "take another name, or remove it first: lxc-destroy -n %s", c->name);
	return -EEXIST;
}

static int claim(struct making *m, struct err *e)
{
	int r = claim_folder(&m->f, m->c, e);

	return r == 0 && container_defined(m->c) && !is_begun(m) ? is_taken(m->c, e) : r;
}

/* The config to begin with: what was asked for, else the default one; none at all is an empty one. */
static int initial_config(const struct create_request *r, char **text, struct err *e)
{
	_own_free char *dflt = r->config ? NULL : default_config();
	const char *path = r->config ? r->config : dflt ? dflt : "";
	int x = io_read_file(AT_FDCWD, path, CONFIG_MOST, text, NULL);

	if (x == -ENOENT && !r->config) {
		*text = strdup("");
		x = *text ? 0 : -ENOMEM;
	}
	return x < 0 ? err_num(e, -x, "read", "the initial config %s", path) : 0;
}

/* What the config says so far. NULL: something in it is wrong, which the start tells, with its line. */
static struct spec *understood(const struct making *m, const char *text)
{
	_own_spec struct spec *s = NULL;
	_own_problems struct problems p = { 0 };
	struct err quiet = { 0 };

	if (spec_new(&s, &quiet) < 0 || spec_read_text(s, text, strlen(text), m->c->config_file, 0, &p) < 0 || p.n)
		return NULL;
	return take_ptr(&s);
}

/* Without a template the rootfs is one that is there already, if the config names any. */
static int adopt_rootfs(const struct making *m, const struct spec *s, struct document *d, struct err *e)
{
	_own_buf struct buf path = { 0 };
	_own_free char *value = NULL;

	if (!s || spec_get(s, "lxc.rootfs.path", &path) < 0 || !path.len || path.s[0] != '/')
		return 0;
	if (access(path.s, F_OK) < 0)
		return err_say(e, ENOENT, "The rootfs \"%s\" does not exist", path.s);
	value = str_fmt("dir:%s", path.s);
	return value ? document_set(d, "lxc.rootfs.path", value, e)
		     : err_num(e, ENOMEM, "write", "%s", m->c->config_file);
}

/* Here or in an include; its default would not tell. */
static bool says(const struct spec *s, struct document *d, const char *key)
{
	_own_free char *line = str_fmt("\n%s = ", key);
	_own_buf struct buf all = { 0 };

	if (document_line(d, key))
		return true;
	return s && line && spec_print(s, &all) == 0 && all.s && strstr(all.s, line);
}

static int add_defaults(const struct making *m, const struct spec *s, struct document *d, struct err *e)
{
	int r = 0;

	for (const struct create_default *l = m->r->defaults; r == 0 && l && l->key; l++)
		if (!says(s, d, l->key))
			r = document_set(d, l->key, l->value, e);
	return r;
}

static bool is_overlay(const struct create_request *r)
{
	return r->bdev && (strcmp(r->bdev, "overlay") == 0 || strcmp(r->bdev, "overlayfs") == 0);
}

static int name_rootfs(const struct making *m, struct document *d, struct err *e)
{
	_own_free char *value = is_overlay(m->r) ? str_fmt("overlay:%s:%s/overlay/delta", m->rootfs, m->c->dir)
						 : str_fmt("dir:%s", m->rootfs);

	return value ? document_set(d, "lxc.rootfs.path", value, e)
		     : err_num(e, ENOMEM, "write", "%s", m->c->config_file);
}

static int write_config(struct making *m, struct err *e)
{
	_own_document struct document *d = NULL;
	_own_spec struct spec *s = NULL;
	_own_free char *given = NULL, *text = NULL;
	int r = initial_config(m->r, &given, e);

	if (r < 0)
		return r;
	text = config_macs(given, false);
	if (!text)
		return err_num(e, ENOMEM, "write", "%s", m->c->config_file);
	r = document_parse(&d, text, strlen(text), m->c->config_file, e);
	s = understood(m, text);
	if (r == 0)
		r = m->rootfs ? name_rootfs(m, d, e) : adopt_rootfs(m, s, d, e);
	if (r == 0)
		r = add_defaults(m, s, d, e);
	if (r < 0)
		return r;
	(void)!io_read_file(m->f.dir_fd, "config", CONFIG_MOST, &m->replaced, NULL);
	m->made_config = true;
	return document_save(d, NULL, e);
}

/* A folder with something in it is somebody's: a template would mix with it, and an undo would remove it. */
static int make_rootfs(struct making *m, struct err *e)
{
	_own_fd int fd = -1;
	int empty;

	if (!m->rootfs)
		return 0;
	if (mkdir(m->rootfs, 0755) == 0) {
		m->made_rootfs = true;
	} else if (errno != EEXIST) {
		return err_sys(e, "create folder", "%s", m->rootfs);
	} else {
		empty = io_is_empty(m->rootfs);
		if (empty < 0)
			return err_num(e, -empty, "use as rootfs", "%s", m->rootfs);
		if (!empty) {
			(void)err_say(e, ENOTEMPTY, "%s is not empty: a new rootfs would mix with what is in it",
				      m->rootfs);
			err_hint(e, "for a rootfs that is there, use -t none and a config with lxc.rootfs.path");
			return -ENOTEMPTY;
		}
		m->found_rootfs = true;
	}
	fd = open(m->rootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open folder", "%s", m->rootfs);
	if (m->made_rootfs && fchmod(fd, 0755) < 0)
		return err_sys(e, "set the mode of", "%s", m->rootfs);
	if (m->made_rootfs)
		storage_mark(fd, m->c);
	return 0;
}

/* Of an overlay the template fills the lower folder; the upper one, as "/" of the container, is its root's, too. */
static int make_delta(void *making, struct err *e)
{
	const struct making *m = making;
	_own_free char *overlay = str_fmt("%s/overlay", m->c->dir), *delta = str_fmt("%s/overlay/delta", m->c->dir);
	struct stat st;

	if (!overlay || !delta)
		return err_num(e, ENOMEM, "create folder", "%s/overlay", m->c->dir);
	if (strpbrk(m->c->dir, ":,"))
		return err_say(e, EINVAL, "no overlay can be made in %s: the path holds a colon or a comma", m->c->dir);
	if (mkdir(overlay, 0755) < 0 || chmod(overlay, 0755) < 0 || mkdir(delta, 0755) < 0)
		return err_sys(e, "create folder", "%s/delta", overlay);
	if (stat(m->rootfs, &st) < 0 || chown(delta, st.st_uid, st.st_gid) < 0 || chmod(delta, st.st_mode & 07777) < 0)
		return err_sys(e, "set the owner and mode of", "%s", delta);
	return 0;
}

static char *header_of(const struct making *m)
{
	_own_buf struct buf b = { 0 };

	buf_addf(&b, "# Template used to create this container: %s\n# Parameters passed to the template:", m->template);
	for (char **a = m->r->args; a && *a; a++)
		buf_addf(&b, " %s", *a);
	buf_addf(&b, "\n# For additional config options, please look at lxc.container.conf(5)\n\n"
		     "# Uncomment the following line to support nesting containers:\n");
	buf_addf(&b, "#lxc.include = %s/nesting.conf\n", place_installed(PLACE_CONFIG));
	buf_addf(&b, "# (Be aware this has security implications)\n\n");
	return buf_take(&b);
}

/* The header, then what the config has become; on disk before `partial` goes. */
static int finish_config(struct making *m, struct err *e)
{
	_own_free char *text = NULL, *header = m->template ? header_of(m) : strdup(""), *all = NULL;
	int r = io_read_file(m->f.dir_fd, "config", CONFIG_MOST, &text, NULL);

	if (r < 0)
		return err_num(e, -r, "read", "%s", m->c->config_file);
	all = header ? str_fmt("%s%s", header, text) : NULL;
	if (!all)
		return err_num(e, ENOMEM, "write", "%s", m->c->config_file);
	return io_replace_file(m->f.dir_fd, "config", all, strlen(all), 0640, e);
}

/* The undo, in the opposite order. Its own errors are silent: the first one is what the user has to know. */
static int undo(void *making, struct err *e)
{
	struct making *m = making;

	if (m->made_rootfs)
		(void)!io_remove_tree(AT_FDCWD, m->rootfs, e);
	if (m->found_rootfs)
		(void)!storage_empty(AT_FDCWD, m->rootfs, e);
	if (m->f.made_dir)
		return claim_remove(m->c, -1, e);
	if (m->made_config && m->replaced)
		(void)!io_replace_file(m->f.dir_fd, "config", m->replaced, strlen(m->replaced), 0640, e);
	else if (m->made_config)
		(void)unlinkat(m->f.dir_fd, "config", 0);
	if (m->f.partial_fd >= 0)
		claim_complete(&m->f);
	return 0;
}

/* What a template has made may belong to mapped ids. */
static void take_back(struct making *m)
{
	struct err quiet = { 0 };

	(void)!(mapped_needed(m->mapped) ? mapped_run(m->mapped, undo, m, &quiet) : undo(m, &quiet));
}

/* Told by the config so far whether the rootfs is to belong to mapped ids; what is wrong in it, the start tells. */
static int run_template(struct making *m, struct err *e)
{
	_own_problems struct problems ignored = { 0 };
	_own_spec struct spec *s = NULL;
	int r = spec_new(&s, e);

	if (r < 0)
		return r;
	if (spec_read_file(s, m->c->config_file, &ignored, NULL) == 0 && spec_check(s, &ignored) == 0 &&
	    userns_wanted(s))
		m->mapped = take_ptr(&s);
	return template_run(&(struct template_call){ .path = m->template,
						     .c = m->c,
						     .mapped = m->mapped,
						     .rootfs = m->rootfs,
						     .args = m->r->args,
						     .quiet = m->r->quiet,
						     .held = m->f.partial_fd },
			    e);
}

static int make(struct making *m, struct err *e)
{
	int r = claim(m, e);

	if (r == 0)
		r = make_rootfs(m, e);
	if (r == 0)
		r = write_config(m, e);
	if (r == 0 && m->template)
		r = run_template(m, e);
	if (r == 0 && m->template && is_overlay(m->r))
		r = mapped_needed(m->mapped) ? mapped_run(m->mapped, make_delta, m, e) : make_delta(m, e);
	if (r == 0)
		r = finish_config(m, e);
	if (r == 0 && disk_cancelled)
		r = err_say(e, ECANCELED, "the creation was cancelled");
	return r;
}

/* Newlines in what is written to the config as a comment would end the comment. */
static int check_request(const struct container *c, const struct create_request *r, struct err *e)
{
	if (r->bdev && !is_overlay(r) && strcmp(r->bdev, "dir") != 0 && strcmp(r->bdev, "none") != 0 &&
	    strcmp(r->bdev, "best") != 0)
		return err_say(e, EINVAL, "%s is not a valid backing storage type", r->bdev);
	if (r->dir && *r->dir != '/')
		return err_say(e, EINVAL, "--dir %s is not an absolute path", r->dir);
	for (char **a = r->args; a && *a; a++)
		if (strchr(*a, '\n'))
			return err_say(e, EINVAL, "an argument of the template holds a newline");
	if (strchr(c->lxcpath, '\n') || (r->dir && strchr(r->dir, '\n')))
		return err_say(e, EINVAL, "a path holds a newline");
	return container_defined(c) && !r->go_on ? is_taken(c, e) : 0;
}

int container_create(struct container *c, const struct create_request *r, struct err *e)
{
	struct making m = { .c = c, .r = r, .f = CLAIM_NOTHING };
	_own_problems struct problems ignored = { 0 };
	int x = claim_clear(c, e);

	if (x == 0)
		x = check_request(c, r, e);
	if (x == 0 && r->template)
		x = template_find(r->template, &m.template, e);
	if (x < 0)
		return x;
	if (r->template)
		m.rootfs = r->dir && !is_overlay(r) ? strdup(r->dir) : str_fmt("%s/rootfs", c->dir);
	x = r->template && !m.rootfs ? err_num(e, ENOMEM, "create", "%s", c->name) : make(&m, e);
	if (x < 0)
		take_back(&m);
	else
		claim_complete(&m.f);
	claim_end(&m.f);
	if (m.mapped)
		spec_free(m.mapped);
	free(m.rootfs);
	free(m.template);
	free(m.replaced);
	if (x == 0)
		(void)!container_load(c, NULL, &ignored); /* what a template wrote wrong is told at the start */
	return x;
}
