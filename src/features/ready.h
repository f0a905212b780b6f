/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* It is ready some time after it runs. */
bool ready_is_awaited(const struct plan *p);
int ready_listen(struct run *r, struct err *e); /* INIT */
/* NOTIFY_SOCKET, where it is ready by that. */
int ready_environ(const struct spec *s, struct strv *out) _must_check;
