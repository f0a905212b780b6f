/* SPDX-License-Identifier: MIT */
/* lxc.apparmor.*: the AppArmor profile of init. Without AppArmor in the kernel the keys change nothing. */
#include "features/apparmor.h"

#include "base/io.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct apparmor {
	struct text profile;
	struct number incomplete, nesting;
	struct list raw;
};

static const struct key keys[] = {
	{
		.name = "lxc.apparmor.profile",
		.type = &type_text,
		.field = offsetof(struct apparmor, profile),
		.values = "a profile's name, unconfined, unchanged or generated",
		.help = "The profile under which init runs where the kernel has AppArmor.",
		.since = "2.1",
		.good = { "generated", "unconfined", "lxc-container-default-cgns" },
	},
	{
		.name = "lxc.apparmor.allow_incomplete",
		.type = &type_bool,
		.field = offsetof(struct apparmor, incomplete),
		.values = "0 or 1",
		.help = "Start although the kernel's AppArmor cannot confine mounts.",
		.since = "2.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.apparmor.allow_nesting",
		.type = &type_bool,
		.field = offsetof(struct apparmor, nesting),
		.values = "0 or 1",
		.help = "Containers may be run inside: a clean procfs and sysfs stand below /dev/.lxc.",
		.since = "3.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.apparmor.raw",
		.type = &type_list,
		.field = offsetof(struct apparmor, raw),
		.values = "a line of AppArmor's profile language",
		.help = "Added to a generated profile.",
		.since = "3.1",
		.good = { "deny /proc/sysrq-trigger w," },
	},
};

const struct feature apparmor_feature = {
	FEATURE_TEXT("AppArmor", "The AppArmor profile that confines the container."),
	.name = "apparmor",
	.size = sizeof(struct apparmor),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool apparmor_allows_nesting(const struct plan *p)
{
	const struct apparmor *a = plan_part(p, FEATURE_APPARMOR);

	return a->nesting.n;
}

bool apparmor_confines(const struct plan *p)
{
	const struct apparmor *a = plan_part(p, FEATURE_APPARMOR);

	return p->host->apparmor && a->profile.s && strcmp(a->profile.s, "unchanged") != 0;
}

/* "NAME (enforce)", "unconfined". Without AppArmor the file is not there, or another module's (EINVAL). */
int apparmor_of(pid_t pid, char **profile, struct err *e)
{
	_own_free char *path = str_fmt("/proc/%d/attr/apparmor/current", (int)pid); /* Linux 5.1 */
	_own_free char *text = NULL;
	char *mode;
	int x = path ? io_read_file(AT_FDCWD, path, 1 << 16, &text, NULL) : -ENOMEM;

	if (x == -ENOENT || x == -EINVAL) {
		*profile = NULL;
		return 0;
	}
	if (x < 0)
		return err_num(e, -x, "read", "the AppArmor profile of process %d", (int)pid);
	text[strcspn(text, "\n")] = 0;
	mode = strrchr(text, '(');
	if (mode && mode > text && mode[-1] == ' ')
		mode[-1] = 0;
	*profile = strcmp(text, "unconfined") == 0 ? NULL : take_ptr(&text);
	return 0;
}

int apparmor_at_exec(const char *profile, struct err *e)
{
	_own_free char *text = str_fmt("exec %s", profile);
	int x;

	if (!text)
		return err_num(e, ENOMEM, "hold", "the profile");
	x = io_write_file(AT_FDCWD, "/proc/self/attr/apparmor/exec", text); /* Linux 5.1 */
	if (x == -ENOENT)
		x = io_write_file(AT_FDCWD, "/proc/self/attr/exec", text);
	return x < 0 ? err_num(e, -x, "change to AppArmor profile", "%s", profile) : 0;
}

/*
 * Needs:  the host's /proc, or one of our own, at /proc: before root.pivot.
 * Leaves: the next exec changes to the profile.
 */
int apparmor_set_profile(struct run *r, struct err *e)
{
	const struct apparmor *a = plan_part(r->plan, FEATURE_APPARMOR);
	int x;

	if (strcmp(a->profile.s, "generated") == 0) {
		x = err_say(e, ENOTSUP, "this version of Keg generates no AppArmor profiles");
		err_key(e, "lxc.apparmor.profile", a->profile.at);
		err_hint(e, "name a loaded profile, or set it to unconfined");
		return x;
	}
	x = apparmor_at_exec(a->profile.s, e);
	if (x < 0) {
		err_key(e, "lxc.apparmor.profile", a->profile.at);
		err_hint(e, "load it: apparmor_parser -r FILE");
	}
	return x;
}
