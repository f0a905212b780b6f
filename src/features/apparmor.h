/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.apparmor.allow_nesting: a clean procfs and sysfs below /dev/.lxc, with or without AppArmor. */
bool apparmor_allows_nesting(const struct plan *p);
bool apparmor_confines(const struct plan *p);
/* INIT: the profile of the program that the coming exec starts. */
int apparmor_set_profile(struct run *r, struct err *e);
