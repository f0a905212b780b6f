/* SPDX-License-Identifier: MIT */
/* Reads the config language: lines "lxc.KEY = VALUE", comments, includes; tells all mistakes at once. */
#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "spec/key.h"
#include "spec/sources.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 32, MOST_FILES = 4096, LARGEST = 16 << 20 };

/* The files that are being read, the innermost first. */
struct reading {
	dev_t dev;
	ino_t ino;
	const struct reading *by;
};

struct reader {
	struct spec *spec;
	struct problems *problems;
	unsigned flags;
	unsigned depth, files;
	struct sources *sources; /* NULL: nobody asks where it came from */
	const struct reading *reading;
	bool too_deep; /* said already: files that include each other would say it without end */
	struct err e;  /* of the line at hand: it is large, and clean again after each */
};

static int read_path(struct reader *r, const char *path, bool folders, struct origin at);

static void problem(struct reader *r, struct origin at, const char *key, const char *text)
{
	struct err *e = problems_next(r->problems);

	if (!e)
		return;
	(void)err_say(e, EINVAL, "%s", text);
	err_key(e, key, at);
}

/* The file itself, or, with the line that asked for it, one that it includes. */
static int unreadable(struct reader *r, int code, const char *path, struct origin at)
{
	struct err *p = problems_next(r->problems);

	if (p) {
		(void)err_num(p, -code, "read", "%s", path);
		if (at.file || r->depth)
			err_key(p, "lxc.include", at);
	}
	return code;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* By the system call itself: readdir(3) takes and gives back 32 KiB for the two names that are there as a rule. */
static int list_confs(int fd, struct strv *names)
{
	_Alignas(struct dirent64) char room[2048];
	ssize_t n;

	while ((n = getdents64(fd, room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *x = (const void *)(room + at);

			if (strlen(x->d_name) >= 6 && str_ends(x->d_name, ".conf") && strv_add(names, x->d_name) < 0)
				return -ENOMEM;
			at += x->d_reclen;
		}
	}
	return n < 0 ? -errno : 0;
}

/* Every *.conf of the folder, by name: LXC takes readdir's order, which no user can foresee. */
static int read_folder(struct reader *r, int fd, const char *path, struct origin at)
{
	_own_strv struct strv names = { 0 };
	size_t len = strlen(path);
	int e = list_confs(fd, &names);

	if (e < 0)
		return unreadable(r, e, path, at);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	while (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < names.n; i++) {
		_own_free char *p = str_fmt("%.*s/%s", (int)len, path, names.v[i]);

		if (!p)
			return -ENOMEM;
		(void)read_path(r, p, false, at);
	}
	return 0;
}

static void include(struct reader *r, const char *path, struct origin at)
{
	if (!*path)
		return;
	if (r->depth >= DEEPEST || r->files >= MOST_FILES) {
		if (!r->too_deep)
			problem(r, at, "lxc.include",
				r->depth >= DEEPEST ? "includes are nested more than 32 deep"
						    : "more than 4096 files are included");
		r->too_deep = true;
		return;
	}
	r->depth++;
	(void)read_path(r, path, true, at);
	r->depth--;
}

/* `# LINE "FILE"`: where the next line came from. */
static void wire_origin(struct reader *r, char *line, struct origin *at)
{
	char *quote = strchr(line, '"'), *end = strrchr(line, '"');
	int64_t n;

	if (!quote || quote < line + 3 || end == quote)
		return;
	quote[-1] = 0;
	*end = 0;
	if (num_i64(line + 2, 0, UINT32_MAX, &n) < 0)
		return;
	at->file = quote[1] ? spec_file(r->spec, quote + 1) : NULL;
	at->line = (unsigned)n;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char *skip_blanks(char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* Ends the text behind its last character that is no space. */
static char *cut_spaces(const char *s, char *end)
{
	while (end > s && is_space(end[-1]))
		end--;
	*end = 0;
	return end;
}

static char *unquote(char *s, char *end)
{
	if (end - s < 2 || (s[0] != '"' && s[0] != '\'') || end[-1] != s[0])
		return s;
	end[-1] = 0;
	return s + 1;
}

static bool is_key(const char *name)
{
	enum feature_id f;
	unsigned index;
	const char *rest;

	return key_find(name, &f, &index, &rest) != NULL;
}

/* `end` is the NUL behind the line. */
static void read_line(struct reader *r, char *line, char *end, struct origin *at)
{
	char *key, *value, *equals;

	if (r->flags & SPEC_WIRE && str_starts(line, "# ")) {
		wire_origin(r, line, at);
		return;
	}
	key = skip_blanks(line);
	if (!str_starts(key, "lxc.")) /* comments, and what older LXC versions let pass */
		return;
	end = cut_spaces(key, end);
	equals = memchr(key, '=', (size_t)(end - key));
	if (!equals) {
		problem(r, *at, key, "a config line needs a \"=\" behind its key");
		return;
	}
	(void)cut_spaces(key, equals);
	value = skip_blanks(equals + 1);
	if (!(r->flags & SPEC_WIRE))
		value = unquote(value, end);
	if (strcmp(key, "lxc.include") == 0) {
		include(r, value, *at);
		return;
	}
	if (r->problems->n >= PROBLEMS_MOST && !is_key(key))
		return; /* the search for the name that was meant is slow, and no longer told */
	if (r->sources && str_ends(key, ".hwaddr") && strpbrk(value, "xX"))
		r->sources->drawn = true;
	if (spec_set(r->spec, key, value, *at, &r->e) < 0) {
		struct err *kept = problems_next(r->problems);

		if (kept)
			*kept = r->e;
	}
	if (r->e.set)
		err_clear(&r->e);
}

/* Lines are cut in place, in one copy of the text. */
static int read_text(struct reader *r, const char *text, size_t len, const char *file)
{
	struct origin at = { .file = spec_file(r->spec, file) };
	_own_free char *copy = malloc(len + 1);
	const char *nul = memchr(text, 0, len);

	if (!at.file || !copy)
		return -ENOMEM;
	if (nul) {
		for (const char *c = text; c < nul; c++)
			at.line += *c == '\n';
		at.line++;
		problem(r, at, "", "a config file cannot hold a NUL byte");
		return -EINVAL;
	}
	memcpy(copy, text, len);
	copy[len] = 0;
	for (char *line = copy, *next; line < copy + len; line = next) {
		char *newline = memchr(line, '\n', (size_t)(copy + len - line));

		next = newline ? newline + 1 : copy + len;
		if (newline)
			*newline = 0;
		if (!(r->flags & SPEC_WIRE))
			at.line++;
		read_line(r, line, newline ? newline : copy + len, &at);
	}
	return 0;
}

static bool is_being_read(const struct reader *r, const struct stat *st)
{
	for (const struct reading *f = r->reading; f; f = f->by)
		if (f->dev == st->st_dev && f->ino == st->st_ino)
			return true;
	return false;
}

static int refuse_file(struct reader *r, int code, const char *path, const char *text, struct origin at)
{
	struct err *p = problems_next(r->problems);

	if (p) {
		(void)err_say(p, code, "%s %s", path, text);
		if (at.file || r->depth)
			err_key(p, "lxc.include", at);
	}
	return -code;
}

/* A pipe that nobody writes to would be waited for without end; those of a shell's <(...) lie in /dev and have a
 * writer. */
static bool is_readable(const char *path, const struct stat *st)
{
	return !S_ISFIFO(st->st_mode) || str_starts(path, "/dev/") || str_starts(path, "/proc/");
}

/* What is read for a file of LXC's packages that is not there; NULL: nothing. */
static int open_instead(const char *path, char **instead)
{
	*instead = include_instead(path);
	return *instead ? open(*instead, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
}

static int read_file(struct reader *r, int fd, const char *path, const struct stat *st, struct origin at)
{
	_own_free char *text = NULL;
	struct reading now = { .dev = st->st_dev, .ino = st->st_ino, .by = r->reading };
	size_t len;
	int e;

	if (is_being_read(r, st))
		return refuse_file(r, ELOOP, path, "includes itself", at);
	if (!is_readable(path, st))
		return refuse_file(r, EINVAL, path, "is a pipe, which cannot be a config file", at);
	if (S_ISREG(st->st_mode)) {
		e = io_read_regular(fd, (size_t)st->st_size, LARGEST, &text, &len);
	} else {
		(void)fcntl(fd, F_SETFL, O_RDONLY); /* a pipe's writer, or a terminal's, is waited for */
		e = io_read_fd(fd, LARGEST, &text, &len);
	}
	if (e < 0)
		return unreadable(r, e, path, at);
	r->reading = &now;
	r->files++;
	e = read_text(r, text, len, path);
	r->reading = now.by;
	return e;
}

/* Opened once, and looked at through the fd. O_NONBLOCK: a pipe without a writer is told, not waited for. */
static int read_path(struct reader *r, const char *path, bool folders, struct origin at)
{
	_own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_own_free char *instead = NULL;
	int error = errno;
	struct stat st;

	if (fd < 0 && r->sources)
		r->sources->unsure = true;
	if (fd < 0 && folders && error == ENOENT) {
		fd = open_instead(path, &instead);
		if (instead)
			path = instead;
		else if (str_ends(path, "/")) /* a folder that is not there is an empty one */
			return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return unreadable(r, -error, path, at);
	if (r->sources)
		sources_add(r->sources, path, &st);
	if (folders && S_ISDIR(st.st_mode))
		return read_folder(r, fd, path, at);
	return read_file(r, fd, path, &st, at);
}

int spec_read_file(struct spec *s, const char *path, struct problems *p, struct sources *from)
{
	struct reader r = { .spec = s, .problems = p, .sources = from };
	size_t before = p->n;
	int e = read_path(&r, path, false, (struct origin){ 0 });

	return e < 0 ? e : p->n > before ? -EINVAL : 0;
}

int spec_read_text(struct spec *s, const char *text, size_t len, const char *file, unsigned flags, struct problems *p)
{
	struct reader r = { .spec = s, .problems = p, .flags = flags };
	size_t before = p->n;
	int e = read_text(&r, text, len, file);

	return e < 0 ? e : p->n > before ? -EINVAL : 0;
}

int spec_include(struct spec *s, const char *path, struct origin at, struct err *e)
{
	_own_problems struct problems p = { 0 };
	struct reader r = { .spec = s, .problems = &p };

	include(&r, path, at);
	if (!p.n)
		return 0;
	*e = p.v[0];
	err_key(e, "lxc.include", at);
	return e->errnum ? -e->errnum : -EINVAL;
}

int spec_copy(const struct spec *s, struct spec **out, struct err *e)
{
	_own_spec struct spec *copy = NULL;
	_own_problems struct problems p = { 0 };
	_own_buf struct buf wire = { 0 };
	int r = spec_new(&copy, e);

	if (r < 0)
		return r;
	if (spec_print(s, &wire) < 0)
		return err_num(e, ENOMEM, "copy", "the config");
	r = wire.len ? spec_read_text(copy, wire.s, wire.len, "", SPEC_WIRE, &p) : 0;
	if (r < 0) {
		*e = p.n ? p.v[0] : *e;
		return r;
	}
	*out = take_ptr(&copy);
	return 0;
}
