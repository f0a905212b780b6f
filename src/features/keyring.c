/* SPDX-License-Identifier: MIT */
/* lxc.keyring.session: whether init starts with a session keyring of its own. */
#include "features/keyring.h"

#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct keyring {
	struct number session;
};

static const struct key keys[] = {
	{
		.name = "lxc.keyring.session",
		.type = &type_bool,
		.field = offsetof(struct keyring, session),
		.values = "0 or 1",
		.help = "1: init keeps the keyring of whoever starts it; 0: it gets a new one. (LXC's manual has it "
			"the other way "
			"round; this is what LXC does.)",
		.since = "4.0",
		.good = { "0", "1" },
		.bad = { "2" },
	},
};

const struct feature keyring_feature = {
	FEATURE_TEXT("Keyring", "The session keyring of init, see keyrings(7)."),
	.name = "keyring",
	.size = sizeof(struct keyring),
	.keys = keys,
	.n_keys = 1,
};

bool keyring_is_new(const struct plan *p)
{
	const struct keyring *k = plan_part(p, FEATURE_KEYRING);

	return !k->session.n;
}

int keyring_join(struct run *r, struct err *e)
{
	(void)r;
	/* ENOSYS: a kernel without keys; EDQUOT: the user's keys are used up. LXC starts without, too. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS && errno != EDQUOT)
		return err_sys(e, "make", "a session keyring");
	return 0;
}
