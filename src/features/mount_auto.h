/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* The words of lxc.mount.auto, in this order; cgroup* is in mount_cgroup.h. INIT, before root.pivot. */
bool mount_auto_proc_wanted(const struct plan *p);
int mount_auto_proc(struct run *r, struct err *e);
bool mount_shared_proc_wanted(const struct plan *p);
int mount_shared_proc(struct run *r, struct err *e);
bool mount_auto_sys_wanted(const struct plan *p);
int mount_auto_sys(struct run *r, struct err *e);
bool mount_auto_shmounts_wanted(const struct plan *p);
int mount_auto_shmounts(struct run *r, struct err *e);
/* INIT, right behind root.pivot. */
int mount_share(struct run *r, struct err *e);
