/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The log of a process: LXC's lines in a file, and syslog. It is opened by whoever knows where to (a command by
 * -o and -l, a keeper by the config), before a clone, and works in a small static process as in INIT: no heap,
 * one write(2) a line, nothing at all where no log is asked for. The fds are close-on-exec.
 */
#include "base/err.h"

enum { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARN, LOG_ERROR, LOG_CRIT, LOG_ALERT, LOG_FATAL, LOG_LEVELS };

const char *log_level_name(int level);
/* "DEBUG", "debug", "1"; -1: no such level. */
int log_level_of(const char *name);
/* "daemon", "local0" ... "local7"; -1. */
int log_facility_of(const char *name);

/* Opens a log's file for appending, with the folders above it. "none": -1 without an error. */
int log_open_file(const char *path, int *fd, struct err *e) _must_check;
/* From here on lines of that level and graver go to fd (-1: none), which the log owns. The names are copied. */
void log_begin(const char *prefix, const char *name, int level, int fd);
/* To /dev/log, too. 0 or -errno. */
int log_begin_syslog(int facility) _must_check;
void log_end(void);
void log_set_level(int level);
int log_level(void);
const char *log_prefix(void);
int log_fd(void);
bool log_wants(int level);

/*
 * PREFIX[ NAME] YYYYMMDDHHMMSS.mmm LEVEL    CATEGORY - FILE:FUNCTION:LINE - MESSAGE
 *
 * The category is the step or the feature that speaks.
 */
void log_write(int level, const char *category, const char *file, const char *function, unsigned line, const char *fmt,
	       ...) _printf(6, 7);
#define log_at(level, category, ...)                                                                                   \
	do {                                                                                                           \
		if (log_wants(level))                                                                                  \
			log_write(level, category, __FILE__, __func__, __LINE__, __VA_ARGS__);                         \
	} while (0)

/* An error or a warning with all its fields, in one line. */
void log_err_at(const char *category, const char *file, const char *function, unsigned line, const struct err *e);
#define log_err(category, e) log_err_at(category, __FILE__, __func__, __LINE__, e)
