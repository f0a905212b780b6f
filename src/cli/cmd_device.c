/* SPDX-License-Identifier: MIT */
/* keg device: hands a device to a running container, or takes it back. */
#include "cli/cli.h"

#include <net/if.h>
#include <string.h>
#include <unistd.h>

static bool is_word(const char *arg, const char *word)
{
	return *arg && strncmp(word, arg, strlen(arg)) == 0;
}

static int run(struct cli *c)
{
	_own_container struct container *ct = NULL;
	const char *what, *device, *to;
	struct err e = { 0 };
	bool add;

	if (geteuid() != 0)
		return cli_say(c, "%s must be run as root", c->prog);
	ct = cli_container(c);
	if (!ct)
		return 1;
	if (!cli_runs(c, ct))
		return cli_not_running(c, "Container %s is not running", c->name);
	if (c->n_args < 2)
		return cli_say(c, "Error: no command given (Please see --help output)");
	what = c->args[0];
	device = c->args[1];
	to = c->n_args > 2 ? c->args[2] : NULL;
	add = is_word(what, "add");
	if (!add && !is_word(what, "del"))
		return cli_say(c, "Error: Please use add or del (Please see --help output)");
	if (*device != '/' && add && !if_nametoindex(device))
		return cli_say(c, "%s is neither a device's path nor a network interface", device);
	if (*device != '/')
		return container_device_net(ct, add, device, to, &e) < 0 ? cli_fail(c, &e) : 0;
	return container_device_node(ct, add, device, to, &e) < 0 ? cli_fail(c, &e) : 0;
}

const struct verb verb_device = {
	.name = "device",
	.synopsis = "--name=NAME -- add|del DEVICE [PATH|NAME]",
	.about = "hands a device of the host, a node or a network interface, to a running container, or takes it back",
	.flags = VERB_EXISTING,
	.run = run,
	.examples = {
		{ "web1 -- add /dev/fuse", "the host's node, under the same name" },
		{ "web1 -- add eth1 lan0", "moves the interface eth1 into web1, as lan0" },
		{ "web1 -- del /dev/fuse", "takes it back" },
	},
};
