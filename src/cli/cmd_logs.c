/* SPDX-License-Identifier: MIT */
/* keg logs: what a container's console has shown: the file that its config names, else what its keeper keeps. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 200 };

struct options {
	bool follow;
};

static const struct opt opts[] = {
	{ 'f', "follow", NULL, OPT_FLAG, offsetof(struct options, follow), false,
	  "Go on with what it shows from now on, until it stops" },
};

static void pause_a_moment(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	/* waits: until it has stopped, or a signal, as the user asked */
	(void)nanosleep(&step, NULL);
}

static bool show_bytes(const char *data, size_t n)
{
	return fwrite(data, 1, n, stdout) == n && fflush(stdout) == 0;
}

/* The running config's, or the file's. NULL: none. */
static char *log_file(const struct cli *c, struct container *ct)
{
	_own_problems struct problems ignored = { 0 };
	_own_buf struct buf v = { 0 };
	_own_spec struct spec *running = NULL;
	struct err quiet = { 0 };

	if (!cli_runs(c, ct) || container_running(ct, &running, &quiet) < 0)
		(void)!container_load(ct, c->rcfile, &ignored);
	if (!running && !ct->spec)
		return NULL;
	if (spec_get(running ? running : ct->spec, "lxc.console.logfile", &v) < 0 || !v.len)
		return NULL;
	return buf_take(&v);
}

static int show_file(const struct cli *c, struct container *ct, const char *file, bool follow)
{
	_own_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char data[16384];
	bool last = !follow;

	if (fd < 0)
		return cli_say(c, "cannot open %s: %s", file, strerror(errno));
	for (;;) {
		/* waits: a file */
		ssize_t n = read(fd, data, sizeof(data));

		if (n < 0)
			return cli_say(c, "cannot read %s: %s", file, strerror(errno));
		if (n > 0 && !show_bytes(data, (size_t)n))
			return 1;
		if (n > 0)
			continue;
		if (last)
			return 0;
		last = !cli_runs(c, ct); /* once more: for its last words */
		if (!last)
			pause_a_moment();
	}
}

/* No mistake of anybody's; but who sees nothing shall know why. */
static int nothing_new(const struct cli *c, struct err *e)
{
	e->warning = true;
	(void)cli_fail(c, e);
	return 0;
}

/* What it showed before it ended, but for the first `seen` bytes of all. -ENOENT: nothing is kept. */
static int show_ended(const struct container *ct, uint64_t seen)
{
	_own_free char *text = NULL;
	struct ended end;
	size_t len = 0, skip = 0;

	if (ended_read(ct->lxcpath, ct->name, &end) < 0 || !end.shown ||
	    ended_read_shown(ct->lxcpath, ct->name, &text, &len) < 0 || len > end.shown)
		return -ENOENT;
	if (seen > end.shown - len)
		skip = seen < end.shown ? (size_t)(seen - (end.shown - len)) : len;
	return show_bytes(text + skip, len - skip) ? 0 : 1;
}

/* It stays in the keeper's buffer, for whoever asks next. */
static int show_buffer(const struct cli *c, struct container *ct, bool follow)
{
	struct console_log all = { .read = true, .stays = true };

	for (bool some = false;; some = true) {
		_own_free char *text = NULL;
		struct err e = { 0 };
		size_t len = 0;
		int x = container_console_log(ct, &all, &text, &len, &e);

		if (x == -ENODATA && !follow)
			return nothing_new(c, &e);
		if (x == 0 && !show_bytes(text, len))
			return 1;
		if (x < 0 && x != -ENODATA && !some)
			return cli_fail(c, &e);
		if (!follow)
			return 0;
		if (x < 0 && !cli_runs(c, ct)) /* its keeper has nothing more to answer where it ends */
			return show_ended(ct, all.from) == 1;
		pause_a_moment();
	}
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	_own_free char *file = NULL;
	struct err e = { 0 };
	int x;

	if (!ct)
		return 1;
	file = log_file(c, ct);
	if (file)
		return show_file(c, ct, file, o->follow);
	if (cli_runs(c, ct))
		return show_buffer(c, ct, o->follow);
	x = show_ended(ct, 0);
	if (x >= 0)
		return x;
	(void)err_say(&e, ENOENT, "it is not running, and nothing of what its console has shown is kept");
	err_hint(&e, "keg config set %s lxc.console.logfile %s/console.log keeps it for good", c->name, ct->dir);
	return cli_fail(c, &e);
}

const struct verb verb_logs = {
	.name = "logs",
	.synopsis = "NAME [-f]",
	.about = "shows what a container's console has shown",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "web1", "all that is kept of it" },
		{ "-f web1", "and what comes, until web1 stops" },
	},
};
