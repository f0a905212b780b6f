/* SPDX-License-Identifier: MIT */
#pragma once
/* KEEPER rows: what makes a container "running" for everybody else. See state.h for the files. */
#include "engine/state.h"

int runtime_lock(struct run *r, struct err *e);
void runtime_unlock(struct run *r);
int runtime_announce(struct run *r, struct err *e);
int runtime_record(struct run *r, struct err *e);
int runtime_listen(struct run *r, struct err *e);
void runtime_unlisten(struct run *r);

/* Writes the state file and tells all listeners. */
int runtime_set_state(const struct run *r, enum state s, struct err *e) _must_check;
