/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool time_is_shifted(const struct spec *s);
bool time_is_own(const struct plan *p);
/* KEEPER, before the clone: the time namespace that its next child is born into. */
int time_shift(struct run *r, struct err *e);
