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

void text_json(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch == '"' || ch == '\\')
			(void)fprintf(f, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			(void)fprintf(f, "\\u%04x", ch);
		else
			(void)fputc(ch, f);
	}
	(void)fputc('"', f);
}
