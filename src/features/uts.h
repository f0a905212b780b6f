/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool uts_named(const struct plan *p);
int uts_set_name(struct run *r, struct err *e);
