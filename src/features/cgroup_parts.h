/* SPDX-License-Identifier: MIT */
#pragma once
/* Inside of cgroup.c and cgroup_limits.c: what the config says of cgroups. */
#include "spec/key.h"

struct cgroup {
	struct list v1, v2; /* names without "lxc.cgroup." */
	struct text dir, container, monitor, pivot, inner;
	struct number relative;
};

/* Every rule of devices that is none. */
void cgroup_check_devices(const struct cgroup *c, struct problems *p);
/* The line behind the error; x again. */
int cgroup_with_key(struct err *e, const struct item *it, bool v2, int x);
