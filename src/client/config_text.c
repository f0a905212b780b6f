/* SPDX-License-Identifier: MIT */
/* Changes in a container's config file that leave every other line, comment and blank as it is. */
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

/* Is the line "KEY = ..."? */
static bool sets_key(const char *line, const char *key)
{
	size_t n = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, n) != 0)
		return false;
	line += n;
	line += strspn(line, " \t");
	return *line == '=';
}

char *config_text_set(const char *text, const char *key, const char *value)
{
	_own_buf struct buf b = { 0 };
	bool done = false;

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = line_length(text);
		if (!sets_key(text, key)) {
			buf_add(&b, text, n);
			buf_addf(&b, "\n");
		} else if (!done) {
			buf_addf(&b, "%s = %s\n", key, value);
			done = true;
		}
	}
	if (!done)
		buf_addf(&b, "%s = %s\n", key, value);
	return buf_take(&b);
}

char *config_text_add(const char *text, const char *key, const char *value)
{
	size_t n = strlen(text);

	return str_fmt("%s%s%s = %s\n", text, n && text[n - 1] != '\n' ? "\n" : "", key, value);
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

char *config_text_macs(const char *text, bool all)
{
	_own_buf struct buf b = { 0 };

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
