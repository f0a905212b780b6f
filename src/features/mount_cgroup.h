/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool mount_cgroup_wanted(const struct plan *p);
/* INIT, in its cgroups and its cgroup namespace, behind the mount of /sys, before root.pivot. */
int mount_cgroup(struct run *r, struct err *e);
