/* SPDX-License-Identifier: MIT */
/*
 * What an error tells to do, in the words of who is told. Hints are made where nobody knows who that will be, often in
 * another process, and reach users of the library, too: they name commands as LXC does. keg's users know keg's.
 */
#include "cli/cli.h"

#include "base/own.h"

#include <string.h>

enum { COMMAND = 32 };

/* The length of a word such as lxc-stop that begins here; 0: it is none, or no command of ours. */
static size_t command_at(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
	char word[COMMAND];

	if (!str_starts(text, "lxc-") || n >= sizeof(word))
		return 0;
	memcpy(word, text, n);
	word[n] = 0;
	return verb_find(word) ? n : 0;
}

static bool begins_word(const char *text, const char *at)
{
	return at == text || strchr(" (\"", at[-1]);
}

char *cli_hint(const struct cli *c, const char *hint)
{
	_own_buf struct buf b = { 0 };
	bool command = false; /* within one: its "-n NAME" is "NAME" */

	if (!cli_is_keg(c))
		return strdup(hint);
	for (const char *p = hint; *p;) {
		size_t n = begins_word(hint, p) ? command_at(p) : 0;

		if (n) {
			buf_addf(&b, "keg %.*s", (int)(n - 4), p + 4);
			command = true;
			p += n;
		} else if (command && begins_word(hint, p) && str_starts(p, "-n ")) {
			p += 3;
		} else {
			command = command && !strchr(",;)\"", *p);
			buf_add(&b, p++, 1);
		}
	}
	return buf_take(&b);
}
