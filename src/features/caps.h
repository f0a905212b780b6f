/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool caps_limited(const struct plan *p);
/* Drops from the bounding set what the config takes away; it is gone with the next exec. */
int caps_drop(struct run *r, struct err *e);
/* The same for an attached process, which has a spec only. */
int caps_drop_of(const struct spec *s, struct err *e) _must_check;
/* Does init keep this capability (CAP_SYS_ADMIN, ...)? Decides what cgroup and proc:mixed mean. */
bool caps_keeps(const struct spec *s, int cap);
