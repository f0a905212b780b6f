/* SPDX-License-Identifier: MIT */
#pragma once
/* The kernel's build configuration: where it is, and what it says. */
#include <stdbool.h>

enum option_state { OPTION_NO, OPTION_BUILT_IN, OPTION_MODULE };

/* The text of $CONFIG, /proc/config.gz or one of the usual files, and where it was. tell: the way, on
 * stdout. NULL: nowhere. The caller frees both. */
char *kernel_config_read(char **where, bool tell);
enum option_state kernel_config_state(const char *text, const char *option);
/* 1 loaded, 0 not, -1: this kernel has no modules. */
int kernel_module_loaded(const char *module);
