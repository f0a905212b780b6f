/* SPDX-License-Identifier: MIT */
/* lxc.selinux.*: the SELinux contexts of init and of its session keyring. */
#include "features/selinux.h"

#include "base/io.h"
#include "base/own.h"
#include "features/keyring.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct selinux {
	struct text context, keyring;
};

static const struct key keys[] = {
	{
		.name = "lxc.selinux.context",
		.type = &type_text,
		.field = offsetof(struct selinux, context),
		.values = "a context: USER:ROLE:TYPE[:RANGE]",
		.help = "The SELinux context in which init runs, and attached programs. Without it nothing is changed. "
			"On "
			"a kernel without SELinux the container does not start with it.",
		.since = "2.1",
		.good = { "system_u:system_r:lxc_t:s0:c22" },
	},
	{
		.name = "lxc.selinux.context.keyring",
		.type = &type_text,
		.field = offsetof(struct selinux, keyring),
		.values = "a context: USER:ROLE:TYPE[:RANGE]",
		.help = "The SELinux context of init's new session keyring; lxc.selinux.context without it.",
		.since = "4.0",
		.good = { "system_u:system_r:lxc_t:s0:c22" },
	},
};

const struct feature selinux_feature = {
	.name = "selinux",
	FEATURE_TEXT("SELinux", "The SELinux contexts of what runs inside."),
	.size = sizeof(struct selinux),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool selinux_labels(const struct plan *p)
{
	const struct selinux *s = plan_part(p, FEATURE_SELINUX);

	return s->context.s || s->keyring.s;
}

bool selinux_labels_keyring(const struct plan *p)
{
	return selinux_labels(p) && keyring_is_new(p);
}

static int fail(const struct text *t, const struct selinux *s, int x, struct err *e)
{
	err_key(e, t == &s->context ? "lxc.selinux.context" : "lxc.selinux.context.keyring", t->at);
	return x;
}

int selinux_look(struct run *r, struct err *e)
{
	const struct selinux *s = plan_part(r->plan, FEATURE_SELINUX);
	int x;

	if (r->plan->host->selinux)
		return 0;
	x = err_say(e, ENOTSUP, "this kernel does not run SELinux, so there is no context %s",
		    s->context.s ? s->context.s : s->keyring.s);
	err_hint(e, "take lxc.selinux.* out of the config, or boot with security=selinux");
	return fail(s->context.s ? &s->context : &s->keyring, s, x, e);
}

static int write_attr(const char *path, const struct text *t, const struct selinux *s, const char *what, struct err *e)
{
	int x = io_write_file(AT_FDCWD, path, t->s);

	if (x >= 0)
		return 0;
	(void)err_num(e, -x, what, "the SELinux context %s", t->s);
	if (x == -EINVAL)
		err_hint(e, "the loaded policy knows no such context: seinfo -t, semodule -l");
	if (x == -EACCES)
		err_hint(e, "the loaded policy does not let this process change to it");
	return fail(t, s, x, e);
}

/* Leaves: keys that are made from here to the exec have that context. */
int selinux_label_keyring(struct run *r, struct err *e)
{
	const struct selinux *s = plan_part(r->plan, FEATURE_SELINUX);

	return write_attr("/proc/self/attr/keycreate", s->keyring.s ? &s->keyring : &s->context, s,
			  "give the session keyring", e);
}

/* Leaves: the next exec changes to the context. */
int selinux_set_context(struct run *r, struct err *e)
{
	const struct selinux *s = plan_part(r->plan, FEATURE_SELINUX);

	return s->context.s ? write_attr("/proc/self/attr/exec", &s->context, s, "change to", e) : 0;
}
