/* SPDX-License-Identifier: MIT */
/* UTF-8 without a locale: a static program has none. */
#include "base/utf8.h"

#include "base/own.h"

#include <stdint.h>

/* The character and its bytes; 0: a byte that is none. */
static size_t decode(const char *s, uint32_t *out)
{
	static const struct {
		unsigned char mask, lead;
		size_t n;
		uint32_t least; /* a longer form of a smaller number is no UTF-8 */
	} forms[] = {
		{ 0x80, 0x00, 1, 0 }, { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 }
	};
	const unsigned char *b = (const unsigned char *)s;
	size_t f = 0;
	uint32_t c;

	while (f < ARRAY_SIZE(forms) && (*b & forms[f].mask) != forms[f].lead)
		f++;
	if (f == ARRAY_SIZE(forms))
		return 0;
	c = *b & (unsigned char)~forms[f].mask;
	for (size_t i = 1; i < forms[f].n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3f);
	}
	if (c < forms[f].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return forms[f].n;
}

size_t utf8_length(const char *s)
{
	uint32_t c;

	return *s ? decode(s, &c) : 0;
}

static size_t columns_of(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		size_t columns;
	} ranges[] = {
		{ 0x300, 0x36f, 0 },   { 0x200b, 0x200f, 0 }, { 0xfe00, 0xfe0f, 0 },   { 0x1100, 0x115f, 2 },
		{ 0x2e80, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 },   { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].columns;
	return 1;
}

size_t utf8_columns(const char *s)
{
	size_t columns = 0;

	while (*s) {
		uint32_t c = 0;
		size_t n = decode(s, &c);

		columns += n ? columns_of(c) : 1;
		s += n ? n : 1;
	}
	return columns;
}
