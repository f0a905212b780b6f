/* SPDX-License-Identifier: MIT */
/* Text for people, and for programs. */
#include "cli/cli.h"

#include <string.h>

enum { WIDTH = 78 };

void text_wrapped(FILE *f, unsigned indent, const char *text)
{
	size_t column = 0;

	for (size_t n; *text; text += n) {
		text += strspn(text, " \n");
		n = strcspn(text, " \n");
		if (!n)
			break;
		if (column && column + 1 + n > WIDTH) {
			(void)fputc('\n', f);
			column = 0;
		}
		(void)fprintf(f, "%*s%.*s", column ? 1 : (int)indent, column || indent ? " " : "", (int)n, text);
		column = (column ? column + 1 : indent) + n;
	}
	(void)fputc('\n', f);
}
