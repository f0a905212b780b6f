/* SPDX-License-Identifier: MIT */
#pragma once
/* Names are bytes, mostly UTF-8: what a terminal makes of them, and what JSON may hold. */
#include <stddef.h>

/* The bytes of the character that the text begins with; 0: none, its first byte is no UTF-8. */
size_t utf8_length(const char *s);
/* The columns that a terminal shows the text in. */
size_t utf8_columns(const char *s);
