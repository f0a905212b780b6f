/* SPDX-License-Identifier: MIT */
/* Hardware addresses of a new container: the x of a template, and new ones for a copy. */
#include "client/disk.h"

#include "base/own.h"

#include <ctype.h>
#include <string.h>
#include <sys/random.h>

/* The length of the line without its newline. */
static size_t line_length(const char *line)
{
	return strcspn(line, "\n");
}

/* Where the value of an "lxc.net.N.hwaddr = VALUE" line begins, NULL: another line. */
static const char *hwaddr_value(const char *line)
{
	static const char before[] = "lxc.net.", behind[] = ".hwaddr";

	line += strspn(line, " \t");
	if (strncmp(line, before, sizeof(before) - 1) != 0)
		return NULL;
	line += sizeof(before) - 1;
	if (!isdigit((unsigned char)*line))
		return NULL;
	line += strspn(line, "0123456789");
	if (strncmp(line, behind, sizeof(behind) - 1) != 0)
		return NULL;
	line += sizeof(behind) - 1;
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

static char random_digit(size_t at)
{
	unsigned char r = 0;

	if (getrandom(&r, 1, GRND_NONBLOCK) != 1)
		r = (unsigned char)((uintptr_t)&r >> 4);
	if (at == 1)
		r &= 0xe; /* the lowest bit of the first byte would make it a group's address */
	return "0123456789abcdef"[r & 15];
}

static void add_mac(struct buf *b, const char *value, size_t n, bool all)
{
	for (size_t i = 0; i < n; i++) {
		char c = value[i];

		if (c == 'x' || c == 'X' || (all && i >= 9 && isxdigit((unsigned char)c)))
			c = random_digit(i);
		buf_add(b, &c, 1);
	}
}

char *config_macs(const char *text, bool all)
{
	_own_buf struct buf b = { 0 };

	if (!strstr(text, ".hwaddr"))
		return strdup(text);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		const char *mac = hwaddr_value(text);

		n = line_length(text);
		if (mac && mac <= text + n) {
			buf_add(&b, text, (size_t)(mac - text));
			add_mac(&b, mac, n - (size_t)(mac - text), all);
		} else {
			buf_add(&b, text, n);
		}
		buf_addf(&b, "\n");
	}
	return buf_take(&b);
}
