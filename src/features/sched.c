/* SPDX-License-Identifier: MIT */
/* lxc.sched.core: the container's tasks share processor cores with no others (core scheduling, Linux 5.14). */
#include "features/sched.h"

#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sys/prctl.h>

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE		 62
#define PR_SCHED_CORE_GET	 0
#define PR_SCHED_CORE_CREATE	 1
#define PR_SCHED_CORE_SHARE_FROM 3
#endif
enum { SCOPE_THREAD = 0, SCOPE_PROCESS = 1 }; /* PR_SCHED_CORE_SCOPE_*, which older headers lack */

struct sched {
	struct number core;
};

static const struct key keys[] = {
	{
		.name = "lxc.sched.core",
		.type = &type_bool,
		.field = offsetof(struct sched, core),
		.values = "0 or 1",
		.help = "1: the hardware threads of a core never run a task of the container's beside one of somebody "
			"else's.",
		.since = "5.0",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
};

const struct feature sched_feature = {
	.name = "sched",
	FEATURE_TEXT("Scheduling", "Who may share a core with the container's processes."),
	.size = sizeof(struct sched),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool sched_core_wanted(const struct plan *p)
{
	const struct sched *c = plan_part(p, FEATURE_SCHED);

	return c->core.n;
}

static int refuse(struct run *r, int error, struct err *e)
{
	const struct sched *c = plan_part(r->plan, FEATURE_SCHED);
	int x = err_num(e, error, "make", "a core scheduling domain");

	err_key(e, "lxc.sched.core", c->core.at);
	if (error == EINVAL)
		err_hint(e, "this kernel has no core scheduling (Linux 5.14, CONFIG_SCHED_CORE)");
	if (error == ENODEV)
		err_hint(e, "the cores of this processor have one thread each: there is nothing to share; take it out");
	return x;
}

/*
 * Leaves: nothing: it asks for the keeper's own cookie, which the kernel refuses where it could make none.
 */
int sched_core_look(struct run *r, struct err *e)
{
	unsigned long cookie;

	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, SCOPE_THREAD, &cookie) < 0)
		return refuse(r, errno, e);
	return 0;
}

int sched_core_create(struct run *r, struct err *e)
{
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, SCOPE_PROCESS, NULL) < 0)
		return refuse(r, errno, e);
	return 0;
}

int sched_core_join(pid_t pid, struct err *e)
{
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_SHARE_FROM, pid, SCOPE_THREAD, NULL) < 0)
		return err_sys(e, "join", "the container's core scheduling domain");
	return 0;
}
