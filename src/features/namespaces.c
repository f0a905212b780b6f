/* SPDX-License-Identifier: MIT */
/* lxc.namespace.clone and .keep: which namespaces a container gets of its own. */
#include "features/namespaces.h"

#include "base/own.h"
#include "features/namespace_share.h"
#include "features/net/net.h"
#include "features/time.h"
#include "features/userns.h"
#include "spec/key.h"

#include <errno.h>
#include <sched.h>
#include <strings.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct namespaces {
	struct list clone, keep;
};

static const struct {
	const char *name;
	uint64_t flag;
} kinds[] = {
	{ "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS },  { "pid", CLONE_NEWPID },	   { "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC },   { "net", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
};

uint64_t namespaces_flag(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcasecmp(kinds[i].name, name) == 0)
			return kinds[i].flag;
	return 0;
}

const char *namespaces_name(uint64_t flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].flag == flag)
			return kinds[i].name;
	return NULL;
}

_Static_assert(ARRAY_SIZE(kinds) == RUN_NAMESPACES, "every kind can be held");

const char *namespaces_nth(size_t nth)
{
	return kinds[nth].name;
}

static int check_name(const char *text, struct err *e)
{
	(void)e;
	return namespaces_flag(text) ? 0 : -EINVAL;
}

static const struct key keys[] = {
	{
		.name = "lxc.namespace.clone",
		.type = &type_words,
		.field = offsetof(struct namespaces, clone),
		.values = "user, mnt, pid, uts, ipc, net, cgroup, time",
		.help = "Exactly these namespaces are made.",
		.since = "3.0",
		.good = { "mnt pid uts" },
		.bad = { "mount" },
		.check = check_name,
	},
	{
		.name = "lxc.namespace.keep",
		.type = &type_words,
		.field = offsetof(struct namespaces, keep),
		.values = "user, mnt, pid, uts, ipc, net, cgroup, time",
		.help = "These stay those of whoever starts it.",
		.since = "3.0",
		.good = { "ipc uts" },
		.bad = { "mount" },
		.check = check_name,
	},
};

static uint64_t flags_of(const struct list *l)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < l->n; i++)
		flags |= namespaces_flag(l->v[i].text);
	return flags;
}

static void check(const struct spec *s, struct problems *p)
{
	const struct namespaces *n = s->part[FEATURE_NAMESPACES];
	struct err *e;

	if (!n->clone.n || !n->keep.n || !(e = problems_next(p)))
		return;
	(void)err_say(e, EINVAL, "lxc.namespace.clone and lxc.namespace.keep exclude each other");
	err_key(e, "lxc.namespace.keep", n->keep.v[0].at);
	err_hint(e, "remove one of the two");
}

const struct feature namespaces_feature = {
	FEATURE_TEXT("Namespaces", "Which namespaces are the container's own, which are the starter's, and which are "
				   "those of somebody else, see namespaces(7)."),
	.name = "namespaces",
	.size = sizeof(struct namespaces),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.check = check,
};

uint64_t namespaces_flags(const struct spec *s)
{
	const struct namespaces *n = s->part[FEATURE_NAMESPACES];
	uint64_t user = userns_wanted(s) ? CLONE_NEWUSER : 0; /* one without a map would be of no use */
	uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | user;

	if (n->clone.n)
		return flags_of(&n->clone) & ~namespace_share_flags(s) & ~(CLONE_NEWUSER & ~user);
	if (n->keep.n) /* LXC then makes all others, a time namespace among them */
		flags |= CLONE_NEWTIME;
	if (net_own_namespace(s))
		flags |= CLONE_NEWNET;
	if (time_is_shifted(s))
		flags |= CLONE_NEWTIME;
	return flags & ~flags_of(&n->keep) & ~namespace_share_flags(s);
}
