/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.prlimit.* */
bool rlimit_given(const struct plan *p);
/* KEEPER: sets them for init, which is about to exec. */
int rlimit_set(struct run *r, struct err *e);
/* Sets them for a process; 0: the caller. */
int rlimit_set_of(const struct spec *s, pid_t pid, struct err *e) _must_check;
