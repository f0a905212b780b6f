/* SPDX-License-Identifier: MIT */
#pragma once
/* A function run in a child process, for what cannot be taken back (namespaces); its error comes home. */
#include "base/err.h"

#include <sys/types.h>

typedef int apart_fn(void *arg, struct err *e);
/* How the child is made: as fork(2); after its 0 the process is where f is to run. */
typedef pid_t apart_fork(const void *how, struct err *e);

/* Returns what f(arg, e) returns in a child that `fork` makes, with its error; what else f changes in memory is lost.
 */
int apart_run(apart_fork *fork, const void *how, apart_fn *f, void *arg, struct err *e) _must_check;
