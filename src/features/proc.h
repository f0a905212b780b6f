/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.proc.* */
bool proc_given(const struct plan *p);
/* KEEPER: writes them for init. */
int proc_write(struct run *r, struct err *e);
/* Writes them for the caller. */
int proc_write_self(const struct spec *s, struct err *e) _must_check;
