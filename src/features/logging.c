/* SPDX-License-Identifier: MIT */
/* lxc.log.*: where the log of a container goes, and how much of it. */
#include "base/own.h"
#include "spec/key.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct logging {
	struct number level;
	struct text file, facility;
};

static const char *const levels[] = { "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "FATAL" };

static int number_level(const char *text, long long *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcasecmp(text, levels[i]) == 0 || (text[0] == (char)('0' + i) && !text[1])) {
			*out = (long long)i + 1; /* 0 is: not set */
			return 0;
		}
	}
	return strcasecmp(text, "NOTSET") == 0 ? (*out = 0) : -EINVAL;
}

static void print_level(long long n, struct buf *out)
{
	buf_addf(out, "%s", n > 0 ? levels[n - 1] : "NOTSET");
}

static const struct type type_level = {
	.name = "level", .shape = SHAPE_NUMBER, .number = number_level, .print = print_level
};

static int check_facility(const char *text, struct err *e)
{
	(void)e;
	if (strcmp(text, "daemon") == 0)
		return 0;
	return str_starts(text, "local") && text[5] >= '0' && text[5] <= '7' && !text[6] ? 0 : -EINVAL;
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
