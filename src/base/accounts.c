/* SPDX-License-Identifier: MIT */
/* Reads /etc/passwd, /etc/group, /etc/subuid; see accounts.h. */
#include "base/accounts.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 16 << 20 };

int accounts_each(const char *file, int (*seen)(char *const field[3], void *), void *arg)
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
	uid_t uid;
	char found[ACCOUNT_NAME];
};

static int has_uid(char *const field[3], void *arg)
{
	struct sought *s = arg;
	int64_t uid;

	if (num_i64(field[2], 0, UINT32_MAX, &uid) < 0 || (uid_t)uid != s->uid)
		return 0;
	return str_copy(s->found, sizeof(s->found), field[0]) < 0 ? -ENAMETOOLONG : 1;
}

void account_name(uid_t uid, char *name, size_t size)
{
	struct sought s = { .uid = uid };

	if (accounts_each("/etc/passwd", has_uid, &s) <= 0)
		(void)snprintf(s.found, sizeof(s.found), "%u", uid);
	(void)snprintf(name, size, "%s", s.found);
}
