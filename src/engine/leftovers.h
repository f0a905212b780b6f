/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/run.h"

/* Its hooks, all together, may take so long, and a second each. */
enum { LEFTOVERS_HOOKS_MS = 30 * 1000 };

/* Undoes what a killed keeper had made, by the state and the config that it left in the runtime folder,
 * which the caller has locked. Nothing left: 0. */
int leftovers_undo(const struct run *holder, struct err *e) _must_check;
