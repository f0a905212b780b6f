/* SPDX-License-Identifier: MIT */
#pragma once
/* The command line of keg-init under the name that LXC's has: init.lxc --name=NAME [-q] [-P PATH] [--] COMMAND [ARG...]
 */
#include <stdbool.h>

bool init_words_wanted(const char *called);
/* Where the command begins in argv. Negative: there is nothing to run, and the process is to end with -1 - that. */
int init_words(int argc, char **argv, bool *quiet);
