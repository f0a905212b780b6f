/* SPDX-License-Identifier: MIT */
/* keg net: hands over to the program that keeps the default bridge. */
#include "cli/cli.h"

#include "base/own.h"
#include "engine/places.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int raw(int argc, char **argv)
{
	_own_free char *program = place_program("keg-net");

	(void)argc;
	if (!program)
		return 1;
	argv[0] = program;
	(void)execv(program, argv);
	(void)fprintf(stderr, "keg: cannot run %s: %s\n", program, strerror(errno));
	return 1;
}

const struct verb verb_net = {
	.name = "net",
	.synopsis = "start|stop|status",
	.about = "sets up and takes down the default bridge",
	.flags = VERB_RAW,
	.raw = raw,
};
