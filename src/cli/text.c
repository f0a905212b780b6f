/* SPDX-License-Identifier: MIT */
/* Text for people, and for programs. */
#include "cli/cli.h"

#include "base/num.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 78, TERMINAL = 80, COLUMNS_MOST = 10000 };

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

size_t text_columns(int fd)
{
	const char *said = getenv("COLUMNS");
	struct winsize w;
	int64_t n;

	if (!isatty(fd))
		return 0;
	if (said && num_i64(said, 1, COLUMNS_MOST, &n) == 0)
		return (size_t)n;
	return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : TERMINAL;
}

void text_cut(char *line, size_t columns)
{
	size_t n = strlen(line);

	while (n && utf8_columns(line) > columns) {
		do
			n--;
		while (n && ((unsigned char)line[n] & 0xc0) == 0x80);
		line[n] = 0;
	}
}
