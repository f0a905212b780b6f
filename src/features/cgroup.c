/* SPDX-License-Identifier: MIT */
/* lxc.cgroup.* and lxc.cgroup2.*: the container's cgroups and where they lie; what they limit: cgroup_limits.c. */
#include "features/cgroup.h"
#include "features/cgroup_parts.h"

#include "base/io.h"
#include "base/own.h"
#include "features/mapped.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REMOVE_TIMEOUT_MS = 10000 };

/* --- keys --- */

static int check_relative(const char *text, struct err *e)
{
	(void)e;
	for (const char *p = text;; p++) {
		size_t n = strcspn(p, "/");

		if (n == 0 || n > 255 || (n == 2 && p[0] == '.' && p[1] == '.'))
			return -EINVAL;
		p += n;
		if (!*p)
			return 0;
	}
}

static int check_inner(const char *text, struct err *e)
{
	(void)e;
	return strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 || strlen(text) > 63 ? -EINVAL
													   : 0;
}

#define RELATIVE_PATH "a relative path without \"..\""
#define FIELD(var)    .field = offsetof(struct cgroup, var)

/* Rows are matched from the top: what has a meaning of its own stands before what names a file. */
static const struct key keys[] = {
	{
		.name = "lxc.cgroup2",
		.type = &type_whole,
		FIELD(v2),
		.values = "nothing: an empty value takes all lxc.cgroup2.* away",
		.help = "All lxc.cgroup2.* together. Reading it gives them as \"KEY = VALUE\" lines.",
		.since = "3.0",
		.bad = { "memory.max" },
	},
	{
		.name = "lxc.cgroup2.*",
		.type = &type_list,
		FIELD(v2),
		.values = "what the kernel takes for that file",
		.help = "A file of the container's cgroup v2 and the value that is written to it, in the order of the "
			"config. "
			"devices.allow and devices.deny, of which v2 has no files, are rules as v1 has them (\"a\", "
			"\"c 1:3 rwm\") and become an eBPF program. Where the host keeps the controller in a v1 "
			"hierarchy, "
			"names and values are translated; what has no meaning there is warned of.",
		.since = "3.0",
		.live = true,
		.good = { "memory.max=512M", "devices.deny=a", "devices.allow=c 1:3 rwm", "cpu.max=50000 100000" },
	},
	{
		.name = "lxc.cgroup.dir.monitor.pivot",
		.type = &type_path,
		FIELD(pivot),
		.values = RELATIVE_PATH,
		.help = "Where LXC's monitor goes before its own cgroup is removed. Kept, but without an effect: a "
			"keeper is "
			"never in a cgroup of the container's.",
		.since = "5.0",
		.good = { "pivot" },
		.bad = { "/pivot", "../pivot" },
		.check = check_relative,
	},
	{
		.name = "lxc.cgroup.dir.monitor",
		.type = &type_path,
		FIELD(monitor),
		.values = RELATIVE_PATH,
		.help = "The cgroup of LXC's monitor. It must be set together with lxc.cgroup.dir.container and has no "
			"other "
			"effect: a keeper stays in the cgroup of whoever has started it.",
		.since = "5.0",
		.good = { "sys/monitor" },
		.bad = { "/sys", "a/../b" },
		.check = check_relative,
	},
	{
		.name = "lxc.cgroup.dir.container.inner",
		.type = &type_path,
		FIELD(inner),
		.values = "one name, without \"/\"",
		.help = "A cgroup below lxc.cgroup.dir.container that the container's processes live in and see as "
			"their "
			"root; the limits stay out of their reach, one level above.",
		.since = "5.0",
		.good = { "in" },
		.bad = { "a/b", "..", "." },
		.check = check_inner,
	},
	{
		.name = "lxc.cgroup.dir.container",
		.type = &type_path,
		FIELD(container),
		.values = RELATIVE_PATH,
		.help = "The container's cgroup, exactly: nothing is added to it.",
		.since = "5.0",
		.good = { "sys/web1" },
		.bad = { "/sys/web1", "../web1" },
		.check = check_relative,
	},
	{
		.name = "lxc.cgroup.dir",
		.type = &type_path,
		FIELD(dir),
		.values = RELATIVE_PATH,
		.help = "The cgroup that the container's own, lxc.payload.NAME, is made in.",
		.since = "2.1",
		.good = { "lxd", "tenants/a" },
		.bad = { "/lxd", "../lxd", "a/../../b" },
		.check = check_relative,
	},
	{
		.name = "lxc.cgroup.relative",
		.type = &type_bool,
		FIELD(relative),
		.dflt = "0",
		.values = "0 or 1",
		.help = "1: the container's cgroups are made below the one that it is started from, also by root; 0: "
			"root makes "
			"them below the root of each hierarchy.",
		.since = "3.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.cgroup",
		.type = &type_whole,
		FIELD(v1),
		.values = "nothing: an empty value takes all lxc.cgroup.* that name files away",
		.help = "All files of lxc.cgroup.* together. Reading it gives them as \"KEY = VALUE\" lines.",
		.since = "1.0",
		.bad = { "memory" },
	},
	{
		.name = "lxc.cgroup.*",
		.type = &type_list,
		FIELD(v1),
		.values = "what the kernel takes for that file",
		.help = "A file of the container's cgroup v1 and the value that is written to it, in the order of the "
			"config. "
			"On a host with cgroup v2, names and values are translated (memory.limit_in_bytes is "
			"memory.max, "
			"cpu.shares is cpu.weight); what has no meaning there is warned of.",
		.since = "1.0",
		.live = true,
		.good = { "memory.limit_in_bytes=512M", "cpu.shares=512", "devices.deny=a", "devices.allow=c 1:3 rwm" },
	},
};

static void problem(struct problems *p, const char *key, struct origin at, const char *text)
{
	struct err *e = problems_next(p);

	if (!e)
		return;
	(void)err_say(e, EINVAL, "%s", text);
	err_key(e, key, at);
}

static void check(const struct spec *s, struct problems *p)
{
	const struct cgroup *c = s->part[FEATURE_CGROUP];

	cgroup_check_devices(c, p);
	if (c->dir.s && (c->container.s || c->monitor.s))
		problem(p, "lxc.cgroup.dir", c->dir.at,
			"lxc.cgroup.dir cannot be set together with lxc.cgroup.dir.container and "
			"lxc.cgroup.dir.monitor");
	else if (c->container.s && !c->monitor.s)
		problem(p, "lxc.cgroup.dir.container", c->container.at,
			"lxc.cgroup.dir.container needs lxc.cgroup.dir.monitor beside it");
	else if (c->monitor.s && !c->container.s)
		problem(p, "lxc.cgroup.dir.monitor", c->monitor.at,
			"lxc.cgroup.dir.monitor needs lxc.cgroup.dir.container beside it");
	if (c->inner.s && !c->container.s)
		problem(p, "lxc.cgroup.dir.container.inner", c->inner.at,
			"lxc.cgroup.dir.container.inner needs lxc.cgroup.dir.container beside it");
}

const struct feature cgroup_feature = {
	FEATURE_TEXT("Control groups", "Limits of the container and where its cgroups lie, on hosts with cgroup v1, v2 "
				       "and both. A file that was written for one kind of host works on the other: "
				       "memory, cpu, cpuset, io, pids, hugetlb and devices are translated."),
	.name = "cgroup",
	.size = sizeof(struct cgroup),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.check = check,
};

/* --- paths --- */

/* A leading "./" of the user's means nothing; one of ours means "below the caller's own cgroup". */
static int join(const struct cgroup *c, const char *dir, const char *leaf, char *out, size_t size)
{
	int n;

	while (str_starts(dir, "./"))
		dir += 2;
	if (strcmp(dir, ".") == 0)
		dir = "";
	n = snprintf(out, size, "%s%s%s%s", c->relative.n ? "./" : "", dir, *dir && *leaf ? "/" : "", leaf);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int cgroup_path(const struct spec *s, const char *name, char *out, size_t size)
{
	const struct cgroup *c = s->part[FEATURE_CGROUP];
	char leaf[300];
	int n = snprintf(leaf, sizeof(leaf), "lxc.payload.%s", name);

	if (n < 0 || (size_t)n > 255)
		return -ENAMETOOLONG;
	if (c->container.s)
		return join(c, c->container.s, "", out, size);
	return join(c, c->dir.s ? c->dir.s : "", leaf, out, size);
}

int cgroup_pattern_path(const struct spec *s, const char *pattern, const char *name, char *out, size_t size)
{
	const struct cgroup *c = s->part[FEATURE_CGROUP];
	_own_buf struct buf dir = { 0 };

	if (!pattern || !*pattern || c->dir.s || c->container.s)
		return cgroup_path(s, name, out, size);
	while (*pattern == '/')
		pattern++;
	for (const char *p = pattern; *p; p++) {
		if (p[0] == '%' && p[1] == 'n') {
			buf_addf(&dir, "%s", name);
			p++;
		} else {
			buf_add(&dir, p, 1);
		}
	}
	buf_add(&dir, "", 0);
	return dir.failed ? -ENOMEM : join(c, dir.s, "payload", out, size);
}

const char *cgroup_inner(const struct spec *s)
{
	return ((const struct cgroup *)s->part[FEATURE_CGROUP])->inner.s;
}

/* --- steps --- */

bool cgroup_wanted(const struct plan *p)
{
	return p->host->cgroup.n > 0;
}

bool cgroup_is_own(const struct plan *p)
{
	return p->clone_flags & CLONE_NEWCGROUP;
}

/* The tree by its path, owned by the container of this lxcpath. */
static int tree_init(struct cgroup_tree *t, const struct plan *p, const char *path, struct err *e)
{
	const struct cgroup *c = plan_part(p, FEATURE_CGROUP);
	char owner[sizeof(t->owner)];
	int r = cgroup_tree_init(t, &p->host->cgroup, path, e);

	if (str_copy(owner, sizeof(owner), p->lxcpath) < 0)
		(void)snprintf(owner, sizeof(owner), "%016llx", str_fnv64(p->lxcpath));
	if (r == 0)
		r = cgroup_tree_set_owner(t, owner, e);
	if (r == 0 && c->inner.s)
		r = cgroup_tree_set_inner(t, c->inner.s, e);
	return r;
}

/* systemd ends what is left in the cgroup of a service or a session by these hierarchies. */
static bool is_systemds(const struct cgroup_hierarchy *h)
{
	return (h->v2 || strcmp(h->controllers, "name=systemd") == 0) && h->own[0];
}

bool cgroup_leaves(const struct plan *p)
{
	const struct cgroup *c = plan_part(p, FEATURE_CGROUP);

	for (size_t i = 0; i < p->host->cgroup.n && geteuid() == 0 && !c->relative.n; i++)
		if (is_systemds(&p->host->cgroup.v[i]))
			return true;
	return false;
}

/*
 * Leaves:  the keeper in the root cgroup, so that a container outlives the service or the session that it
 *	    was started from. No cgroup of its own is needed for that, nor left behind.
 */
int cgroup_leave(struct run *r, struct err *e)
{
	const struct cgroup_host *h = &r->plan->host->cgroup;

	(void)e;
	for (size_t i = 0; i < h->n; i++) {
		_own_free char *procs = is_systemds(&h->v[i]) ? str_fmt("%s/cgroup.procs", h->v[i].mount) : NULL;

		/* Where it is refused (a container's own cgroup namespace) there is no way out, and none is needed. */
		if (procs)
			(void)!io_write_file(AT_FDCWD, procs, "0");
	}
	return 0;
}

/*
 * An ordinary user to whom no cgroup was delegated does without, as with LXC, unless the config limits
 * anything: no limit is lost in silence.
 */
static int do_without(struct run *r, int x, struct err *e)
{
	const struct cgroup *c = plan_part(r->plan, FEATURE_CGROUP);
	const struct list *l = c->v1.n ? &c->v1 : &c->v2;

	if (geteuid() == 0 || (x != -EACCES && x != -EPERM && x != -EROFS))
		return x;
	if (!l->n) {
		err_clear(e);
		r->cgroup.path[0] = 0; /* nobody need look for them */
		return 0;
	}
	err_hint(e, "this limit needs a cgroup that is the user's: delegate one to him, or take the limit out");
	return cgroup_with_key(e, &l->v[0], l == &c->v2, x);
}

static int first_path(const struct plan *p, char *path, size_t size)
{
	return p->cgroup_pattern[0] ? cgroup_pattern_path(p->spec, p->cgroup_pattern, p->name, path, size)
				    : cgroup_path(p->spec, p->name, path, size);
}

/*
 * Needs:   the lock that says that nobody else runs this container.
 * Leaves:  its cgroups, empty, in every hierarchy; what was left of an earlier one is gone.
 * Mustn't: touch those of a container of the same name in another lxcpath.
 */
int cgroup_make(struct run *r, struct err *e)
{
	const struct cgroup *c = plan_part(r->plan, FEATURE_CGROUP);
	const struct text *asked = c->container.s ? &c->container : &c->dir;
	char path[sizeof(r->cgroup.path)];
	int x = str_copy(path, sizeof(path), r->cgroup.path);

	if (!path[0])
		x = first_path(r->plan, path, sizeof(path));
	x = x < 0 ? err_num(e, -x, "name the cgroup of", "%s", r->plan->name) : tree_init(&r->cgroup, r->plan, path, e);
	for (size_t i = 0; x == 0 && i < c->v1.n + c->v2.n; i++)
		cgroup_tree_want(&r->cgroup, i < c->v1.n ? c->v1.v[i].name : c->v2.v[i - c->v1.n].name);
	if (x == 0) {
		x = cgroup_tree_make(&r->cgroup, e);
		x = do_without(r, x, e);
	}
	if (x < 0 && asked->s)
		err_key(e, c->container.s ? "lxc.cgroup.dir.container" : "lxc.cgroup.dir", asked->at);
	return x;
}

static int remove_tree(void *run, struct err *e)
{
	return cgroup_tree_remove(&((struct run *)run)->cgroup, REMOVE_TIMEOUT_MS, e);
}

/* What a container has made in a cgroup that was given to it (an attached program's leaf, too) is its own root's. */
static int remove_mapped(struct run *r, int x)
{
	const struct spec *s = r->plan->spec;
	struct err ignored = { 0 };

	return (x == -EACCES || x == -EPERM) && mapped_needed(s) ? mapped_run(s, remove_tree, r, &ignored) : x;
}

/*
 * Works in a process that did not make them, too. A start that was killed has not written down where they are: they are
 * where it would have made them, if they are marked as this container's. What cannot be removed is left to the next
 * start.
 */
void cgroup_undo(struct run *r)
{
	char path[sizeof(r->cgroup.path)];
	bool told = r->cgroup.path[0];
	int x = told ? str_copy(path, sizeof(path), r->cgroup.path) : first_path(r->plan, path, sizeof(path));

	if (x == 0 && !r->cgroup.open)
		x = tree_init(&r->cgroup, r->plan, path, NULL);
	if (x == 0 && (told || cgroup_is_ours(&r->cgroup)))
		x = remove_mapped(r, cgroup_tree_remove(&r->cgroup, REMOVE_TIMEOUT_MS, NULL));
}

bool cgroup_oom_killed(const struct run *r)
{
	struct cgroup_tree t;
	struct err ignored = { 0 };
	bool was;

	if (!r->cgroup.path[0] || tree_init(&t, r->plan, r->cgroup.path, &ignored) < 0)
		return false;
	was = cgroup_tree_open(&t, &ignored) == 0 && cgroup_tree_oom_kills(&t) > 0;
	cgroup_tree_close(&t);
	return was;
}

/*
 * Needs:  init's pid.
 * Leaves: init in the cgroups of all hierarchies; its children will be born there.
 */
int cgroup_enter(struct run *r, struct err *e)
{
	return cgroup_tree_enter(&r->cgroup, r->init_pid, r->cloned_into_cgroup, e);
}

void cgroup_let_go(struct run *r)
{
	if (r->cgroup.open)
		cgroup_tree_let_go(&r->cgroup);
}

/*
 * Needs:  init is in all its cgroups: the namespace's root is where it is now.
 * Leaves: an own cgroup namespace.
 */
int cgroup_unshare(struct run *r, struct err *e)
{
	(void)r;
	if (unshare(CLONE_NEWCGROUP) < 0) {
		int x = err_sys(e, "make", "%s", "a cgroup namespace");

		err_hint(e, "it needs a kernel with CONFIG_CGROUPS and Linux 4.6; lxc.namespace.keep = cgroup does "
			    "without");
		return x;
	}
	return 0;
}
