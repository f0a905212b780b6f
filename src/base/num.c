/* SPDX-License-Identifier: MIT */
/* Strict number parsing. */
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

int num_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long v;

	if (!isdigit((unsigned char)text[text[0] == '-']))
		return -EINVAL;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int num_u64_c(const char *text, uint64_t max, uint64_t *out)
{
	unsigned long long v;
	char *end;

	while (isblank((unsigned char)*text))
		text++;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 0);
	if (*end)
		return -EINVAL;
	if (errno || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}
