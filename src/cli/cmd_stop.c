/* SPDX-License-Identifier: MIT */
/* keg stop: asks a container to end, or to reboot; or ends it. */
#include "cli/progress.h"

#include <errno.h>

enum { NOT_RUNNING = 2, TIMEOUT_S = 60, TIMEOUT_UNSET = -2, TIMEOUT_MOST = 2000000 };

struct options {
	bool reboot, nowait, kill, nolock, nokill;
	struct opt_int timeout;
};

static const struct opt opts[] = {
	{ 'r', "reboot", NULL, OPT_FLAG, offsetof(struct options, reboot), false, "Reboot it" },
	{ 'W', "nowait", NULL, OPT_FLAG, offsetof(struct options, nowait), false, "Ask, and do not wait for it" },
	{ 't', "timeout", "SEC", OPT_INT, offsetof(struct options, timeout), false,
	  "Wait SEC seconds (-1: for ever), then kill it. Without -t: 60, or none where its init listens to nothing" },
	{ 'k', "kill", NULL, OPT_FLAG, offsetof(struct options, kill), false, "Kill it at once" },
	{ 0, "nokill", NULL, OPT_FLAG, offsetof(struct options, nokill), false,
	  "Do not kill it when the time is over" },
	{ 0, "nolock", NULL, OPT_FLAG, offsetof(struct options, nolock), false,
	  "Do without locks (nothing waits for one)" },
};

static int check(struct cli *c, const struct options *o, bool timed)
{
	if (o->timeout.set && o->timeout.n < TIMEOUT_UNSET)
		return cli_say(c, "Invalid timeout");
	if (o->timeout.n > TIMEOUT_MOST)
		return cli_say(c, "Invalid timeout");
	if (o->kill && o->reboot)
		return cli_say(c, "-k can't be used with -r");
	if (o->kill && timed)
		return cli_say(c, "-k doesn't allow timeouts");
	if (o->nolock && !o->kill)
		return cli_say(c, "--nolock may only be used with -k");
	if (o->kill && o->nokill)
		return cli_say(c, "-k can't be used with --nokill");
	return 0;
}

static int act(struct cli *c, struct container *ct, const struct options *o, int timeout_ms)
{
	struct progress p;
	struct err e = { 0 };
	int r;

	progress_begin(&p, c, o->reboot ? "rebooting" : "stopping", c->name);
	if (o->kill)
		r = container_kill(ct, &e);
	else if (o->reboot)
		r = container_reboot(ct, timeout_ms, &e);
	else if (o->timeout.set || o->nokill)
		r = container_shutdown(ct, timeout_ms, &e);
	else
		r = container_halt(ct, timeout_ms, &e);
	if ((r == -ETIMEDOUT || r == -EOPNOTSUPP) && !o->reboot && !o->kill && !o->nokill && timeout_ms != 0) {
		err_clear(&e);
		r = container_kill_late(ct, &e);
	}
	progress_end(&p);
	if (r == -ETIMEDOUT && !e.set)
		return cli_say(c, "%s has not %s within %d s", c->name, o->reboot ? "rebooted" : "stopped",
			       timeout_ms / 1000);
	return r < 0 ? cli_fail(c, &e) : 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	bool timed = o->nowait || (o->timeout.set && o->timeout.n != TIMEOUT_UNSET);
	int seconds = o->nowait ? 0 : timed ? (int)o->timeout.n : TIMEOUT_S;

	if (check(c, o, timed) != 0)
		return 1;
	ct = cli_container(c);
	if (!ct)
		return 1;
	if (!cli_runs(c, ct)) {
		struct err quiet = { 0 };

		(void)!container_kill(ct, &quiet); /* clears up where its keeper was killed */
		/* to stop it once more is no mistake that a hint helps with */
		(void)cli_say(c, cli_is_keg(c) ? "it is not running" : "%s is not running", c->name);
		return NOT_RUNNING;
	}
	return act(c, ct, o, seconds < 0 ? -1 : seconds * 1000);
}

const struct verb verb_stop = {
	.name = "stop",
	.synopsis = "--name=NAME",
	.about = "stops a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS,
	.run = run,
	.examples = {
		{ "web1", "asks its init to shut down; kills it after a minute" },
		{ "-t 5 web1", "kills it after 5 seconds" },
		{ "-r web1", "asks it to reboot" },
	},
};
