/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* The namespaces that the config wants made, as CLONE_NEW* bits. */
uint64_t namespaces_flags(const struct spec *s);
/* Name ("mnt", "net", ...) to CLONE_NEW* and back; 0, NULL: none. */
uint64_t namespaces_flag(const char *name);
const char *namespaces_name(uint64_t flag);
/* "user", "mnt", ...: the kinds in the order of LXC's arguments; nth < RUN_NAMESPACES. */
const char *namespaces_nth(size_t nth);
