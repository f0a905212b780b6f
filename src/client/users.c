/* SPDX-License-Identifier: MIT */
/* Who users of the host are, and which ids they may give away. */
#include "client/isolate.h"

#include "base/accounts.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct sought {
	const char *name;
	uid_t uid;
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
	int x = accounts_each("/etc/passwd", is_named, &s);

	if (x <= 0)
		return x < 0 ? x : -ENOENT;
	*uid = s.uid;
	return 0;
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

int user_subids(const char *file, struct idmap *m, struct err *e)
{
	char name[ACCOUNT_NAME], number[16];
	struct range r = { .user = name, .number = number };
	int x;

	(void)snprintf(number, sizeof(number), "%u", getuid());
	account_name(getuid(), name, sizeof(name));
	if (accounts_each(file, is_range, &r) <= 0) {
		x = err_say(e, ENOENT, "%s has no line of %s", file, name);
		err_hint(e, "give maps with -m, or add %s:100000:65536 to %s", name, file);
		return x;
	}
	m->v[0] = (struct idmap_extent){ 0, (uint32_t)r.first, (uint32_t)r.count };
	m->n = 1;
	return 0;
}
