/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.prlimit.* */
bool rlimit_given(const struct plan *p);
/* KEEPER: sets them for init (or for an attached program), which is about to exec. */
int rlimit_set(struct run *r, struct err *e);
