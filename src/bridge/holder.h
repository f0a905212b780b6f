/* SPDX-License-Identifier: MIT */
#pragma once
/* Who has a port. */
#include <stdbool.h>

/* Whether somebody has that UDP or TCP port on the address (or on all addresses); *who "named (process 123)"
 * where it can be known, else NULL. The caller frees it. */
bool holder_find(const char *addr, int port, char **who);
