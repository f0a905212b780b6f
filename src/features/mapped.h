/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Work on files of a container's mapped ids: a child in a user namespace of the container's map, in which
 * the caller's own ids are mapped, too (userns_map_caller()). It stays the caller, with all rights over
 * files of those ids.
 */
#include "spec/spec.h"

#include <sys/types.h>

/* As fork(2): 0 in the child, which is single-threaded and inherits everything; the parent has its pid. */
pid_t mapped_fork(const struct spec *s, struct err *e) _must_check;

typedef int mapped_fn(void *arg, struct err *e);
/* Returns what f(arg, e) returns in such a child, with its error; what else f changes in memory is lost. */
int mapped_run(const struct spec *s, mapped_fn *f, void *arg, struct err *e) _must_check;
/* An ordinary user needs it for this config's files; root, and who maps nothing, just does it. */
bool mapped_needed(const struct spec *s);
