/* SPDX-License-Identifier: MIT */
/* lxc.arch: the personality that programs in the container see (uname -m of a 32-bit system). */
#include "features/arch.h"

#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>

struct arch {
	struct text name;
};

static const char *const bits32[] = { "arm",  "armel",	 "armhf", "armv7l", "athlon", "i386",	 "i486", "i586",
				      "i686", "linux32", "mips",  "mipsel", "ppc",    "powerpc", "x32",	 "x86" };
static const char *const bits64[] = { "aarch64", "amd64",     "arm64",	  "linux64", "loongarch64",
				      "loong64", "mips64",    "mips64el", "ppc64",   "ppc64el",
				      "ppc64le", "powerpc64", "riscv64",  "s390x",   "x86_64" };

int arch_of_name(const char *name, unsigned long *personality)
{
	for (size_t i = 0; i < ARRAY_SIZE(bits32); i++) {
		if (strcmp(name, bits32[i]) == 0) {
			*personality = PER_LINUX32;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(bits64); i++) {
		if (strcmp(name, bits64[i]) == 0) {
			*personality = PER_LINUX;
			return 0;
		}
	}
	return -EINVAL;
}

static int check_name(const char *text, struct err *e)
{
	unsigned long p;

	(void)e;
	return arch_of_name(text, &p);
}

/* LXC tells the two personalities by these names, whatever was written. */
static int get_name(const void *part, unsigned index, struct buf *out)
{
	const struct arch *a = part;
	unsigned long p;

	(void)index;
	if (a->name.s && arch_of_name(a->name.s, &p) == 0)
		buf_addf(out, "%s", p == PER_LINUX32 ? "i686" : "x86_64");
	return 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.arch",
		.type = &type_text,
		.field = offsetof(struct arch, name),
		.values = "an architecture: i686, x86_64, armhf, arm64, ...",
		.help = "The personality of init: programs of a 32-bit system see a 32-bit machine.",
		.since = "1.0",
		.good = { "i686", "x86_64", "arm64" },
		.bad = { "pdp11" },
		.check = check_name,
		.get = get_name,
	},
};

const struct feature arch_feature = {
	FEATURE_TEXT("Architecture", "The architecture that programs in the container see."),
	.name = "arch",
	.size = sizeof(struct arch),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

unsigned long arch_personality(const struct spec *s)
{
	const struct arch *a = s->part[FEATURE_ARCH];
	unsigned long p = 0xffffffff;

	if (a->name.s)
		(void)arch_of_name(a->name.s, &p);
	return p;
}

bool arch_given(const struct plan *p)
{
	return arch_personality(p->spec) != 0xffffffff;
}

/*
 * Leaves: the personality of init and of all that it will start.
 */
int arch_set_personality(struct run *r, struct err *e)
{
	if (personality(arch_personality(r->plan->spec)) < 0)
		return err_sys(e, "set", "the personality");
	return 0;
}
