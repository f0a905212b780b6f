/* SPDX-License-Identifier: MIT */
#pragma once
/* Why a program could not be run: what the kernel's error number leaves open. */
#include "base/err.h"

/* Needs: the root that the program was looked for in; e: the error, set. Adds the hint, where it finds a reason. */
void init_hint_refused(const char *program, int error, struct err *e);
