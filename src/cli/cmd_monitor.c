/* SPDX-License-Identifier: MIT */
/* keg monitor: tells each change of state of the containers whose names match. */
#include "cli/cli.h"

#include "base/own.h"
#include "client/monitord.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { PATHS_MOST = 64 };

struct options {
	bool quit;
};

static const struct opt opts[] = {
	{ 'Q', "quit", NULL, OPT_FLAG, offsetof(struct options, quit), false,
	  "Tell lxc-monitord, which other programs may have started, to quit" },
	OPT_FORMAT,
};

static const char *reason_of(const struct event *ev)
{
	bool known = ev->kind == EVENT_EXITED && ev->reason >= 0 && ev->reason < ENDED_REASONS;

	return known ? ended_name((enum ended_reason)ev->reason) : "";
}

/* The version is a column, for there is no object around the lines. */
static const struct format_column columns[] = {
	{ "format", CELL_PLAIN }, { "time_ms", CELL_PLAIN }, { "name", CELL_TEXT },   { "event", CELL_TEXT },
	{ "state", CELL_TEXT },	  { "status", CELL_PLAIN },  { "reason", CELL_TEXT },
};

static void tell_line(const struct event *ev, enum format format)
{
	static const char *const events[] = {
		[EVENT_STATE] = "state", [EVENT_EXITED] = "exited", [EVENT_READY] = "ready"
	};
	char version[8], ms[24], status[16] = "";
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(version, sizeof(version), "%d", FORMAT_VERSION);
	(void)snprintf(ms, sizeof(ms), "%lld", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	if (ev->kind == EVENT_EXITED)
		(void)snprintf(status, sizeof(status), "%d", ended_code(ev->value));
	char *const cells[] = {
		version,
		ms,
		(char *)ev->name,
		(char *)events[ev->kind],
		(char *)(ev->kind == EVENT_STATE ? state_name((enum state)ev->value) : ""),
		status,
		(char *)reason_of(ev),
	};
	if (format == FORMAT_CSV)
		format_csv_line(columns, ARRAY_SIZE(columns), cells, stdout);
	else
		format_line(columns, ARRAY_SIZE(columns), cells, stdout);
}

static bool is_known(const struct event *ev)
{
	return ev->kind == EVENT_EXITED || ev->kind == EVENT_READY ||
	       (ev->kind == EVENT_STATE && ev->value >= 0 && ev->value < STATE_COUNT);
}

/* lxc-monitor's lines are LXC's; keg's say more. */
static void tell_lines(const struct event *ev, bool ours)
{
	if (ev->kind == EVENT_EXITED && ours)
		(void)printf("'%s' exited with status [%d] (%s)\n", ev->name, ended_code(ev->value), reason_of(ev));
	else if (ev->kind == EVENT_EXITED)
		(void)printf("'%s' exited with status [%d]\n", ev->name, WEXITSTATUS(ev->value));
	else if (ev->kind == EVENT_STATE)
		(void)printf("'%s' changed state to [%s]\n", ev->name, state_name((enum state)ev->value));
	else if (ours)
		(void)printf("'%s' is ready\n", ev->name);
}

static void tell(const struct cli *c, const struct event *ev, enum format format)
{
	if (!is_known(ev))
		return;
	if (format == FORMAT_JSON || format == FORMAT_CSV)
		tell_line(ev, format);
	else
		tell_lines(ev, cli_is_keg(c));
	(void)fflush(stdout);
}

static int follow(const struct cli *c, struct pollfd *fds, size_t n, const regex_t *match)
{
	sigset_t while_waiting;
	struct event ev;

	cli_end_while_waiting(&while_waiting);
	if (c->format == FORMAT_CSV) {
		format_csv_head(columns, ARRAY_SIZE(columns), stdout);
		(void)fflush(stdout);
	}
	while (!cli_told_to_end) {
		/* waits: for the next event, or a signal, as the user asked */
		int r = ppoll(fds, n, NULL, &while_waiting);

		if (r < 0 && errno != EINTR)
			return cli_say(c, "cannot wait for events: %s", strerror(errno));
		for (size_t i = 0; r > 0 && i < n; i++) {
			if (!fds[i].revents)
				continue;
			r = monitor_next(fds[i].fd, &ev, 0);
			if (r == 1 && regexec(match, ev.name, 0, NULL, 0) == 0)
				tell(c, &ev, c->format);
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

/* Of each path; 1: one has none. */
static int quit_all(struct cli *c)
{
	_own_free char *dflt = c->lxcpaths.n ? NULL : global_config("lxc.lxcpath");
	int r = 0;

	if (dflt && strv_add(&c->lxcpaths, dflt) < 0)
		return cli_say(c, "out of memory");
	for (size_t i = 0; i < c->lxcpaths.n; i++)
		r |= monitord_quit(c->lxcpaths.v[i]) < 0;
	return r;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_free char *anchored = str_fmt("^%s$", c->name ? c->name : ".*");
	regex_t match;
	int r;

	if (o->quit)
		return quit_all(c);
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
	.examples = {
		{ "", "all containers" },
		{ "-n 'web.*'", "those whose names match" },
	},
};

const struct verb verb_events = {
	.name = "events",
	.synopsis = "[REGEX]",
	.about = "tells each change of state of the containers whose names match",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_NAME_OPTIONAL | VERB_MANY_PATHS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "", "all containers, until Ctrl+c" },
		{ "'web.*' --format json", "those whose names match, a record on each line" },
	},
};
