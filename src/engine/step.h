/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One row of a start (or an attach). The order of the table is one valid serial order; `needs` says
 * what a row really waits for, so that the two processes overlap wherever they may. Hand-shakes,
 * passing of fds, transport of errors, undo, tracing and the tests that make each step fail are all
 * derived from the rows; see seq.h.
 */
#include "engine/run.h"

struct step {
	enum role who;
	const char *name;			/* "rootfs.mount": in errors, traces, tests, --explain */
	int (*run)(struct run *, struct err *); /* 0 or negative with the error filled; NULL: nothing, but its undo */
	bool (*when)(const struct plan *);	/* NULL: always. Reads the plan only, so both sides agree */
	enum slot gives;			/* filled by run() with run_give(); the other side receives it */
	const char *needs;			/* the row of the other role that this one waits for */
	void (*undo)(struct run *);		/* KEEPER only; accepts a half-done step; idempotent */
	bool slow;				/* runs programs of the user's, by a deadline of its own */
	bool forks;				/* returns 1 in a child, which goes on as INIT; 0 in the KEEPER */
};
