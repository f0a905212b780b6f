/* SPDX-License-Identifier: MIT */
/* The config of a container whose folder is elsewhere now: what it says of files in the old folder. */
#include "client/disk.h"

#include "base/own.h"

#include <string.h>

/* Keys that lead to files of a container's folder. */
static const char *const paths[] = { "lxc.hook.", "lxc.rootfs.path", "lxc.mount.fstab", "lxc.mount.entry" };

/* Where the value of a line of one of those keys begins, NULL: another line. */
static const char *value_of(const char *line, size_t n)
{
	const char *eq = memchr(line, '=', n);

	line += strspn(line, " \t");
	for (size_t i = 0; eq && i < ARRAY_SIZE(paths); i++)
		if (str_starts(line, paths[i]))
			return eq + 1;
	return NULL;
}

/* Ends a path, or a folder's part of one: what stands behind it is not of the same word. */
static bool ends_word(char c)
{
	return strchr("/ \t\n:,;\"'", c) != NULL; /* and NUL */
}

static bool begins_word(const char *text, const char *at)
{
	return at == text || strchr(" \t:,;=\"'", at[-1]);
}

/* `keep`: a folder below `from` that the copy uses, too; NULL: none. */
static bool is_path(const char *value, const char *at, const char *from, const char *keep)
{
	size_t n = strlen(from), k = keep ? strlen(keep) : 0;

	if (strncmp(at, from, n) != 0 || !ends_word(at[n]) || !begins_word(value, at))
		return false;
	return !keep || strncmp(at, keep, k) != 0 || !ends_word(at[k]);
}

static void add_value(struct buf *b, const char *v, const char *end, const struct rehome *h)
{
	for (const char *p = v; p < end;) {
		if (is_path(v, p, h->from, h->keep)) {
			buf_addf(b, "%s", h->to);
			p += strlen(h->from);
		} else {
			buf_add(b, p++, 1);
		}
	}
}

char *config_rehome(const char *text, const struct rehome *h)
{
	_own_buf struct buf b = { 0 };

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		const char *v = value_of(line, n);

		buf_add(&b, line, v ? (size_t)(v - line) : n);
		if (v)
			add_value(&b, v, line + n, h);
		line += n;
		if (*line)
			buf_add(&b, line++, 1);
	}
	return buf_take(&b);
}

/* A word of a value: up to a blank, or between quotes. */
static int add_file(struct strv *out, const char *at, size_t skip)
{
	size_t n = strcspn(at + skip, " \t\n:,;\"'");

	return n ? strv_addf(out, "%.*s", (int)n, at + skip) : 0;
}

int config_files(const char *text, const char *from, struct strv *out)
{
	size_t skip = strlen(from) + 1;
	int r = 0;

	for (const char *line = text; r == 0 && *line;) {
		size_t n = strcspn(line, "\n");
		const char *v = value_of(line, n);

		for (const char *p = v; p && r == 0 && p < line + n; p++)
			if (is_path(v, p, from, NULL) && p[skip - 1] == '/')
				r = add_file(out, p, skip);
		line += n + (line[n] == '\n');
	}
	return r;
}
