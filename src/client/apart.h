/* SPDX-License-Identifier: MIT */
#pragma once
#include "base/apart.h"

/* For apart_run(): the child has a mount namespace of its own. `how` is not used. */
pid_t apart_mounts(const void *how, struct err *e) _must_check;
