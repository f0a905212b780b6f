/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.apparmor.allow_nesting: a clean procfs and sysfs below /dev/.lxc, with or without AppArmor. */
bool apparmor_allows_nesting(const struct plan *p);
bool apparmor_confines(const struct plan *p);
/* The profile that a process is confined by, malloc'd; NULL: none. */
int apparmor_of(pid_t pid, char **profile, struct err *e) _must_check;
/* The caller's next exec changes to that profile. */
int apparmor_at_exec(const char *profile, struct err *e) _must_check;
/* KEEPER, before the clone: which profile, and that it is loaded. */
int apparmor_load(struct run *r, struct err *e);
void apparmor_unload(struct run *r);
/* INIT: the profile of the program that the coming exec starts. */
int apparmor_set_profile(struct run *r, struct err *e);
