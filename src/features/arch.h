/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool arch_given(const struct plan *p);
int arch_set_personality(struct run *r, struct err *e);
/* For attach: the personality of the container, 0xffffffff where it is unchanged. */
unsigned long arch_personality(const struct spec *s);
/* PER_LINUX or PER_LINUX32 for a name such as "i686"; -EINVAL. */
int arch_of_name(const char *name, unsigned long *personality);
