/* SPDX-License-Identifier: MIT */
#pragma once
/* Numbers out of text, strictly: the whole text, in range, or a negative errno and nothing written. */
#include "base/err.h"

#include <stdint.h>

/* Base 10, an optional leading '-'. -EINVAL: not a number; -ERANGE: outside min..max. */
int num_i64(const char *text, int64_t min, int64_t max, int64_t *out) _must_check;
/* As LXC reads unsigned keys: base by prefix (0x, 0), leading blanks allowed, no sign. */
int num_u64_c(const char *text, uint64_t max, uint64_t *out) _must_check;
