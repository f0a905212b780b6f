/* SPDX-License-Identifier: MIT */
/* The user's config file, line by line: what is changed in it, and how it gets back to disk. */
#include "spec/document.h"

#include "base/io.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST = 16 << 20, FIRST_LINES = 64 };

/* With its line ending, if it has one. key_len is 0 in a comment, a blank line, or one that sets nothing. */
struct line {
	char *text;
	size_t len, key_at, key_len;
};

struct document {
	struct line *v;
	size_t n, room;
	struct buf unread; /* what comes behind the lines: not yet cut into some, for most files are only read */
	char *path;
	bool changed;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where the key of a line "lxc.KEY = ..." lies: as the reader sees it. */
static void find_key(struct line *l)
{
	const char *equals = memchr(l->text, '=', l->len);
	size_t at = 0, end;

	if (!equals)
		return;
	for (end = (size_t)(equals - l->text); at < end && is_blank(l->text[at]);)
		at++;
	while (end > at && is_blank(l->text[end - 1]))
		end--;
	if (end - at < 4 || memcmp(l->text + at, "lxc.", 4) != 0)
		return;
	l->key_at = at;
	l->key_len = end - at;
}

static int put_line(struct document *d, size_t where, const char *text, size_t len)
{
	struct line l = { .text = malloc(len + 1), .len = len };

	if (l.text && d->n == d->room) {
		size_t room = d->room ? 2 * d->room : FIRST_LINES;
		struct line *grown = realloc(d->v, room * sizeof(*grown));

		if (!grown) {
			free(l.text);
			return -ENOMEM;
		}
		d->v = grown;
		d->room = room;
	}
	if (!l.text)
		return -ENOMEM;
	memcpy(l.text, text, len);
	l.text[len] = 0;
	find_key(&l);
	memmove(d->v + where + 1, d->v + where, (d->n - where) * sizeof(*d->v));
	d->v[where] = l;
	d->n++;
	return 0;
}

static void take_line(struct document *d, size_t where)
{
	free(d->v[where].text);
	memmove(d->v + where, d->v + where + 1, (d->n - where - 1) * sizeof(*d->v));
	d->n--;
	d->changed = true;
}

static bool has_key(const struct line *l, const char *key)
{
	size_t n = strlen(key);

	return l->key_len == n && memcmp(l->text + l->key_at, key, n) == 0;
}

int document_new(struct document **out, struct err *e)
{
	struct document *d = calloc(1, sizeof(*d));

	if (!d)
		return err_num(e, ENOMEM, "hold", "the config file");
	*out = d;
	return 0;
}

void document_free(struct document *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].text);
	free(d->v);
	buf_free(&d->unread);
	free(d->path);
	free(d);
}

/* The line ending that the file uses: its last line's. */
static const char *ending(const struct document *d)
{
	for (size_t i = d->n; i-- > 0;)
		if (d->v[i].len && d->v[i].text[d->v[i].len - 1] == '\n')
			return d->v[i].len > 1 && d->v[i].text[d->v[i].len - 2] == '\r' ? "\r\n" : "\n";
	return "\n";
}

/* A file whose last line has no newline gets one before something is put behind it. */
static int end_last_line(struct document *d)
{
	struct line *last = d->n ? &d->v[d->n - 1] : NULL;
	const char *end = ending(d);
	char *longer;

	if (!last || (last->len && last->text[last->len - 1] == '\n'))
		return 0;
	longer = realloc(last->text, last->len + strlen(end) + 1);
	if (!longer)
		return -ENOMEM;
	strcpy(longer + last->len, end);
	last->text = longer;
	last->len += strlen(end);
	return 0;
}

/* Before a line is looked for, added or taken. */
static int cut_lines(struct document *d)
{
	_own_buf struct buf text = d->unread;
	const char *from = text.s;
	int r = text.len ? end_last_line(d) : 0;

	d->unread = (struct buf){ 0 };
	for (size_t n, left = text.len; r == 0 && left; from += n, left -= n) {
		const char *newline = memchr(from, '\n', left);

		n = newline ? (size_t)(newline - from) + 1 : left;
		r = put_line(d, d->n, from, n);
	}
	return r;
}

/* Text goes behind text that is not cut yet only where that has ended its last line. */
static int add_text(struct document *d, const char *text, size_t len)
{
	if (d->unread.len && d->unread.s[d->unread.len - 1] != '\n' && cut_lines(d) < 0)
		return -ENOMEM;
	if (len)
		buf_add(&d->unread, text, len);
	return d->unread.failed ? -ENOMEM : 0;
}

int document_append(struct document *d, const char *text, size_t len, struct err *e)
{
	int r = add_text(d, text, len);

	if (r < 0)
		return err_num(e, -r, "hold", "%s", d->path ? d->path : "the config file");
	if (len)
		d->changed = true;
	return 0;
}

int document_parse(struct document **out, const char *text, size_t len, const char *path, struct err *e)
{
	_own_document struct document *d = NULL;
	int r = document_new(&d, e);

	if (r < 0)
		return r;
	d->path = path ? strdup(path) : NULL;
	if ((path && !d->path) || add_text(d, text, len) < 0)
		return err_num(e, ENOMEM, "hold", "%s", path ? path : "the config file");
	*out = take_ptr(&d);
	return 0;
}

int document_read(struct document **out, const char *path, struct err *e)
{
	_own_free char *text = NULL;
	size_t len;
	int r = io_read_file(AT_FDCWD, path, LARGEST, &text, &len);

	return r < 0 ? err_num(e, -r, "read", "%s", path) : document_parse(out, text, len, path, e);
}

/* --- changes --- */

static int not_a_key(const char *key, struct err *e)
{
	const char *near = key_nearest(key);
	int r = err_say(e, EINVAL, "unknown key %s", key);

	if (near)
		err_hint(e, "did you mean %s?", near);
	return r;
}

static const struct key *row_of(const char *key)
{
	enum feature_id f;
	unsigned index;
	const char *rest;

	return key_find(key, &f, &index, &rest);
}

/* The reader takes blanks and a pair of quotes away: a value that has some of its own goes into quotes. */
static bool needs_quotes(const char *value)
{
	size_t n = strlen(value);

	return is_blank(value[0]) || is_blank(value[n - 1]) ||
	       (n > 1 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0]);
}

static int put_value(struct document *d, size_t where, const char *key, const char *value, const char *end)
{
	const char *quote = *value && needs_quotes(value) ? "\"" : "";
	_own_free char *line = str_fmt("%s =%s%s%s%s%s", key, *value ? " " : "", quote, value, quote, end);
	int r = line ? put_line(d, where, line, strlen(line)) : -ENOMEM;

	if (r == 0)
		d->changed = true;
	return r;
}

static int append_value(struct document *d, const char *key, const char *value)
{
	int r = end_last_line(d);

	return r < 0 ? r : put_value(d, d->n, key, value, ending(d));
}

static bool include_from(const struct document *d, size_t line)
{
	for (; line < d->n; line++)
		if (has_key(&d->v[line], "lxc.include"))
			return true;
	return false;
}

/* Puts the scalar's line where its last one stands, unless an include behind that could overrule it. */
static int replace_value(struct document *d, const char *key, const char *value)
{
	size_t at = document_line(d, key);
	struct line *old = at ? &d->v[at - 1] : NULL;
	bool cr = old && old->len > 1 && old->text[old->len - 2] == '\r';
	bool newline = old && old->len && old->text[old->len - 1] == '\n';
	int r;

	if (!at)
		return append_value(d, key, value);
	if (include_from(d, at)) {
		r = append_value(d, key, value);
	} else {
		r = put_value(d, at, key, value, !newline ? "" : cr ? "\r\n" : "\n");
	}
	if (r == 0)
		take_line(d, at - 1);
	return r;
}

int document_set(struct document *d, const char *key, const char *value, struct err *e)
{
	const struct key *k = row_of(key);
	bool several = k && k->type && k->type->shape == SHAPE_LIST && !k->once;
	int r;

	if (!k)
		return not_a_key(key, e);
	if (!*value && k->emptied)
		value = k->emptied; /* to empty lxc.autodev is to turn it off: without a line it would be on */
	if (!*value)
		return document_clear(d, key, e);
	if (strpbrk(value, "\r\n"))
		return err_say(e, EINVAL, "a value of %s cannot hold a newline", key);
	r = cut_lines(d);
	if (r < 0)
		return err_num(e, -r, "set", "%s", key);
	r = several || strcmp(key, "lxc.include") == 0 ? append_value(d, key, value) : replace_value(d, key, value);
	return r < 0 ? err_num(e, -r, "set", "%s", key) : 0;
}

/* Is the key one of those that the other one stands for? lxc.hook means the lists of hooks, and neither
 * lxc.hook.version nor .timeout; "lxc.cgroup" the limits, and not lxc.cgroup.dir. */
static bool is_below(const char *family, const char *key)
{
	size_t n = strlen(family);
	const struct key *k;

	if (strncmp(key, family, n) != 0 || key[n] != '.')
		return false;
	if (strcmp(family, "lxc.net") == 0)
		return true;
	if (str_starts(family, "lxc.net."))
		return family[8 + strspn(family + 8, "0123456789")] == 0;
	if (strcmp(family, "lxc.hook") == 0)
		return strcmp(key, "lxc.hook.version") != 0 && strcmp(key, "lxc.hook.timeout") != 0;
	k = row_of(key);
	return k && strncmp(k->name, family, n) == 0 && strcmp(k->name + n, ".*") == 0;
}

static int drop_lines(struct document *d, const char *key)
{
	for (size_t i = d->n; i-- > 0;) {
		const struct line *l = &d->v[i];
		_own_free char *name = NULL;

		if (!l->key_len)
			continue;
		name = strndup(l->text + l->key_at, l->key_len);
		if (!name)
			return -ENOMEM;
		if (strcmp(name, key) == 0 || is_below(key, name))
			take_line(d, i);
	}
	return 0;
}

/* Does what is left, with its includes, still set the key? Then clearing it changes what it all means. */
static int still_set(const struct document *d, const char *key, bool *set, struct err *e)
{
	_own_spec struct spec *s = NULL;
	_own_problems struct problems ignored = { 0 };
	_own_buf struct buf with = { 0 }, without = { 0 };
	size_t len;
	_own_free char *text = document_text(d, &len);
	int r = spec_new(&s, e);

	if (r < 0)
		return r;
	if (!text)
		return err_num(e, ENOMEM, "clear", "%s", key);
	(void)!spec_read_text(s, text, len, d->path ? d->path : "config", 0, &ignored);
	if (spec_print(s, &with) < 0)
		return err_num(e, ENOMEM, "clear", "%s", key);
	r = spec_clear(s, key, e);
	if (r < 0)
		return r;
	if (spec_print(s, &without) < 0)
		return err_num(e, ENOMEM, "clear", "%s", key);
	*set = with.len != without.len;
	return 0;
}

int document_clear(struct document *d, const char *key, struct err *e)
{
	const struct key *k = row_of(key);
	bool set = false;
	int r;

	if (!k)
		return not_a_key(key, e);
	r = cut_lines(d);
	if (r == 0)
		r = drop_lines(d, key);
	if (r < 0)
		return err_num(e, -r, "clear", "%s", key);
	r = strcmp(key, "lxc.include") != 0 && include_from(d, 0) ? still_set(d, key, &set, e) : 0;
	if (r == 0 && set && append_value(d, key, k->emptied && k->dflt ? k->dflt : "") < 0)
		r = err_num(e, ENOMEM, "clear", "%s", key);
	return r;
}

/* --- out again --- */

unsigned document_line(struct document *d, const char *key)
{
	if (cut_lines(d) < 0)
		return 0;
	for (size_t i = d->n; i-- > 0;)
		if (has_key(&d->v[i], key))
			return (unsigned)i + 1;
	return 0;
}

bool document_changed(const struct document *d)
{
	return d->changed;
}

char *document_text(const struct document *d, size_t *len)
{
	_own_buf struct buf b = { 0 };

	for (size_t i = 0; i < d->n; i++)
		buf_add(&b, d->v[i].text, d->v[i].len);
	if (d->unread.len && d->n && d->v[d->n - 1].text[d->v[d->n - 1].len - 1] != '\n')
		buf_add(&b, ending(d), strlen(ending(d)));
	if (d->unread.len)
		buf_add(&b, d->unread.s, d->unread.len);
	if (len)
		*len = b.len;
	return buf_take(&b);
}

int document_save(struct document *d, const char *path, struct err *e)
{
	const char *to = path ? path : d->path;
	_own_free char *text = NULL, *real = NULL;
	struct stat st;
	bool there;
	size_t len;
	int r;

	if (!to)
		return err_say(e, EINVAL, "the config has no file yet");
	if (!d->changed && d->path && strcmp(to, d->path) == 0 && access(to, F_OK) == 0)
		return 0;
	text = document_text(d, &len);
	real = realpath(to, NULL);
	there = real && stat(real, &st) == 0;
	r = text ? io_replace(AT_FDCWD, real ? real : to, text, len,
			      &(struct replace){ .mode = 0640, .like = there ? &st : NULL, .sync = true })
		 : -ENOMEM;
	if (r < 0)
		return err_num(e, -r, "write", "%s", to);
	if (d->path && strcmp(to, d->path) == 0)
		d->changed = false;
	return 0;
}
