/* SPDX-License-Identifier: MIT */
/* Who users of the host are, and which ids they may give away. */
#include "client/isolate.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MOST = 16 << 20 };

/* Calls for every line's first three fields, until one answers with other than 0. */
static int each_line(const char *file, int (*seen)(char *const field[3], void *), void *arg)
{
	_own_free char *text = NULL;
	char *save = NULL;
	int x = io_read_file(AT_FDCWD, file, FILE_MOST, &text, NULL);

	if (x < 0)
		return x;
	for (char *line = strtok_r(text, "\n", &save); x == 0 && line; line = strtok_r(NULL, "\n", &save)) {
		char *rest = line, *field[3];

		for (int i = 0; i < 3; i++)
			field[i] = strsep(&rest, ":");
		if (field[2])
			x = seen(field, arg);
	}
	return x;
}

struct sought {
	const char *name;
	uid_t uid;
	char found[256]; /* the name of that uid */
};

static int is_named(char *const field[3], void *arg)
{
	struct sought *s = arg;
	int64_t uid;

	if (num_i64(field[2], 0, UINT32_MAX, &uid) < 0 ||
	    (strcmp(field[0], s->name) != 0 && strcmp(field[2], s->name) != 0))
		return 0;
	s->uid = (uid_t)uid;
	return 1;
}

int user_find(const char *name_or_number, uid_t *uid)
{
	struct sought s = { .name = name_or_number };
	int x = each_line("/etc/passwd", is_named, &s);

	if (x <= 0)
		return x < 0 ? x : -ENOENT;
	*uid = s.uid;
	return 0;
}

static int has_uid(char *const field[3], void *arg)
{
	struct sought *s = arg;
	int64_t uid;

	if (num_i64(field[2], 0, UINT32_MAX, &uid) < 0 || (uid_t)uid != s->uid)
		return 0;
	return str_copy(s->found, sizeof(s->found), field[0]) < 0 ? -ENAMETOOLONG : 1;
}

struct range {
	const char *user, *number;
	int64_t first, count;
};

static int is_range(char *const field[3], void *arg)
{
	struct range *r = arg;

	if (strcmp(field[0], r->user) != 0 && strcmp(field[0], r->number) != 0)
		return 0;
	return num_i64(field[1], 0, UINT32_MAX, &r->first) == 0 && num_i64(field[2], 1, UINT32_MAX, &r->count) == 0;
}

void user_name(uid_t uid, char *name, size_t size)
{
	struct sought s = { .uid = uid };

	if (each_line("/etc/passwd", has_uid, &s) <= 0)
		(void)snprintf(s.found, sizeof(s.found), "%u", uid);
	(void)snprintf(name, size, "%s", s.found);
}

int user_subids(const char *file, struct idmap *m, struct err *e)
{
	char name[USER_NAME], number[16];
	struct range r = { .user = name, .number = number };
	int x;

	(void)snprintf(number, sizeof(number), "%u", getuid());
	user_name(getuid(), name, sizeof(name));
	if (each_line(file, is_range, &r) <= 0) {
		x = err_say(e, ENOENT, "%s has no line of %s", file, name);
		err_hint(e, "give maps with -m, or add %s:100000:65536 to %s", name, file);
		return x;
	}
	m->v[0] = (struct idmap_extent){ 0, (uint32_t)r.first, (uint32_t)r.count };
	m->n = 1;
	return 0;
}
