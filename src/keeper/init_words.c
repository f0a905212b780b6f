/* SPDX-License-Identifier: MIT */
/* init.lxc's options; see init_words.h. */
#include "keeper/init_words.h"

#include "base/version.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { END_WELL = -1, END_BADLY = -2 };

static const char usage[] = "Usage: init.lxc --name=NAME [--quiet] [--lxcpath=PATH] -- COMMAND [ARGUMENT...]\n";

static int help(int end)
{
	(void)fputs(usage, stderr);
	(void)fputs("\n"
		    "  Runs COMMAND as the child of pid 1, which it is itself: passes signals on, and reaps what is "
		    "orphaned.\n"
		    "\n"
		    "Options :\n"
		    "  -n, --name=NAME       the container's name, which has to be there\n"
		    "  -q, --quiet           say nothing\n"
		    "  -P, --lxcpath=PATH    taken, and without a meaning\n"
		    "  -h, --help            this\n"
		    "      --usage           the first line of it\n"
		    "      --version         the version of LXC that this stands in for\n",
		    stderr);
	return end;
}

bool init_words_wanted(const char *called)
{
	const char *slash = strrchr(called, '/');

	return strncmp(slash ? slash + 1 : called, "init.lxc", strlen("init.lxc")) == 0;
}

int init_words(int argc, char **argv, bool *quiet)
{
	enum { USAGE = 256, VERSION };
	static const struct option rows[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "lxcpath", required_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },
		{ "usage", no_argument, NULL, USAGE },
		{ "version", no_argument, NULL, VERSION },
		{ 0 },
	};
	bool named = false;
	int c;

	while ((c = getopt_long(argc, argv, "n:qP:h", rows, NULL)) >= 0) {
		switch (c) {
		case 'n':
			named = true;
			break;
		case 'q':
			*quiet = true;
			break;
		case 'P':
			break;
		case 'h':
			return help(END_WELL);
		case USAGE:
			(void)fputs(usage, stderr);
			return END_WELL;
		case VERSION:
			(void)puts(KEG_LXC_VERSION);
			(void)fflush(stdout);
			return END_WELL;
		default:
			return help(END_BADLY);
		}
	}
	if (named && optind < argc)
		return optind;
	if (!*quiet)
		(void)fprintf(stderr, "init.lxc: %s\n",
			      named ? "missing command to run" : "missing container name, use --name option");
	return END_BADLY;
}
