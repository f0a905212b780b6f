/* SPDX-License-Identifier: MIT */
#pragma once
/* Deadlines on CLOCK_MONOTONIC, in milliseconds, and the wait that several ends of a container are made of. */
#include "client/container.h"

int64_t wait_now(void);
/* -1: never */
int64_t wait_until(int timeout_ms);
/* At least 0. */
int wait_left(int64_t until);
/* events: of monitor_open(), made before what is awaited was begun. 0, -ETIMEDOUT. */
int wait_states(const struct container *c, int events, unsigned states, int64_t until, struct err *e) _must_check;
