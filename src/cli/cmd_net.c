/* SPDX-License-Identifier: MIT */
/* keg net: hands over to the program that keeps the default bridge. */
#include "cli/cli.h"

#include "base/own.h"
#include "engine/places.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

extern const struct verb verb_net;

/* Read by keg-net; here for --help, the manual and completion. */
static const struct opt opts[] = {
	{ 's', "settings", "FILE", OPT_TEXT, 0, false, "In place of /etc/default/lxc and /etc/default/lxc-net" },
	{ 0, "format", "FORMAT", OPT_TEXT, 0, false, "With status: table, json or csv" },
};

static bool asks_for_help(char **argv)
{
	for (; *argv; argv++)
		if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
			return true;
	return false;
}

static int raw(int argc, char **argv)
{
	_own_free char *program = place_program("keg-net");

	(void)argc;
	if (asks_for_help(argv)) {
		cli_help(&(struct cli){ .verb = &verb_net, .tool = "keg", .prog = "keg net" }, stdout);
		return 0;
	}
	if (!program)
		return 1;
	argv[0] = program;
	(void)execv(program, argv);
	(void)fprintf(stderr, "keg: cannot run %s: %s\n", program, strerror(errno));
	return 1;
}

const struct verb verb_net = {
	.name = "net",
	.synopsis = "up|down|restart|status [OPTION...]",
	.about = "sets up and takes down the bridge that containers use by default, with its addresses, firewall and dnsmasq",
	OPTS(opts),
	.more = "\n  up makes it; again: repairs what is missing. down takes it away. restart does both.\n"
		"  status shows it; its exit status is 0 where it is up, 3 where it is down.\n",
	.flags = VERB_RAW,
	.raw = raw,
	.examples = {
		{ "up", "makes lxcbr0, or repairs it" },
		{ "status --format json", "what there is of it, for programs" },
	},
};
