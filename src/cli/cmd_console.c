/* SPDX-License-Identifier: MIT */
/* keg console: this terminal as one of the container's. */
#include "cli/cli.h"

#include "base/own.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

struct options {
	struct opt_int tty;
	const char *escape;
	bool log;
};

static const struct opt opts[] = {
	{ 't', "tty", "NUMBER", OPT_INT, offsetof(struct options, tty), false,
	  "0: the console; without: the first free tty" },
	{ 'e', "escape", "PREFIX", OPT_TEXT, offsetof(struct options, escape), false,
	  "The letter that begins an escape, with Ctrl (a)" },
	{ 0, "log", NULL, OPT_FLAG, offsetof(struct options, log), false,
	  "Show what the console has shown since this was last asked (lxc.console.buffer.size)" },
};

/* "a", "^a" or "^A": the letter whose control character it is. 0: neither. */
static int letter_of(const char *text)
{
	if (*text == '^')
		text++;
	return text[0] && !text[1] && isalpha((unsigned char)text[0]) ? tolower((unsigned char)text[0]) : 0;
}

static int show_log(const struct cli *c, const struct container *ct)
{
	struct console_log all = { .read = true };
	_own_free char *text = NULL;
	struct err e = { 0 };
	size_t len = 0;

	if (container_console_log(ct, &all, &text, &len, &e) < 0)
		return cli_fail(c, &e);
	return fwrite(text, 1, len, stdout) < len;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	_own_fd int master = -1, hold = -1;
	int tty = o->tty.set ? (int)o->tty.n : -1, letter = letter_of(o->escape ? o->escape : "a");
	struct err e = { 0 };

	if (!letter || tty < -1)
		return cli_misuse(c);
	ct = cli_container(c);
	if (!ct)
		return 1;
	if (!cli_runs(c, ct))
		return cli_not_running(c, "%s is not running", c->name);
	if (o->log)
		return show_log(c, ct);
	master = container_tty(ct, &tty, &hold, &e);
	if (master < 0)
		return cli_fail(c, &e);
	cli_note(c,
		 "%sConnected to tty %d\n"
		 "Type <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> to enter Ctrl+%c itself\n\n",
		 tty == 0 ? "" : "\n", tty, letter, letter, letter, letter);
	return container_console(tty, master, hold, STDIN_FILENO, STDOUT_FILENO, letter - 'a' + 1, &e) < 0
		       ? cli_fail(c, &e)
		       : 0;
}

const struct verb verb_console = {
	.name = "console",
	.synopsis = "--name=NAME [--tty NUMBER]",
	.about = "connects this terminal to one of the container's",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS,
	.run = run,
	.examples = {
		{ "web1", "a login at its first free tty; Ctrl+a q leaves it" },
		{ "-t 0 web1", "its console, where init speaks" },
		{ "--log web1", "what the console has shown" },
	},
};
