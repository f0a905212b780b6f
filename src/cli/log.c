/* SPDX-License-Identifier: MIT */
/* -o and -l: a log file with LXC's lines. Without -o, -l alone switches the container's own log on. */
#include "cli/cli.h"

#include "base/io.h"
#include "base/own.h"
#include "client/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const levels[] = {
	[LOG_TRACE] = "TRACE",	 [LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO",
	[LOG_NOTICE] = "NOTICE", [LOG_WARN] = "WARN",	[LOG_ERROR] = "ERROR",
	[LOG_CRIT] = "CRIT",	 [LOG_ALERT] = "ALERT", [LOG_FATAL] = "FATAL",
};
_Static_assert(ARRAY_SIZE(levels) == LOG_LEVELS, "every level has its name");

static int level_of(const char *name)
{
	for (int i = 0; i < LOG_LEVELS; i++)
		if (strcasecmp(levels[i], name) == 0)
			return i;
	return -1;
}

/* /var/log/lxc/NAME.log for root's containers in the usual place, else NAME.log in the container's folder. */
static char *default_file(const struct cli *c)
{
	_own_free char *configured = global_config("lxc.lxcpath"), *folder = NULL;
	const char *lxcpath = cli_lxcpath(c) ? cli_lxcpath(c) : configured;

	if (!c->name || !lxcpath || strchr(c->name, '/') || c->verb->flags & (VERB_NAMELESS | VERB_NO_LOG))
		return NULL;
	if (geteuid() == 0 && strcmp(lxcpath, KEG_LXCPATH) == 0)
		return str_fmt(KEG_LOGDIR "/%s.log", c->name);
	folder = str_fmt("%s/%s", lxcpath, c->name);
	if (folder && access(folder, F_OK) == 0)
		return str_fmt("%s/%s.log", folder, c->name);
	return str_fmt(KEG_LOGDIR "/%s.log", c->name);
}

static int make_parent(const char *file, struct err *e)
{
	_own_free char *folder = strdup(file);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!slash || slash == folder)
		return 0;
	*slash = 0;
	return io_mkdir_p(folder, 0755, e);
}

int log_open(struct cli *c)
{
	_own_free char *dflt = NULL;
	const char *file = c->logfile;
	struct err e = { 0 };

	c->log_level = c->logpriority ? level_of(c->logpriority) : LOG_ERROR;
	if (c->log_level < 0) {
		cli_note(c, "%s: \"%s\" is no log level\n", c->tool, c->logpriority);
		return cli_misuse(c);
	}
	if (!file && c->logpriority)
		file = dflt = default_file(c);
	if (!file || strcmp(file, "none") == 0)
		return 0;
	if (make_parent(file, &e) < 0)
		return cli_fail(c, &e);
	c->log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (c->log_fd < 0) {
		(void)err_sys(&e, "open the log", "%s", file);
		return cli_fail(c, &e);
	}
	log_line(c, LOG_INFO, "main", 0, c->verb->about);
	return 0;
}

void log_line(const struct cli *c, int level, const char *where, unsigned line, const char *text)
{
	_own_buf struct buf b = { 0 };
	struct timespec now;
	char when[32];
	struct tm tm;

	if (c->log_fd < 0 || level < c->log_level)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &tm) || strftime(when, sizeof(when), "%Y%m%d%H%M%S", &tm) == 0)
		return;
	buf_addf(&b, "%s%s%s %s.%03ld %-8s %s - cli/%s:%s:%u - %s\n", c->tool, c->name ? " " : "",
		 c->name ? c->name : "", when, now.tv_nsec / 1000000, levels[level], c->verb->name, c->verb->name,
		 where, line, text);
	if (!b.failed)
		(void)!io_write_all(c->log_fd, b.s, b.len);
}
