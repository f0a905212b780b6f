/* SPDX-License-Identifier: MIT */
/* Namespaces as options name them: LXC's loud words, or the kernel's own. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

static const struct {
	const char *loud, *quiet;
	uint64_t flag;
} namespaces[] = {
	{ "MOUNT", "mnt", CLONE_NEWNS },	 { "PID", "pid", CLONE_NEWPID },    { "UTSNAME", "uts", CLONE_NEWUTS },
	{ "IPC", "ipc", CLONE_NEWIPC },		 { "USER", "user", CLONE_NEWUSER }, { "NETWORK", "net", CLONE_NEWNET },
	{ "CGROUP", "cgroup", CLONE_NEWCGROUP }, { "TIME", "time", CLONE_NEWTIME },
};

static uint64_t flag_of(const char *word)
{
	for (size_t k = 0; k < ARRAY_SIZE(namespaces); k++)
		if (strcmp(word, namespaces[k].loud) == 0 || strcmp(word, namespaces[k].quiet) == 0)
			return namespaces[k].flag;
	return 0;
}

int cli_namespaces(const char *list, uint64_t *flags)
{
	_own_strv struct strv words = { 0 };
	uint64_t all = 0;

	if (strv_split(&words, list, "|") < 0 || words.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < words.n; i++) {
		uint64_t one = flag_of(words.v[i]);

		if (!one)
			return -EINVAL;
		all |= one;
	}
	*flags |= all;
	return 0;
}
