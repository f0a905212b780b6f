/* SPDX-License-Identifier: MIT */
#pragma once
/* Facts of this host, asked once, before a plan is made; const afterwards. */
#include "base/err.h"
#include "cgroup/cgroup.h"

struct host {
	struct cgroup_host cgroup; /* the mounted hierarchies */
	bool apparmor;		   /* the kernel enforces AppArmor */
	bool apparmor_mounts;	   /* and mounts are among what it confines */
	bool apparmor_spaces;	   /* and a container can have a policy namespace, stacked below its profile */
	bool selinux;		   /* the kernel enforces, or would enforce, SELinux */
	bool ipv6;
	bool net_admin; /* we may make devices in our network namespace */
};

int host_look(struct host *h, struct err *e) _must_check;
/* lxc.cgroup.use of lxc.conf(5): only the hierarchies of these controllers. -ENOENT: one is not here. */
int host_use(struct host *h, const char *controllers, struct err *e) _must_check;
void host_free(struct host *h);
