/* SPDX-License-Identifier: MIT */
/* keg monitor: tells each change of state of the containers whose names match. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { PATHS_MOST = 64 };

struct options {
	bool quit;
};

static const struct opt opts[] = {
	{ 'Q', "quit", NULL, OPT_FLAG, offsetof(struct options, quit), false,
	  "Tell lxc-monitord to quit (there is none)" },
};

static volatile sig_atomic_t told_to_end;

static void end(int sig)
{
	(void)sig;
	told_to_end = 1;
}

/* The signals are let in only while waiting, so that none is missed between the look and the wait. */
static void catch_signals(sigset_t *while_waiting)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction a = { .sa_handler = end };
	sigset_t block;

	(void)sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		(void)sigaction(ending[i], &a, NULL);
		(void)sigaddset(&block, ending[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &block, while_waiting);
}

static void tell(const struct event *ev)
{
	if (ev->exited)
		(void)printf("'%s' exited with status [%d]\n", ev->name, WEXITSTATUS(ev->value));
	else if (ev->value >= 0 && ev->value < STATE_COUNT)
		(void)printf("'%s' changed state to [%s]\n", ev->name, state_name((enum state)ev->value));
	(void)fflush(stdout);
}

static int follow(const struct cli *c, struct pollfd *fds, size_t n, const regex_t *match)
{
	sigset_t while_waiting;
	struct event ev;

	catch_signals(&while_waiting);
	while (!told_to_end) {
		int r = ppoll(fds, n, NULL, &while_waiting);

		if (r < 0 && errno != EINTR)
			return cli_say(c, "cannot wait for events: %s", strerror(errno));
		for (size_t i = 0; r > 0 && i < n; i++) {
			if (!fds[i].revents)
				continue;
			r = monitor_next(fds[i].fd, &ev, 0);
			if (r == 1 && regexec(match, ev.name, 0, NULL, 0) == 0)
				tell(&ev);
			if (r < 0 && r != -ETIMEDOUT && r != -EAGAIN)
				return cli_say(c, "cannot read an event: %s", strerror(-r));
			r = 1;
		}
	}
	return 0;
}

static int watch_all(struct cli *c, const regex_t *match)
{
	_own_free char *dflt = c->lxcpaths.n ? NULL : global_config("lxc.lxcpath");
	struct pollfd fds[PATHS_MOST];
	struct err e = { 0 };
	size_t n = 0;
	int r = 0;

	if (dflt && strv_add(&c->lxcpaths, dflt) < 0)
		return cli_say(c, "out of memory");
	if (c->lxcpaths.n > PATHS_MOST)
		return cli_say(c, "at most %d containers' folders can be watched", PATHS_MOST);
	for (; n < c->lxcpaths.n; n++) {
		fds[n] = (struct pollfd){ .fd = monitor_open(c->lxcpaths.v[n], &e), .events = POLLIN };
		if (fds[n].fd < 0) {
			r = cli_fail(c, &e);
			break;
		}
	}
	if (r == 0)
		r = follow(c, fds, n, match);
	while (n-- > 0)
		monitor_close(fds[n].fd, c->lxcpaths.v[n]);
	return r;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_free char *anchored = str_fmt("^%s$", c->name ? c->name : ".*");
	regex_t match;
	int r;

	if (o->quit)
		return 1; /* LXC's answer where no daemon listens, and we have none */
	if (!anchored || regcomp(&match, anchored, REG_NOSUB | REG_EXTENDED) != 0)
		return cli_say(c, "failed to compile the regex '%s'", anchored ? anchored : "");
	r = watch_all(c, &match);
	regfree(&match);
	return r;
}

const struct verb verb_monitor = {
	.name = "monitor",
	.synopsis = "[--name=REGEX]",
	.about = "tells each change of state of the containers whose names match",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAME_OPTIONAL | VERB_MANY_PATHS | VERB_NO_LOG,
	.run = run,
};
