/* SPDX-License-Identifier: MIT */
#pragma once
/* The NULL-ended arguments of the table's ...l functions. */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>

static inline int words_add(struct strv *argv, va_list ap)
{
	for (const char *word; (word = va_arg(ap, const char *));)
		if (strv_add(argv, word) < 0)
			return -ENOMEM;
	return 0;
}
