/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Who init is, for a process that is not its parent: a pid alone may be another's by now. And how it ended, which
 * waitpid(2) tells the parent only.
 */
#include "engine/state.h"

/* What tells this process from all others of its pid. */
int identity_look(pid_t pid, int pidfd, struct identity *b) _must_check;
/* When a process was started, in ticks since boot. */
int identity_start(pid_t pid, uint64_t *since) _must_check;
/* A pidfd of the init that a state file names; -ESRCH: it has ended (perhaps its number is another's). */
int identity_hold(const struct status *s) _must_check;
/* Its init may live without its keeper, and does. *pidfd (NULL: nobody asks) is the caller's. */
bool identity_outlives(const struct status *s, int *pidfd);
/* It has ended, or begins to within that time: which its pidfd tells only when all of its pid namespace are reaped. */
bool identity_is_ending(pid_t pid, int pidfd, int timeout_ms);
/* Its end, as waitpid(2) tells it; -ENODATA: it was reaped by another, and this kernel (before 6.15) does not tell. */
int identity_end(pid_t pid, int pidfd, int *status) _must_check;
