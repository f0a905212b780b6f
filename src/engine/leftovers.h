/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/run.h"

/* Undoes what a killed keeper had made, by the state and the config that it left in the runtime folder,
 * which the caller has locked. Nothing left: 0. */
int leftovers_undo(const struct run *holder, struct err *e) _must_check;
