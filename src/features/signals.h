/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* Which signal asks init to halt, to reboot, and ends it for good; 0: the config says nothing. */
int signals_halt(const struct spec *s);
int signals_reboot(const struct spec *s);
int signals_stop(const struct spec *s);
/* init need not die when its keeper is killed. */
bool signals_outlives(const struct spec *s);
/* INIT: dies with its keeper, and makes sure that the keeper is still there. */
int signals_guard(struct run *r, struct err *e);
