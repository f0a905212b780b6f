/* SPDX-License-Identifier: MIT */
/* lxc.uts.name: the container's host name. */
#include "features/uts.h"

#include "spec/key.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

struct uts {
	struct text name;
};

/* __NEW_UTS_LEN of linux/utsname.h */
static int check_name(const char *text, struct err *e)
{
	(void)e;
	return strlen(text) > 64 ? -EINVAL : 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.uts.name",
		.type = &type_text,
		.field = offsetof(struct uts, name),
		.values = "a host name of at most 64 bytes",
		.help = "The host name that the container starts with. Without it, the host's own name is seen.",
		.since = "2.1",
		.good = { "alpha" },
		.bad = { "0123456789012345678901234567890123456789012345678901234567890123456789" },
		.check = check_name,
	},
};

const struct feature uts_feature = {
	FEATURE_TEXT("Host name", "The name of the container's system."),
	.name = "uts",
	.size = sizeof(struct uts),
	.keys = keys,
	.n_keys = 1,
};

bool uts_named(const struct plan *p)
{
	const struct uts *u = plan_part(p, FEATURE_UTS);

	return u->name.s && p->clone_flags & CLONE_NEWUTS;
}

/*
 * Needs:  an own uts namespace.
 * Leaves: its host name set.
 */
int uts_set_name(struct run *r, struct err *e)
{
	const struct uts *u = plan_part(r->plan, FEATURE_UTS);

	if (sethostname(u->name.s, strlen(u->name.s)) < 0) {
		int x = err_sys(e, "set the host name to", "%s", u->name.s);

		err_key(e, "lxc.uts.name", u->name.at);
		return x;
	}
	return 0;
}
