/* SPDX-License-Identifier: MIT */
/* Reads /etc/lxc/lxc-usernet; see usernet.h. */
#include "usernic/usernet.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { FILE_MOST = 1 << 20, COUNT_MOST = 1 << 20, FIELDS = 4 };

struct gathering {
	const gid_t *gids;
	size_t n;
	struct strv *names;
};

struct naming {
	const char *name;
	uid_t uid;
};

static int is_his(char *const field[3], void *arg)
{
	struct gathering *g = arg;
	int64_t gid;

	if (num_i64(field[2], 0, UINT32_MAX, &gid) < 0)
		return 0;
	for (size_t i = 0; i < g->n; i++)
		if (g->gids[i] == (gid_t)gid)
			return strv_addf(g->names, "@%s", field[0]);
	return 0;
}

/* Somebody else has that name: where the user has none in /etc/passwd, and is called by his number. */
static int is_anothers(char *const field[3], void *arg)
{
	const struct naming *n = arg;
	int64_t uid;

	return strcmp(field[0], n->name) == 0 && (num_i64(field[2], 0, UINT32_MAX, &uid) < 0 || (uid_t)uid != n->uid);
}

int usernet_who(uid_t uid, const gid_t *gids, size_t n, struct usernet_who *out)
{
	struct gathering g = { gids, n, &out->groups };
	struct naming own = { out->name, uid };
	int r;

	*out = (struct usernet_who){ 0 };
	account_name(uid, out->name, sizeof(out->name));
	if (accounts_each("/etc/passwd", is_anothers, &own) == 1)
		*out->name = 0;
	r = accounts_each("/etc/group", is_his, &g);
	if (r == -ENOENT)
		r = 0;
	if (r < 0)
		usernet_who_free(out);
	return r;
}

void usernet_who_free(struct usernet_who *w)
{
	strv_free(&w->groups);
}

static bool counts_for(const struct usernet_who *who, const char *owner)
{
	if (strcmp(who->name, owner) == 0)
		return *owner != '@'; /* no name makes anybody a group's member */
	for (size_t i = 0; i < who->groups.n; i++)
		if (strcmp(who->groups.v[i], owner) == 0)
			return true;
	return false;
}

static int add(struct quotas *q, const char *owner, unsigned count)
{
	struct quota *grown;

	for (size_t i = 0; i < q->n; i++) {
		if (strcmp(q->v[i].owner, owner) != 0)
			continue;
		q->v[i].most = q->v[i].most + count < COUNT_MOST ? q->v[i].most + count : COUNT_MOST;
		return 0;
	}
	grown = realloc(q->v, (q->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	q->v = grown;
	q->v[q->n] = (struct quota){ strdup(owner), count };
	if (!q->v[q->n].owner)
		return -ENOMEM;
	q->n++;
	return 0;
}

static int add_line(struct quotas *q, const char *line, const struct usernet_who *who, const char *type,
		    const char *bridge)
{
	_own_strv struct strv field = { 0 };
	int64_t count;

	if (strv_split(&field, line, " \t\r") < 0)
		return -ENOMEM;
	if (field.n != FIELDS || strcmp(field.v[1], type) != 0 || strcmp(field.v[2], bridge) != 0 ||
	    num_i64(field.v[3], 0, COUNT_MOST, &count) < 0 || !counts_for(who, field.v[0]))
		return 0;
	return add(q, field.v[0], (unsigned)count);
}

int usernet_quotas(const char *text, const struct usernet_who *who, const char *type, const char *bridge,
		   struct quotas *out)
{
	_own_strv struct strv lines = { 0 };
	int r = strv_split(&lines, text, "\n");

	*out = (struct quotas){ 0 };
	for (size_t i = 0; i < lines.n && r == 0; i++)
		r = add_line(out, lines.v[i], who, type, bridge);
	if (r < 0)
		usernet_quotas_free(out);
	return r;
}

void usernet_quotas_free(struct quotas *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->v[i].owner);
	free(q->v);
	*q = (struct quotas){ 0 };
}

int usernet_read(char **text)
{
	_own_fd int fd = open(USERNET_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		*text = strdup("");
		return *text ? 0 : -ENOMEM;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	return io_read_fd(fd, FILE_MOST, text, NULL);
}

static int own_groups(gid_t **gids, size_t *n)
{
	int all = getgroups(0, NULL);

	*gids = all < 0 ? NULL : calloc((size_t)all + 1, sizeof(gid_t));
	if (!*gids || getgroups(all, *gids) != all)
		return -ENOMEM;
	(*gids)[all] = getegid();
	*n = (size_t)all + 1;
	return 0;
}

int usernet_mine(const char *type, const char *bridge, unsigned *most)
{
	_own_who struct usernet_who who = { 0 };
	_own_quotas struct quotas q = { 0 };
	_own_free gid_t *gids = NULL;
	_own_free char *text = NULL;
	size_t n = 0;
	int r = own_groups(&gids, &n);

	*most = 0;
	if (r == 0)
		r = usernet_read(&text);
	if (r == 0)
		r = usernet_who(getuid(), gids, n, &who);
	if (r == 0)
		r = usernet_quotas(text, &who, type, bridge, &q);
	for (size_t i = 0; i < q.n; i++)
		*most += q.v[i].most;
	return r;
}
