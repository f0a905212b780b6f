/* SPDX-License-Identifier: MIT */
/* keg unshare: a command in new namespaces, without a container. */
#include "cli/cli.h"

#include "base/own.h"
#include "client/isolate.h"

#include <linux/sched.h>
#include <unistd.h>

struct options {
	const char *namespaces, *user, *hostname;
	struct strv links;
	bool daemon, remount;
};

static const struct opt opts[] = {
	{ 's', "namespaces", "NS|...", OPT_TEXT, offsetof(struct options, namespaces), false,
	  "The new ones: MOUNT PID UTSNAME IPC USER NETWORK CGROUP TIME" },
	{ 'u', "user", "USER", OPT_TEXT, offsetof(struct options, user), false,
	  "With USER: who the caller is in there, by name or number" },
	{ 'H', "hostname", "NAME", OPT_TEXT, offsetof(struct options, hostname), false,
	  "With UTSNAME: the host name in there" },
	{ 'i', "ifname", "DEVICE", OPT_LIST, offsetof(struct options, links), false,
	  "With NETWORK: move this network device into it" },
	{ 'd', "daemon", NULL, OPT_FLAG, offsetof(struct options, daemon), false, "Do not wait for COMMAND" },
	{ 'M', "remount", NULL, OPT_FLAG, offsetof(struct options, remount), false,
	  "With MOUNT: /proc, /dev/shm and /dev/mqueue of its own" },
};

static int check(const struct cli *c, const struct options *o, uint64_t flags)
{
	if (c->n_args < 1)
		return cli_say(c, "A command to execute in the new namespace is required");
	if (!o->namespaces)
		return cli_say(c, "A namespace to execute command is required");
	if (o->links.n && !(flags & CLONE_NEWNET))
		return cli_say(c, "-i <interfacename> needs -s NETWORK option");
	if (o->hostname && !(flags & CLONE_NEWUTS))
		return cli_say(c, "-H <hostname> needs -s UTSNAME option");
	if (o->remount && !(flags & CLONE_NEWNS))
		return cli_say(c, "-M needs -s MOUNT option");
	return 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	struct idmap map = { .n = 0 };
	struct isolate i = {
		.uid = -1,
		.gid = -1,
		.hostname = o->hostname,
		.links = (const char *const *)o->links.v,
		.remount = o->remount,
		.detach = o->daemon,
		.argv = c->args,
	};
	struct err e = { 0 };
	int status = 0;
	uid_t uid = 0;

	if (o->namespaces && cli_namespaces(o->namespaces, &i.namespaces) < 0)
		return cli_misuse(c);
	if (o->user && user_find(o->user, &uid) < 0) {
		cli_note(c, "%s: there is no user %s\n", c->tool, o->user);
		return cli_misuse(c);
	}
	if (check(c, o, i.namespaces) != 0)
		return 1;
	if (o->user && i.namespaces & CLONE_NEWUSER) {
		map.v[map.n++] = (struct idmap_extent){ uid, geteuid(), 1 };
		i.uids = &map;
		i.uid = uid;
	}
	if (isolate_run(&i, &status, &e) < 0)
		return cli_fail(c, &e);
	return status != 0; /* LXC's answer: the command's own code is not told */
}

const struct verb verb_unshare = {
	.name = "unshare",
	.synopsis = "-s NAMESPACES COMMAND",
	.about = "runs COMMAND in new namespaces, without a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "-s 'MOUNT|PID' -M -- ps ax", "it sees itself alone" },
		{ "-s NETWORK -- ip link", "there is only lo" },
	},
};
