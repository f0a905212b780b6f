/* SPDX-License-Identifier: MIT */
/* Looks at the host; see host.h. Done before and after thousands of points: it asks no program. */
#include "host.h"

#include "lab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASHED_MOST = 65536, CGROUP_DEPTH = 4 };

__attribute__((format(printf, 2, 3))) static void add(struct lines *l, const char *fmt, ...)
{
	va_list ap;

	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->v = reallocarray(l->v, l->room, sizeof(*l->v));
	}
	va_start(ap, fmt);
	if (!l->v || vasprintf(&l->v[l->n++], fmt, ap) < 0)
		fail("look at the host");
	va_end(ap);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct lines *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_text);
}

void lines_free(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct lines){ 0 };
}

bool lines_same(const struct lines *a, const struct lines *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

/* A folder stands for what is in it. */
static bool told_by(const char *folder, const char *line)
{
	size_t n = folder ? strcspn(folder, " ") : 0;

	return n && strncmp(folder, line, n) == 0 && line[n] == '/';
}

static void tell(const char *word, const char *line, const char **last, char *text, size_t size)
{
	size_t n = strlen(text);

	if (told_by(*last, line))
		return;
	*last = line;
	(void)snprintf(text + n, size - n, "%s%s %s", n ? "; " : "", word, line);
}

void lines_tell(const struct lines *before, const struct lines *now, char *text, size_t size)
{
	const char *gone = NULL, *new = NULL;
	size_t a = 0, b = 0;

	*text = 0;
	while (a < before->n || b < now->n) {
		int order = a == before->n ? 1 : b == now->n ? -1 : strcmp(before->v[a], now->v[b]);

		if (order < 0)
			tell("missing", before->v[a++], &gone, text, size);
		else if (order > 0)
			tell("left", now->v[b++], &new, text, size);
		else
			a++, b++;
	}
}

/* --- files --- */

static uint64_t hash_of(int dir, const char *name, off_t size)
{
	static unsigned char buf[HASHED_MOST];
	int fd = size > HASHED_MOST ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf));
	uint64_t h = 0xcbf29ce484222325;

	for (ssize_t i = 0; i < n; i++)
		h = (h ^ buf[i]) * 0x100000001b3;
	if (fd >= 0)
		(void)close(fd);
	return h;
}

static void tree(int at, const char *name, const char *shown, const char *mark, struct lines *out);

static void entry(int dir, const char *name, const char *shown, const char *mark, struct lines *out)
{
	char path[4096], target[1024] = "";
	bool ours;
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", shown, name);
	ours = !mark || strstr(path, mark);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISLNK(st.st_mode) && readlinkat(dir, name, target, sizeof(target) - 1) < 0)
		target[0] = 0;
	if (ours && (strcmp(name, "ended") == 0 ||
		     strcmp(name, "ended.console") == 0)) /* when and why it ended last, or not yet */
		return;
	if (ours && strcmp(name, "ts") == 0) /* when a snapshot was taken */
		add(out, "%s %o", path, st.st_mode);
	else if (ours && S_ISREG(st.st_mode))
		add(out, "%s %o %lld bytes %016llx", path, st.st_mode, (long long)st.st_size,
		    (unsigned long long)hash_of(dir, name, st.st_size));
	else if (ours)
		add(out, "%s %o %s", path, st.st_mode, target);
	if (S_ISDIR(st.st_mode))
		tree(dir, name, path, mark, out);
}

static void tree(int at, const char *name, const char *shown, const char *mark, struct lines *out)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *x; d && (x = readdir(d));)
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
			entry(dirfd(d), x->d_name, shown, mark, out);
	if (d)
		(void)closedir(d);
}

/* --- what the kernel knows by names --- */

static void folders(const char *path, const char *mark, int depth, struct lines *out)
{
	DIR *d = opendir(path);

	for (struct dirent *x; d && (x = readdir(d));) {
		char below[4096];

		if (x->d_type != DT_DIR || x->d_name[0] == '.')
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path, x->d_name);
		if (strstr(below, mark))
			add(out, "cgroup %s", below);
		if (depth > 0)
			folders(below, mark, depth - 1, out);
	}
	if (d)
		(void)closedir(d);
}

static void mounts(const char *mark, struct lines *out)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], at[2048], *dash;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %*s %*s %*s %2047s", at) != 1)
			continue;
		if (strstr(at, mark))
			add(out, "mount %s", at);
		dash = strstr(line, " - cgroup");
		if (dash)
			folders(at, mark, CGROUP_DEPTH, out);
	}
	if (f)
		(void)fclose(f);
}

static void names(const char *folder, const char *what, const char *mark, struct lines *out)
{
	DIR *d = opendir(folder);

	for (struct dirent *x; d && (x = readdir(d));)
		if (strstr(x->d_name, mark))
			add(out, "%s %s", what, x->d_name);
	if (d)
		(void)closedir(d);
}

void look(const char *mark, const char *folder, struct lines *out)
{
	lines_free(out);
	tree(AT_FDCWD, folder, "", NULL, out);
	tree(AT_FDCWD, "/run/keg", "/run/keg", mark, out);
	mounts(mark, out);
	names("/sys/class/net", "link", mark, out);
	sort(out);
}

void look_at_tree(const char *folder, struct lines *out)
{
	lines_free(out);
	tree(AT_FDCWD, folder, "", NULL, out);
	sort(out);
}
