/* SPDX-License-Identifier: MIT */
/* lxc.cap.drop and lxc.cap.keep: the capabilities that init, and so everything inside, can have at most. */
#include "features/caps.h"

#include "base/num.h"
#include "base/own.h"
#include "spec/key.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

struct caps {
	struct list drop, keep;
};

/* "sys_admin" or a number; -EINVAL for upper case and "cap_", as LXC has it. */
static int cap_of_name(const char *text, int *cap)
{
	char full[64];
	cap_value_t v;
	int64_t n;

	if (isdigit((unsigned char)*text)) {
		if (num_i64(text, 0, 63, &n) < 0)
			return -EINVAL;
		*cap = (int)n;
		return 0;
	}
	for (const char *c = text; *c; c++)
		if (isupper((unsigned char)*c))
			return -EINVAL;
	if (str_starts(text, "cap_") || strlen(text) > 50)
		return -EINVAL;
	(void)snprintf(full, sizeof(full), "cap_%s", text);
	if (cap_from_name(full, &v) < 0)
		return -EINVAL;
	*cap = v;
	return 0;
}

static int check_drop(const char *text, struct err *e)
{
	int cap;

	(void)e;
	return cap_of_name(text, &cap);
}

static int check_keep(const char *text, struct err *e)
{
	return strcmp(text, "none") == 0 ? 0 : check_drop(text, e);
}

static const struct key keys[] = {
	{
		.name = "lxc.cap.drop",
		.type = &type_words,
		.field = offsetof(struct caps, drop),
		.values = "capabilities in lower case without \"cap_\", or their numbers",
		.help = "Capabilities that nothing in the container can have.",
		.since = "1.0",
		.good = { "sys_module mac_admin", "33" },
		.bad = { "SYS_ADMIN", "cap_chown", "none", "nonsense" },
		.check = check_drop,
	},
	{
		.name = "lxc.cap.keep",
		.type = &type_words,
		.field = offsetof(struct caps, keep),
		.values = "capabilities in lower case without \"cap_\", their numbers, or \"none\"",
		.help = "The only capabilities that anything in the container can have; \"none\" forgets those named "
			"before.",
		.since = "1.0",
		.good = { "chown kill", "none" },
		.bad = { "SYS_ADMIN", "nonsense" },
		.check = check_keep,
	},
};

static void check(const struct spec *s, struct problems *p)
{
	const struct caps *c = s->part[FEATURE_CAPS];
	struct err *e;

	if (!c->drop.n || !c->keep.n || !(e = problems_next(p)))
		return;
	(void)err_say(e, EINVAL, "lxc.cap.drop and lxc.cap.keep exclude each other");
	err_key(e, "lxc.cap.keep", c->keep.v[0].at);
	err_hint(e, "remove one of the two");
}

const struct feature caps_feature = {
	FEATURE_TEXT("Capabilities", "What the container's root may not do, see capabilities(7). An "
				     "empty value forgets what was said before."),
	.name = "caps",
	.size = sizeof(struct caps),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.check = check,
};

/* One bit for each capability that may stay; "none" among the kept ones clears what was said before it. */
static uint64_t allowed(const struct spec *s)
{
	const struct caps *c = s->part[FEATURE_CAPS];
	uint64_t set = c->keep.n ? 0 : ~0ULL;
	int cap;

	for (size_t i = 0; i < c->keep.n; i++) {
		if (strcmp(c->keep.v[i].text, "none") == 0)
			set = 0;
		else if (cap_of_name(c->keep.v[i].text, &cap) == 0)
			set |= 1ULL << cap;
	}
	for (size_t i = 0; i < c->drop.n; i++)
		if (cap_of_name(c->drop.v[i].text, &cap) == 0)
			set &= ~(1ULL << cap);
	return set;
}

bool caps_keeps(const struct spec *s, int cap)
{
	return allowed(s) >> cap & 1;
}

bool caps_limited(const struct plan *p)
{
	return allowed(p->spec) != ~0ULL;
}

int caps_drop_of(const struct spec *s, struct err *e)
{
	uint64_t keep = allowed(s);

	for (int cap = 0; cap < 64; cap++) {
		if (keep >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0) /* behind the kernel's last */
			break;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(e, "drop capability", "%d", cap);
	}
	return 0;
}

/*
 * Leaves: the bounding set without what the config drops: the coming exec takes it from all sets. Until
 *	   then init still has what it needs to become another user.
 */
int caps_drop(struct run *r, struct err *e)
{
	return caps_drop_of(r->plan->spec, e);
}
