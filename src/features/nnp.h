/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.no_new_privs */
bool nnp_wanted(const struct plan *p);
/* INIT, after its LSM label, before a seccomp filter (which it makes loadable without CAP_SYS_ADMIN). */
int nnp_set(struct run *r, struct err *e);
