/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/seq.h"

/* The start of a container: the table to read first. */
extern const struct seq start_seq;

/* Empty fds, nothing made. */
void run_init_fields(struct run *r, const struct plan *p);
/* All rows behind the lock, undone: for what a dead keeper left, and between the two halves of a reboot. */
void start_undo_rest(struct run *r);
/* Everything undone: a stop. */
void start_undo_all(struct run *r);
/* Begins again behind the lock. */
size_t start_row_after_lock(void);
