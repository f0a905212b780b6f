/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

bool keyring_is_new(const struct plan *p);
int keyring_join(struct run *r, struct err *e);
