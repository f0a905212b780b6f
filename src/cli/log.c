/* SPDX-License-Identifier: MIT */
/* -o and -l: a log file with LXC's lines. Without -o, -l alone switches the container's own log on. */
#include "cli/cli.h"

#include "base/own.h"
#include "engine/places.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

int cli_log_open(struct cli *c)
{
	_own_free char *dflt = NULL;
	const char *file = c->logfile;
	int level = c->logpriority ? log_level_of(c->logpriority) : LOG_ERROR, fd = -1;
	struct err e = { 0 };

	if (level < 0) {
		cli_note(c, "%s: \"%s\" is no log level\n", c->tool, c->logpriority);
		return cli_misuse(c);
	}
	if (!file && c->logpriority)
		file = dflt = default_file(c);
	if (!file)
		return 0;
	if (log_open_file(file, &fd, &e) < 0)
		return cli_fail(c, &e);
	log_begin(c->tool, c->verb->flags & VERB_NAMELESS ? NULL : c->name, level, fd);
	log_at(LOG_INFO, c->verb->name, "%s %s", c->prog, c->verb->about);
	return 0;
}
