/* SPDX-License-Identifier: MIT */
/* lxc.no_new_privs: no program inside gains rights by its exec, from a setuid bit or file capabilities. */
#include "features/nnp.h"

#include "base/own.h"
#include "spec/key.h"

#include <sys/prctl.h>

struct nnp {
	struct number on;
};

static const struct key keys[] = {
	{
		.name = "lxc.no_new_privs",
		.type = &type_bool,
		.field = offsetof(struct nnp, on),
		.values = "0 or 1",
		.help = "1: setuid bits and file capabilities give no program inside more rights than it had.",
		.since = "2.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
};

const struct feature nnp_feature = {
	.name = "nnp",
	FEATURE_TEXT("No new privileges", "Whether a program inside can gain rights by its file, see prctl(2)."),
	.size = sizeof(struct nnp),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool nnp_wanted(const struct plan *p)
{
	const struct nnp *n = plan_part(p, FEATURE_NNP);

	return n->on.n;
}

/*
 * Leaves: the bit that no exec and no child loses again.
 */
int nnp_set(struct run *r, struct err *e)
{
	(void)r;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? err_sys(e, "set", "no_new_privs") : 0;
}
