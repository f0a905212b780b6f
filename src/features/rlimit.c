/* SPDX-License-Identifier: MIT */
/* lxc.prlimit.*: the resource limits of init, and so of all that it starts (getrlimit(2)). */
#include "features/rlimit.h"

#include "base/num.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define UNLIMITED "unlimited"

struct rlimits {
	struct list list; /* names of resources, "SOFT" or "SOFT:HARD" */
};

static const struct {
	const char *name;
	int resource;
} resources[] = {
	{ "as", RLIMIT_AS },	       { "core", RLIMIT_CORE },		{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },       { "fsize", RLIMIT_FSIZE },	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },   { "nproc", RLIMIT_NPROC },	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};
_Static_assert(ARRAY_SIZE(resources) == RLIM_NLIMITS, "every resource has its name");

/* -1: no such resource */
static int resource_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		if (strcmp(resources[i].name, name) == 0)
			return resources[i].resource;
	return -1;
}

static int check_resource(const char *name, struct err *e)
{
	struct nearest near = { .to = name, .edits = 3 };
	int x;

	if (resource_of(name) >= 0)
		return 0;
	x = err_say(e, EINVAL, "lxc.prlimit.%s: there is no resource %s", name, name);
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		nearest_see(&near, resources[i].name);
	if (near.found)
		err_hint(e, "did you mean lxc.prlimit.%s?", near.found);
	else
		err_hint(e, "resources are those of getrlimit(2) in lower case: nofile, nproc, memlock, ...");
	return x;
}

/* One side of the colon; blanks around it do not count. LXC takes -1 for "unlimited". */
static int parse_side(char *text, rlim_t *out)
{
	uint64_t v;

	text += strspn(text, " \t");
	for (size_t n = strlen(text); n && strchr(" \t", text[n - 1]);)
		text[--n] = 0;
	if (strcmp(text, UNLIMITED) == 0 || strcmp(text, "-1") == 0) {
		*out = RLIM_INFINITY;
		return 0;
	}
	if (!*text || text[strspn(text, "0123456789")])
		return -EINVAL;
	text += strspn(text, "0"); /* a number is decimal, whatever it begins with */
	if (num_u64_c(*text ? text : "0", UINT64_MAX, &v) < 0)
		return -EINVAL;
	*out = v;
	return 0;
}

static int parse_limit(const char *text, struct rlimit *out)
{
	_own_free char *copy = strdup(text);
	char *colon = copy ? strchr(copy, ':') : NULL;
	struct rlimit l;

	if (!copy)
		return -ENOMEM;
	if (colon)
		*colon++ = 0;
	if (parse_side(copy, &l.rlim_cur) < 0)
		return -EINVAL;
	l.rlim_max = l.rlim_cur;
	if (colon && colon[strspn(colon, " \t")] && parse_side(colon, &l.rlim_max) < 0)
		return -EINVAL;
	if (l.rlim_cur > l.rlim_max)
		return -EINVAL;
	*out = l;
	return 0;
}

static void print_side(rlim_t v, struct buf *out)
{
	if (v == RLIM_INFINITY)
		buf_addf(out, UNLIMITED);
	else
		buf_addf(out, "%llu", (unsigned long long)v);
}

/* "SOFT" where both are the same, as LXC tells it. */
static int clean_limit(const char *text, char **out)
{
	_own_buf struct buf b = { 0 };
	struct rlimit l;
	int x = parse_limit(text, &l);

	if (x < 0)
		return x;
	print_side(l.rlim_cur, &b);
	if (l.rlim_max != l.rlim_cur) {
		buf_addf(&b, ":");
		print_side(l.rlim_max, &b);
	}
	*out = buf_take(&b);
	return *out ? 0 : -ENOMEM;
}

static const struct type type_limit = { .name = "limit", .shape = SHAPE_LIST, .bare = true, .clean = clean_limit };

static const struct key keys[] = {
	{
		.name = "lxc.prlimit",
		.type = &type_whole,
		.field = offsetof(struct rlimits, list),
		.values = "nothing: an empty value takes all lxc.prlimit.* away",
		.help = "All lxc.prlimit.* together. Reading it gives them as \"KEY = VALUE\" lines.",
		.since = "2.1",
		.bad = { "5" },
	},
	{
		.name = "lxc.prlimit.*",
		.type = &type_limit,
		.field = offsetof(struct rlimits, list),
		.values = "SOFT or SOFT:HARD, each a number or \"unlimited\", SOFT at most HARD",
		.help = "A resource limit of init, which all that it starts inherits. The name is that of getrlimit(2) "
			"in "
			"lower case: as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, "
			"rtprio, rttime, sigpending, stack. One number sets both limits.",
		.since = "2.1",
		.good = { "nofile=1024:65536", "core=unlimited", "nproc=50 : 100" },
		.bad = { "nofile=many", "nofile=200:100", "nofiles=5" },
		.check_name = check_resource,
		.once = true,
	},
};

const struct feature rlimit_feature = {
	.name = "rlimit",
	.size = sizeof(struct rlimits),
	.keys = keys,
	FEATURE_TEXT("Limits of processes", "The limits of init, which all its children inherit, see setrlimit(2)."),
	.n_keys = ARRAY_SIZE(keys),
};

bool rlimit_given(const struct plan *p)
{
	const struct rlimits *l = plan_part(p, FEATURE_RLIMIT);

	return l->list.n;
}

static int refuse(const struct item *it, int resource, const struct rlimit *want, pid_t pid, struct err *e)
{
	_own_free char *key = str_fmt("lxc.prlimit.%s", it->name);
	int error = errno;
	struct rlimit has;
	int x = err_num(e, error, "limit", "%s to %s", it->name, it->text);

	if (key)
		err_key(e, key, it->at);
	if (error == EPERM && prlimit(pid, (unsigned)resource, NULL, &has) == 0 && want->rlim_max > has.rlim_max)
		err_hint(e, "the hard limit is %llu here, and raising it takes CAP_SYS_RESOURCE",
			 (unsigned long long)has.rlim_max);
	return x;
}

/*
 * Needs:   INIT where it opens hardly anything more (a low nofile would stop it), but with the keeper's ids still,
 *	    without which this would take CAP_SYS_RESOURCE in its user namespace.
 * Leaves:  init's limits.
 * Mustn't: be done by INIT: in a user namespace of its own it can raise none.
 */
int rlimit_set(struct run *r, struct err *e)
{
	const struct rlimits *l = plan_part(r->plan, FEATURE_RLIMIT);

	for (size_t i = 0; i < l->list.n; i++) {
		const struct item *it = &l->list.v[i];
		int resource = resource_of(it->name);
		struct rlimit want;

		if (parse_limit(it->text, &want) == 0 && prlimit(r->init_pid, (unsigned)resource, &want, NULL) < 0)
			return refuse(it, resource, &want, r->init_pid, e);
	}
	return 0;
}
