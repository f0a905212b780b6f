/* SPDX-License-Identifier: MIT */
/* lxc.idmap: the container's user namespace, which of its ids are which of the host's. */
#include "features/userns.h"

#include "base/own.h"
#include "features/init.h"
#include "features/mapped.h"
#include "spec/key.h"
#include "sys/idmap.h"
#include "sys/ids.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

struct userns {
	struct list maps;
};

/* "u NSID HOSTID RANGE": which map, and the extent of it. */
static int parse(const char *text, char *kind, struct idmap_extent *out)
{
	text += strspn(text, " \t");
	if ((*text != 'u' && *text != 'g') || !strchr(" \t", text[1]))
		return -EINVAL;
	*kind = *text;
	return idmap_parse(text + 1, out);
}

static int clean(const char *text, char **out)
{
	struct idmap_extent x;
	char kind;
	int r = parse(text, &kind, &x);

	if (r < 0)
		return r;
	*out = str_fmt("%c %u %u %u", kind, x.inside, x.outside, x.count);
	return *out ? 0 : -ENOMEM;
}

static const struct type type_idmap = { .name = "idmap", .shape = SHAPE_LIST, .clean = clean, .joined = true };

static const struct key keys[] = {
	{
		.name = "lxc.idmap",
		.type = &type_idmap,
		.field = offsetof(struct userns, maps),
		.values = "u or g, the first id in the container, the first id on the host, how many",
		.help = "Gives the container a user namespace, in which these ids are those of the host: u for users, "
			"g for groups. Several lines make several ranges. What is not mapped does not exist inside.",
		.since = "2.1",
		.good = { "u 0 100000 65536", "g 0 100000 65536", "u 1000 1000 1" },
		.bad = { "b 0 100000 65536", "u 0 100000", "g -1 0 10", "u 0 0 0a" },
	},
};

static const struct list *maps(const struct spec *s)
{
	return &((const struct userns *)s->part[FEATURE_USERNS])->maps;
}

/* One of the two maps. What does not fit any more is a problem of check(). */
static void collect(const struct spec *s, char wanted, struct idmap *m)
{
	const struct list *l = maps(s);
	char kind;

	m->n = 0;
	for (size_t i = 0; i < l->n && m->n < IDMAP_EXTENTS; i++)
		if (parse(l->v[i].text, &kind, &m->v[m->n]) == 0 && kind == wanted)
			m->n++;
}

static struct err *problem(struct problems *p, const struct item *it, const char *text)
{
	struct err *e = problems_next(p);

	if (!e)
		return NULL;
	(void)err_say(e, EINVAL, "%s %s", it->text, text);
	err_key(e, "lxc.idmap", it->at);
	return e;
}

static void check_pair(const struct item *it, const struct idmap_extent *x, const struct item *before,
		       const struct idmap_extent *y, struct problems *p)
{
	const char *where = idmap_overlap(x, y);
	_own_free char *text = where ? str_fmt("maps ids %s that %s maps, too", where, before->text) : NULL;

	if (text)
		(void)problem(p, it, text);
}

static void check_extent(const struct list *l, size_t i, char wanted, const struct idmap_extent *x, struct problems *p)
{
	struct idmap_extent y;
	char kind;

	if (!x->count)
		(void)problem(p, &l->v[i], "maps nothing: its range is 0");
	if ((uint64_t)x->inside + x->count > UINT32_MAX || (uint64_t)x->outside + x->count > UINT32_MAX)
		(void)problem(p, &l->v[i], "goes beyond the last id, 4294967294");
	for (size_t k = 0; k < i; k++)
		if (parse(l->v[k].text, &kind, &y) == 0 && kind == wanted)
			check_pair(&l->v[i], x, &l->v[k], &y, p);
}

/* All lines of one kind; how many there are. */
static size_t check_kind(const struct list *l, char wanted, struct problems *p)
{
	struct idmap_extent x;
	size_t n = 0;
	char kind;

	for (size_t i = 0; i < l->n; i++) {
		if (parse(l->v[i].text, &kind, &x) < 0 || kind != wanted)
			continue;
		check_extent(l, i, wanted, &x, p);
		if (++n == IDMAP_EXTENTS + 1)
			(void)problem(p, &l->v[i], "is one range too many: the kernel takes 340 of each kind");
	}
	return n;
}

/* init begins as 0:0 where that is mapped, and goes on as lxc.init.uid and .gid, which must be. */
static void check_init(const struct spec *s, struct problems *p)
{
	_own_free char *text = NULL;
	uid_t uid;
	gid_t gid;

	init_ids_of(s, &uid, &gid);
	if (userns_host_uid(s, uid) < 0)
		text = str_fmt("and the others map no user %u, which init runs as", uid);
	else if (userns_host_gid(s, gid) < 0)
		text = str_fmt("and the others map no group %u, which init runs as", gid);
	if (text)
		err_hint(problem(p, &maps(s)->v[0], text), "map it, or set lxc.init.uid and lxc.init.gid");
}

static void check(const struct spec *s, struct problems *p)
{
	const struct list *l = maps(s);
	size_t before = p->n, u, g;

	if (!l->n)
		return;
	u = check_kind(l, 'u', p);
	g = check_kind(l, 'g', p);
	if (!u || !g)
		err_hint(problem(p, &l->v[0],
				 u ? "has no line for groups beside it" : "has no line for users beside it"),
			 "a user namespace needs both: %s", u ? "lxc.idmap = g ..." : "lxc.idmap = u ...");
	else if (p->n == before)
		check_init(s, p);
}

const struct feature userns_feature = { FEATURE_TEXT("User namespace",
						     "Which ids of the container are which of the host."),
					.name = "userns",
					.size = sizeof(struct userns),
					.keys = keys,
					.n_keys = ARRAY_SIZE(keys),
					.check = check };

bool userns_wanted(const struct spec *s)
{
	return maps(s)->n > 0;
}

bool userns_own(const struct plan *p)
{
	return p->clone_flags & CLONE_NEWUSER;
}

bool userns_has_cgroup(const struct plan *p)
{
	return userns_own(p) && p->host->cgroup.n > 0;
}

static int64_t host_id(const struct spec *s, char kind, uint32_t id)
{
	struct idmap m;

	if (!userns_wanted(s))
		return id;
	collect(s, kind, &m);
	return idmap_out(&m, id);
}

int64_t userns_host_uid(const struct spec *s, uid_t uid)
{
	return host_id(s, 'u', uid);
}

int64_t userns_host_gid(const struct spec *s, gid_t gid)
{
	return host_id(s, 'g', gid);
}

void userns_root(const struct spec *s, uid_t *uid, gid_t *gid)
{
	uid_t init_uid;
	gid_t init_gid;

	init_ids_of(s, &init_uid, &init_gid);
	*uid = userns_host_uid(s, 0) >= 0 ? 0 : init_uid;
	*gid = userns_host_gid(s, 0) >= 0 ? 0 : init_gid;
}

/* The map with the host's id `own` in it; returns what that is inside. */
static uint32_t add_own(struct idmap *m, uint32_t own)
{
	uint32_t free_id = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct idmap_extent *x = &m->v[i];

		if (own >= x->outside && own - x->outside < x->count)
			return x->inside + (own - x->outside);
		if (x->inside + x->count > free_id)
			free_id = x->inside + x->count;
	}
	if (m->n < IDMAP_EXTENTS)
		m->v[m->n++] = (struct idmap_extent){ free_id, own, 1 };
	return free_id;
}

void userns_caller(const struct spec *s, uid_t *uid, gid_t *gid)
{
	struct idmap m;

	collect(s, 'u', &m);
	*uid = add_own(&m, geteuid());
	collect(s, 'g', &m);
	*gid = add_own(&m, getegid());
}

static int with_line(const struct spec *s, int x, struct err *e)
{
	if (x < 0)
		err_key(e, "lxc.idmap", maps(s)->v[0].at);
	return x;
}

int userns_map_caller(const struct spec *s, pid_t child, struct err *e)
{
	struct idmap uid, gid;

	collect(s, 'u', &uid);
	(void)add_own(&uid, geteuid());
	collect(s, 'g', &gid);
	(void)add_own(&gid, getegid());
	return with_line(s, idmap_write(child, &uid, &gid, e), e);
}

/*
 * Needs:  init in its cgroups: an ordinary user may move only what is of his own id.
 * Leaves: its ids mapped; until then it can become nobody.
 */
int userns_map(struct run *r, struct err *e)
{
	const struct spec *s = r->plan->spec;
	struct idmap uid, gid;

	collect(s, 'u', &uid);
	collect(s, 'g', &gid);
	return with_line(s, idmap_write(r->init_pid, &uid, &gid, e), e);
}

static int give_cgroup(void *run, struct err *e)
{
	struct run *r = run;
	const struct spec *s = r->plan->spec;
	uid_t uid;
	gid_t gid;

	userns_root(s, &uid, &gid);
	return cgroup_tree_delegate(&r->cgroup, (uid_t)userns_host_uid(s, uid), (gid_t)userns_host_gid(s, gid), e);
}

/* As give_cgroup() in a child, in whose namespace both the caller's and the container's ids are. */
static int give_mapped_cgroup(void *run, struct err *e)
{
	struct run *r = run;
	const struct spec *s = r->plan->spec;
	uid_t uid;
	gid_t gid;

	userns_root(s, &uid, &gid);
	return cgroup_tree_delegate(&r->cgroup, uid, gid, e);
}

/*
 * Needs:  the cgroups.
 * Leaves: what init may do in its own, it may.
 */
int userns_give_cgroup(struct run *r, struct err *e)
{
	const struct spec *s = r->plan->spec;

	if (!r->cgroup.open)
		return 0;
	return with_line(s, mapped_needed(s) ? mapped_run(s, give_mapped_cgroup, r, e) : give_cgroup(r, e), e);
}

/*
 * Needs:   the ids mapped.
 * Leaves:  root of the namespace, without groups of the host's; whatever is made from here on is his.
 * Mustn't: come behind init.guard: a change of ids clears the parent-death signal.
 */
int userns_become(struct run *r, struct err *e)
{
	uid_t uid;
	gid_t gid;

	userns_root(r->plan->spec, &uid, &gid);
	if (ids_set_groups(0, NULL) < 0 &&
	    errno != EPERM) /* EPERM: a namespace of one's own id alone (setgroups: deny) */
		return err_sys(e, "drop", "the supplementary groups");
	if (ids_set_gid(gid) < 0)
		return err_sys(e, "become", "group %u of the container", gid);
	if (ids_set_uid(uid) < 0)
		return err_sys(e, "become", "user %u of the container", uid);
	return 0;
}
