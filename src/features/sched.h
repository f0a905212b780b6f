/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.sched.core */
bool sched_core_wanted(const struct plan *p);
/* KEEPER, before anything is made: can this kernel and this processor? */
int sched_core_look(struct run *r, struct err *e);
/* INIT: begins a domain of its own, which its children share. */
int sched_core_create(struct run *r, struct err *e);
/* The caller joins the domain of another process. */
int sched_core_join(pid_t pid, struct err *e) _must_check;
