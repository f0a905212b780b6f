/* SPDX-License-Identifier: MIT */
/* What makes a copy one for a while: lxc-copy -e with its mounts and its tmpfs. Files and lines are those that LXC
 * makes. */
#include "client/disk.h"

#include "base/io.h"
#include "base/own.h"
#include "features/userns.h"
#include "spec/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct mount {
	char *from, *to;
	bool overlay, read_only;
};

static void mount_end(struct mount *m)
{
	free(m->from);
	free(m->to);
}
#define _own_mount __attribute__((cleanup(mount_end)))

static int misspelt(const char *text, struct err *e)
{
	int r = err_say(e, EINVAL, "\"%s\" is no mount", text);

	err_hint(e, "bind=SOURCE[:TARGET][:ro|rw] or overlay=SOURCE[:TARGET], with absolute paths");
	return r;
}

/* A blank would end a word of the line in the config. */
static bool is_path(const char *s)
{
	return *s == '/' && !strpbrk(s, " \t\n,\\\"'#");
}

static int parse(const char *text, struct mount *m, struct err *e)
{
	_own_strv struct strv words = { 0 };
	const char *paths = strchr(text, '=');
	size_t n;

	if (!paths || strv_split(&words, paths + 1, ":") < 0 || words.n < 1)
		return misspelt(text, e);
	m->overlay = str_starts(text, "overlay=") || str_starts(text, "overlayfs=");
	n = words.n;
	if (!m->overlay && !str_starts(text, "bind="))
		return misspelt(text, e);
	if (!m->overlay && n > 1 && (strcmp(words.v[n - 1], "ro") == 0 || strcmp(words.v[n - 1], "rw") == 0))
		m->read_only = words.v[--n][1] == 'o';
	if (n < 1 || n > 2 || !is_path(words.v[0]) || !is_path(words.v[n - 1]))
		return misspelt(text, e);
	m->from = strdup(words.v[0]);
	m->to = strdup(words.v[n - 1]);
	return m->from && m->to ? 0 : err_num(e, ENOMEM, "mount", "%s", text);
}

int ephemeral_check(const struct ephemeral *x, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->mounts->n; i++) {
		_own_mount struct mount m = { 0 };

		r = parse(x->mounts->v[i], &m, e);
	}
	return r;
}

/* A new folder of the container's, for its root. */
static int own_folder(const struct container *c, const char *what, char **path, struct err *e)
{
	_own_free char *at = str_fmt("%s/%s#XXXXXX", c->dir, what);
	uid_t uid;
	gid_t gid;

	if (!at || !mkdtemp(at))
		return err_sys(e, "create a folder in", "%s", c->dir);
	if (geteuid() == 0 && userns_wanted(c->spec)) {
		userns_root(c->spec, &uid, &gid);
		if (chown(at, (uid_t)userns_host_uid(c->spec, uid), (gid_t)-1) < 0)
			return err_sys(e, "set the owner of", "%s", at);
	}
	*path = take_ptr(&at);
	return 0;
}

static int overlay_line(const struct container *c, const struct mount *m, char **line, struct err *e)
{
	_own_free char *work = NULL, *delta = NULL;
	int r = own_folder(c, "work", &work, e);

	if (r == 0)
		r = own_folder(c, "delta", &delta, e);
	if (r < 0)
		return r;
	*line = str_fmt("%s %s overlay lowerdir=%s,upperdir=%s,workdir=%s,create=dir", m->from, m->to + 1, m->from,
			delta, work);
	return 0;
}

static int bind_line(const struct mount *m, char **line, struct err *e)
{
	struct stat st;

	if (stat(m->from, &st) < 0)
		return err_sys(e, "mount", "%s", m->from);
	*line = str_fmt("%s %s none bind,optional,%s,create=%s 0 0", m->from, m->to + 1, m->read_only ? "ro" : "rw",
			S_ISDIR(st.st_mode) ? "dir" : "file");
	return 0;
}

static int add_mount(struct container *c, const char *text, struct err *e)
{
	_own_mount struct mount m = { 0 };
	_own_free char *line = NULL;
	int r = parse(text, &m, e);

	if (r == 0)
		r = m.overlay ? overlay_line(c, &m, &line, e) : bind_line(&m, &line, e);
	if (r == 0 && !line)
		r = err_num(e, ENOMEM, "mount", "%s", text);
	return r < 0 ? r : container_set(c, "lxc.mount.entry", line, e);
}

/* As one word of a shell's. */
static void add_quoted(struct buf *b, const char *word)
{
	buf_addf(b, "'");
	for (; *word; word++)
		*word == '\'' ? buf_addf(b, "'\\''") : buf_add(b, word, 1);
	buf_addf(b, "'");
}

/* The tmpfs is mounted where the container is being made, and is gone with it. */
static char *script_of(const struct container *c)
{
	_own_buf struct buf b = { 0 }, overlay = { 0 };

	buf_addf(&overlay, "%s/overlay", c->dir);
	if (overlay.failed)
		return NULL;
	buf_addf(&b, "#! /bin/sh\nset -e\nat=");
	add_quoted(&b, overlay.s);
	buf_addf(&b, "\nmount -n -t tmpfs -o mode=0755 none \"$at\"\n"
		     "mkdir -p \"$at/work\" \"$at/delta/etc\"\necho ");
	add_quoted(&b, c->name);
	buf_addf(&b, " > \"$at/delta/etc/hostname\"\n");
	return buf_take(&b);
}

static int add_tmpfs(struct container *c, struct err *e)
{
	_own_free char *path = str_fmt("%s/pre-start-XXXXXX", c->dir), *script = script_of(c), *word = NULL;
	_own_buf struct buf quoted = { 0 };
	_own_fd int fd = path && script ? mkostemp(path, O_CLOEXEC) : -1;

	if (fd < 0 || fchmod(fd, 0755) < 0 || io_write_all(fd, script, strlen(script)) < 0)
		return err_sys(e, "write", "%s/pre-start-XXXXXX", c->dir);
	if (strpbrk(path, " \t'\"\\$`;&|<>()*?[]#~"))
		add_quoted(&quoted, path);
	else
		buf_addf(&quoted, "%s", path);
	word = buf_take(&quoted);
	return word ? container_set(c, "lxc.hook.pre-mount", word, e) : err_num(e, ENOMEM, "write", "%s", path);
}

int container_make_ephemeral(struct container *c, const struct ephemeral *x, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->mounts->n; i++)
		r = add_mount(c, x->mounts->v[i], e);
	if (r == 0 && x->tmpfs)
		r = add_tmpfs(c, e);
	if (r == 0 && !x->keep)
		r = container_set(c, "lxc.ephemeral", "1", e);
	return r < 0 ? r : container_save(c, NULL, e);
}
