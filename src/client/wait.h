/* SPDX-License-Identifier: MIT */
#pragma once
/* Deadlines on CLOCK_MONOTONIC, in milliseconds, and the wait that several ends of a container are made of. */
#include "client/container.h"

int64_t wait_now(void);
/* -1: never */
int64_t wait_until(int timeout_ms);
/* At least 0. */
int wait_left(int64_t until);
/* Has a keeper left its dead init (a pidfd; -1: none) in that state for longer than one that answers would? *since
 * begins as 0. */
bool wait_is_silent(int init, enum state known, int64_t *since);
/* What is told from now on, for wait_states(); -1: nothing is. */
int wait_listen(const struct container *c, int *events, struct err *e) _must_check;
void wait_listen_end(const struct container *c, int events);
/* events: of wait_listen(), made before what is awaited was begun; init: a pidfd whose end its keeper must tell, -1.
 * 0, -ETIMEDOUT; -ETIME: the keeper is silent. */
int wait_states(const struct container *c, int events, unsigned states, int64_t until, int init,
		struct err *e) _must_check;
int wait_with(const struct container *c, unsigned states, int timeout_ms, int init, struct err *e) _must_check;
