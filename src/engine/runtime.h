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
void runtime_tell_down(struct run *r);

/* Removes what a killed keeper had not yet put in its place. The caller has the lock. */
void runtime_sweep(int runtime_fd);
/* Another keeper's running container is ours from now on: RUNNING, which nobody is told, as it was so all the time. */
int runtime_take_over(const struct run *r, struct err *e) _must_check;
/* Writes the state file and tells all listeners. */
int runtime_set_state(const struct run *r, enum state s, struct err *e) _must_check;
