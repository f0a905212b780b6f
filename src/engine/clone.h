/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* The row that forks: 0 in the KEEPER, 1 in INIT. */
int clone_init(struct run *r, struct err *e);
/* Kills init if it lives, reaps it (r->exit_status). */
void clone_reap(struct run *r);
