/* SPDX-License-Identifier: MIT */
#pragma once
/* The kernel's forwarding of packets: switched on for the bridge, and put back to what it was. */
#include "bridge/settings.h"

/* What it was is remembered in s->memory; an older memory there is older truth and is kept. */
int forward_on(const struct settings *s, struct err *e) _must_check;
void forward_back(const struct settings *s);
