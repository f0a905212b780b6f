/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool mount_fstab_given(const struct plan *p);
bool mount_entries_given(const struct plan *p);
/* INIT, between rootfs.mount and root.pivot. */
int mount_fstab(struct run *r, struct err *e);
int mount_entries(struct run *r, struct err *e);
