/* SPDX-License-Identifier: MIT */
/* lxc.log.*: where the log of a container goes, and how much of it. */
#include "features/logging.h"

#include "base/log.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct logging {
	struct number level;
	struct text file, facility;
};

static int number_level(const char *text, long long *out)
{
	int level = strcasecmp(text, "NOTSET") == 0 ? -2 : log_level_of(text);

	*out = level + 1; /* 0 is: not set */
	if (level == -2)
		*out = 0;
	return level == -1 ? -EINVAL : 0;
}

static void print_level(long long n, struct buf *out)
{
	buf_addf(out, "%s", n > 0 ? log_level_name((int)n - 1) : "NOTSET");
}

static const struct type type_level = {
	.name = "level", .shape = SHAPE_NUMBER, .number = number_level, .print = print_level
};

static int check_facility(const char *text, struct err *e)
{
	(void)e;
	return log_facility_of(text) < 0 ? -EINVAL : 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.log.level",
		.type = &type_level,
		.field = offsetof(struct logging, level),
		.values = "TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL, or 0 to 8",
		.help = "What is logged: this and all that is graver.",
		.since = "2.1",
		.good = { "DEBUG", "5" },
		.bad = { "9", "loud" },
		.live = true,
	},
	{
		.name = "lxc.log.file",
		.type = &type_path,
		.field = offsetof(struct logging, file),
		.values = "a path",
		.help = "The log's file.",
		.since = "2.1",
		.good = { "/var/log/lxc/web1.log" },
	},
	{
		.name = "lxc.log.syslog",
		.type = &type_text,
		.field = offsetof(struct logging, facility),
		.values = "daemon, or local0 to local7",
		.help = "Logs to syslog, too, under this facility.",
		.since = "2.1",
		.good = { "daemon", "local3" },
		.bad = { "mail", "local8" },
		.check = check_facility,
	},
};

const struct feature logging_feature = {
	FEATURE_TEXT("Log", "What is told of the container while it starts, runs and stops, and where."),
	.name = "logging",
	.size = sizeof(struct logging),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

static int with_key(struct err *e, const char *key, const struct text *t, int x)
{
	err_key(e, key, t->at);
	return x;
}

int logging_level(const struct spec *s)
{
	const struct logging *l = s->part[FEATURE_LOGGING];

	return l->level.n > 0 ? (int)l->level.n - 1 : LOG_ERROR;
}

int logging_begin(const struct spec *s, const char *name, struct err *e)
{
	const struct logging *l = s->part[FEATURE_LOGGING];
	int fd = -1, x = 0;

	if (l->file.s)
		x = log_open_file(l->file.s, &fd, e);
	if (x < 0)
		return with_key(e, "lxc.log.file", &l->file, x);
	log_begin(LOG_PREFIX, name, logging_level(s), fd);
	return 0;
}

int logging_begin_syslog(const struct spec *s, struct err *e)
{
	const struct logging *l = s->part[FEATURE_LOGGING];
	int x = l->facility.s ? log_begin_syslog(log_facility_of(l->facility.s)) : 0;

	if (x == 0)
		return 0;
	x = err_num(e, -x, "log to", "syslog, by /dev/log");
	err_hint(e, "start a syslog daemon, or unset lxc.log.syslog");
	return with_key(e, "lxc.log.syslog", &l->facility, x);
}
