/* SPDX-License-Identifier: MIT */
/* Looks at the host, once. */
#include "engine/host.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int host_look(struct host *h, struct err *e)
{
	*h = (struct host){ 0 };
	/* The kernel shows the folder only where AppArmor is enabled, and securityfs need not be mounted for it. */
	h->apparmor = access("/sys/module/apparmor/parameters/enabled", F_OK) == 0 &&
		      access("/sys/kernel/security/apparmor", F_OK) == 0;
	h->ipv6 = access("/proc/net/if_inet6", F_OK) == 0;
	while (h->last_cap < 63 && prctl(PR_CAPBSET_READ, h->last_cap + 1, 0, 0, 0) >= 0)
		h->last_cap++;
	return cgroup_look(&h->cgroup, e);
}

void host_free(struct host *h)
{
	*h = (struct host){ 0 };
}
