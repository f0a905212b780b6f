/* SPDX-License-Identifier: MIT */
#pragma once
#include "base/err.h"

/* An error of a container's: to the log that lxc_log_init() has opened, and to stderr unless that is to be quiet. */
void abi_log(const char *name, const struct err *e);
