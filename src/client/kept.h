/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Configs that were read before, for a program that lives long: who asks a thousand containers for their state every
 * few seconds opens each anew, and its config says what it said. One is read again when one of the files that it came
 * from is another one by stat(2). Shared by all handles and threads of the process; so it is only read: who changes a
 * config reads one of his own (settings.c).
 */
#include "spec/spec.h"

struct kept;

/* The config in that file, from memory where it is still the same. One reference is the caller's. *out is NULL, and
 * nothing wrong, where each reading gives another one (a MAC address with an x). Problems: as spec_read_file(). */
int kept_read(const char *path, struct kept **out, struct problems *p) _must_check;
const struct spec *kept_spec(const struct kept *k);
void kept_put(struct kept *k);
/* Gives the reference back for the spec itself, to be changed; NULL: others read it, too. */
struct spec *kept_own(struct kept *k) _must_check;
