/* SPDX-License-Identifier: MIT */
/* Which cgroup hierarchies this host has, where they are mounted, and where in them we are. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOUNTINFO_MOST = 16 << 20 };

struct mount {
	const char *root, *at, *type, *options;
};

/* Undoes the \040 of mountinfo, in place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

/* ID PARENT DEV ROOT AT OPTIONS [OPTIONAL...] - TYPE SOURCE OPTIONS */
static bool mount_line(char *line, struct mount *m)
{
	char *tail = strstr(line, " - "), *save, *word[5];

	if (!tail)
		return false;
	*tail = 0;
	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		word[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!word[i])
			return false;
	}
	m->type = strtok_r(tail + 3, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	m->options = strtok_r(NULL, " ", &save);
	unescape(word[3]);
	unescape(word[4]);
	m->root = word[3];
	m->at = word[4];
	return m->type && m->options;
}

bool cgroup_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; n && (p = strstr(p, word)); p += n)
		if ((p == list || strchr(", ", p[-1])) && strchr(", \n", p[n]))
			return true;
	return false;
}

/* The hierarchy of a mount: told by any one of its controllers, since none can be in two. */
static struct cgroup_hierarchy *hierarchy_of(struct cgroup_host *h, const struct mount *m)
{
	for (size_t i = 0; i < h->n; i++) {
		char first[sizeof(h->v[i].controllers)];

		if (h->v[i].v2 != (strcmp(m->type, "cgroup2") == 0))
			continue;
		if (h->v[i].v2)
			return &h->v[i];
		(void)snprintf(first, sizeof(first), "%s", h->v[i].controllers);
		first[strcspn(first, ",")] = 0;
		if (cgroup_has_word(m->options, first))
			return &h->v[i];
	}
	return NULL;
}

/* A cgroup's path as it is seen below a mount that shows only a part of the hierarchy (a container's). */
static const char *below_root(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (strcmp(root, "/") == 0)
		return strcmp(path, "/") == 0 ? "" : path;
	if (strncmp(path, root, n) == 0 && (path[n] == '/' || !path[n]))
		return path + n;
	return NULL;
}

/* One hierarchy can be mounted several times: that at /sys/fs/cgroup counts, else the first. */
static void take_mount(struct cgroup_host *h, const struct mount *m)
{
	struct cgroup_hierarchy *to = hierarchy_of(h, m);
	const char *below;

	if (!to || strlen(m->at) >= sizeof(to->mount))
		return;
	if (to->mount[0] && (str_starts(to->mount, "/sys/fs/cgroup") || !str_starts(m->at, "/sys/fs/cgroup")))
		return;
	below = below_root(to->base, m->root); /* base holds the path as /proc/PID/cgroup tells it until here */
	if (!below)
		below = "";
	memcpy(to->mount, m->at, strlen(m->at) + 1);
	memmove(to->own, below, strlen(below) + 1);
}

/* ID:CONTROLLERS:PATH */
static int membership_line(struct cgroup_host *h, char *line, struct err *e)
{
	char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
	struct cgroup_hierarchy *to = &h->v[h->n];

	if (!path)
		return 0;
	*path++ = 0;
	names++;
	if (h->n == CGROUP_HIERARCHIES)
		return err_say(e, E2BIG, "this host has more than %d cgroup hierarchies", CGROUP_HIERARCHIES);
	if (str_copy(to->controllers, sizeof(to->controllers), names) < 0 ||
	    str_copy(to->base, sizeof(to->base), path) < 0)
		return err_num(e, ENAMETOOLONG, "use the cgroup", "%s of %s", path, names);
	to->v2 = !*names;
	h->n++;
	return 0;
}

static int memberships(struct cgroup_host *h, pid_t pid, struct err *e)
{
	_own_free char *text = NULL;
	char path[64] = "/proc/self/cgroup", *save = NULL;
	int r;

	if (pid)
		(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	r = io_read_file(-1, path, 1 << 20, &text, NULL);
	if (r < 0)
		return err_num(e, -r, "read", "%s", path);
	for (char *line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save))
		r = membership_line(h, line, e);
	return r;
}

static int mounts(struct cgroup_host *h, struct err *e)
{
	_own_free char *text = NULL;
	char *save = NULL;
	int r = io_read_file(-1, "/proc/self/mountinfo", MOUNTINFO_MOST, &text, NULL);

	if (r < 0)
		return err_num(e, -r, "read", "%s", "/proc/self/mountinfo");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct mount m;

		if (strstr(line, " - cgroup") && mount_line(line, &m))
			take_mount(h, &m);
	}
	return 0;
}

/* What v2 can enable. The list is the same all the way down for root; others see what was left to them. */
static void v2_controllers(struct cgroup_hierarchy *v)
{
	char path[CGROUP_PATH];

	(void)snprintf(path, sizeof(path), "%s%s/cgroup.controllers", v->mount, v->base);
	if (io_read_line(-1, path, v->controllers, sizeof(v->controllers)) < 0)
		v->controllers[0] = 0;
}

/*
 * A cgroup with processes of its own gives those below it no controllers. Who starts a user's container may therefore
 * sit in a leaf of the delegated one, called as LXC calls its monitors' (lxc-unpriv-start does): containers come beside
 * it.
 */
static void step_out_of_leaf(struct cgroup_hierarchy *v)
{
	char *last = strrchr(v->own, '/');

	if (last && str_starts(last, "/lxc.monitor"))
		*last = 0;
}

int cgroup_look_pid(struct cgroup_host *h, pid_t pid, struct err *e)
{
	bool root = geteuid() == 0;
	size_t kept = 0;
	int r;

	*h = (struct cgroup_host){ .unified = -1 };
	r = memberships(h, pid, e);
	if (r == 0)
		r = mounts(h, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < h->n; i++) {
		struct cgroup_hierarchy *v = &h->v[i];

		if (!v->mount[0]) /* the kernel has it, nobody has mounted it */
			continue;
		if (!root)
			step_out_of_leaf(v);
		memcpy(v->base, root ? "" : v->own, root ? 1 : sizeof(v->base));
		if (v->v2) {
			v2_controllers(v);
			h->unified = (int)kept;
		}
		if (kept != i)
			h->v[kept] = *v;
		kept++;
	}
	h->n = kept;
	return 0;
}

int cgroup_look(struct cgroup_host *h, struct err *e)
{
	return cgroup_look_pid(h, 0, e);
}

/* What is above the container's cgroup in that of its init, who may be deeper in it. false: he is not in it. */
static bool above(const char *own, const char *path, struct cgroup_hierarchy *v)
{
	size_t n = strlen(path);

	for (const char *p = own; (p = strstr(p, path)); p++) {
		if (p == own || p[-1] != '/' || (p[n] && p[n] != '/'))
			continue;
		(void)snprintf(v->base, sizeof(v->base), "%.*s", (int)(p - 1 - own), own);
		(void)snprintf(v->own, sizeof(v->own), "%s", v->base);
		return true;
	}
	return false;
}

int cgroup_look_of(struct cgroup_host *h, pid_t init, const char *path, struct err *e)
{
	struct cgroup_host theirs;
	struct err ignored = { 0 };
	int r = cgroup_look(h, e);

	if (r < 0 || geteuid() == 0 || init <= 0 || cgroup_look_pid(&theirs, init, &ignored) < 0 || theirs.n != h->n)
		return r;
	for (size_t i = 0; i < h->n; i++)
		if (above(theirs.v[i].own, str_starts(path, "./") ? path + 2 : path, &h->v[i]) && h->v[i].v2)
			v2_controllers(&h->v[i]);
	return 0;
}

/* As far as both paths go the same way. */
static size_t common_length(const char *a, const char *b)
{
	size_t at = 0;

	for (size_t i = 0;; i++) {
		bool a_ends = !a[i] || a[i] == '/', b_ends = !b[i] || b[i] == '/';

		if (a_ends && b_ends)
			at = i;
		if (!a[i] || a[i] != b[i])
			return at;
	}
}

bool cgroup_may_enter(const struct cgroup_host *theirs)
{
	const struct cgroup_hierarchy *to = theirs->unified < 0 ? NULL : &theirs->v[theirs->unified];
	struct cgroup_host mine;
	struct err ignored = { 0 };
	char path[CGROUP_PATH];

	if (geteuid() == 0 || !to || cgroup_look(&mine, &ignored) < 0 || mine.unified < 0)
		return true;
	(void)snprintf(path, sizeof(path), "%s%.*s/cgroup.procs", to->mount,
		       (int)common_length(mine.v[mine.unified].own, to->base), to->base);
	return access(path, W_OK) == 0;
}

int cgroup_v1_index(const struct cgroup_host *h, const char *controller)
{
	for (size_t i = 0; i < h->n; i++)
		if (!h->v[i].v2 && cgroup_has_word(h->v[i].controllers, controller))
			return (int)i;
	return -1;
}

/* A hierarchy's list without what is not in the other; how many are left. */
static size_t keep_only(char *list, const char *wanted, char with)
{
	char all[sizeof(((struct cgroup_hierarchy *)0)->controllers)], *save = NULL;
	size_t n = 0;

	(void)snprintf(all, sizeof(all), "%s", list);
	*list = 0;
	for (char *w = strtok_r(all, ", \n", &save); w; w = strtok_r(NULL, ", \n", &save))
		if (cgroup_has_word(wanted, w))
			(void)sprintf(list + strlen(list), "%.*s%s", n++ ? 1 : 0, &with, w); /* no longer than it was */
	return n;
}

static bool has_controller(const struct cgroup_host *h, const char *controller)
{
	for (size_t i = 0; i < h->n; i++)
		if (cgroup_has_word(h->v[i].controllers, controller))
			return true;
	/* parts of v2 itself */
	return h->unified >= 0 && cgroup_has_word("devices,freezer,cpuacct,perf_event", controller);
}

int cgroup_use(struct cgroup_host *h, const char *controllers, struct err *e)
{
	_own_strv struct strv wanted = { 0 };
	size_t kept = 0;

	if (strv_split(&wanted, controllers, ", \t") < 0)
		return err_num(e, ENOMEM, "hold", "a list of cgroup controllers");
	for (size_t i = 0; i < wanted.n; i++) {
		if (strcmp(wanted.v[i], "@all") == 0)
			return 0;
		if (!has_controller(h, wanted.v[i]))
			return err_say(e, ENOENT, "this host has no cgroup controller %s", wanted.v[i]);
	}
	for (size_t i = 0; i < h->n && wanted.n; i++) {
		struct cgroup_hierarchy *v = &h->v[i];
		/* a named hierarchy has no controller; systemd's is how processes belong to it */
		bool keep = v->v2 || str_starts(v->controllers, "name=");

		if (v->v2)
			(void)keep_only(v->controllers, controllers, ' ');
		for (size_t k = 0; k < wanted.n && !keep; k++)
			keep = cgroup_has_word(v->controllers, wanted.v[k]);
		if (!keep)
			continue;
		if (v->v2)
			h->unified = (int)kept;
		if (kept != i)
			h->v[kept] = *v;
		kept++;
	}
	if (wanted.n)
		h->n = kept;
	return 0;
}
