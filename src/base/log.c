/* SPDX-License-Identifier: MIT */
/* How a line of the log is made, and where it goes. */
#include "base/log.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static struct {
	bool begun;
	int level, fd, syslog_fd, facility;
	char prefix[32], name[256];
} to = { .fd = -1, .syslog_fd = -1 };

static const struct {
	const char *name;
	int severity; /* syslog's */
} levels[] = {
	[LOG_TRACE] = { "TRACE", 7 },	[LOG_DEBUG] = { "DEBUG", 7 }, [LOG_INFO] = { "INFO", 6 },
	[LOG_NOTICE] = { "NOTICE", 5 }, [LOG_WARN] = { "WARN", 4 },   [LOG_ERROR] = { "ERROR", 3 },
	[LOG_CRIT] = { "CRIT", 2 },	[LOG_ALERT] = { "ALERT", 1 }, [LOG_FATAL] = { "FATAL", 0 },
};
_Static_assert(ARRAY_SIZE(levels) == LOG_LEVELS, "every level has its name");

const char *log_level_name(int level)
{
	return levels[level].name;
}

int log_level_of(const char *name)
{
	for (int i = 0; i < LOG_LEVELS; i++)
		if (strcasecmp(levels[i].name, name) == 0 || (name[0] == (char)('0' + i) && !name[1]))
			return i;
	return -1;
}

int log_facility_of(const char *name)
{
	enum { DAEMON = 3, LOCAL0 = 16 };

	if (strcmp(name, "daemon") == 0)
		return DAEMON;
	if (str_starts(name, "local") && name[5] >= '0' && name[5] <= '7' && !name[6])
		return LOCAL0 + name[5] - '0';
	return -1;
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

int log_open_file(const char *path, int *fd, struct err *e)
{
	/* /dev/stderr is a link; in any other place one may be somebody else's */
	int follow = str_starts(path, "/dev/") ? 0 : O_NOFOLLOW, opened, r;

	if (strcmp(path, "none") == 0) {
		*fd = -1;
		return 0;
	}
	r = make_parent(path, e);
	if (r < 0)
		return r;
	opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | follow, 0640);
	if (opened < 0)
		return err_sys(e, "open the log", "%s", path);
	*fd = opened;
	return 0;
}

void log_begin(const char *prefix, const char *name, int level, int fd)
{
	log_end();
	(void)snprintf(to.prefix, sizeof(to.prefix), "%s", prefix);
	(void)snprintf(to.name, sizeof(to.name), "%s", name ? name : "");
	to.level = level;
	to.fd = fd;
	to.begun = fd >= 0;
}

int log_begin_syslog(int facility)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	_own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* waits: not for a datagram socket */
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	to.syslog_fd = take_fd(&fd);
	to.facility = facility;
	to.begun = true;
	return 0;
}

void log_end(void)
{
	close_fd(&to.fd);
	close_fd(&to.syslog_fd);
	to.begun = false;
}

void log_set_level(int level)
{
	to.level = level;
}

int log_level(void)
{
	return to.level;
}

const char *log_prefix(void)
{
	return to.prefix;
}

int log_fd(void)
{
	return to.fd;
}

bool log_wants(int level)
{
	return to.begun && level >= to.level;
}

/* UTC without libc's time zones: it would look for their files in whatever the root is by now. */
enum { TIME_SIZE = 32 };

static void put_time(char out[TIME_SIZE])
{
	struct timespec now = { 0 };
	int64_t days, of_era;
	int era, year, month, day, left;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	days = now.tv_sec / 86400 + 719468; /* since 1 March of year 0; eras have 400 years */
	left = (int)(now.tv_sec % 86400);
	era = (int)(days / 146097);
	of_era = days % 146097;
	year = (int)((of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365);
	day = (int)(of_era - (365 * year + year / 4 - year / 100));
	month = (5 * day + 2) / 153;
	day = day - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);
	(void)snprintf(out, TIME_SIZE, "%04d%02d%02d%02d%02d%02d.%03d", year % 10000, month % 100, day % 100,
		       left / 3600 % 100, left / 60 % 60, left % 60, (int)(now.tv_nsec / 1000000) % 1000);
}

/* The message of somebody else's making may hold what a terminal would obey. */
static void show_only(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = *text == '\n' || *text == '\t' ? ' ' : '?';
}

static void to_file(int level, const char *category, const char *file, const char *function, unsigned line,
		    const char *message)
{
	char text[3072], when[TIME_SIZE];
	int n;

	while (str_starts(file, "../"))
		file += 3;
	put_time(when);
	n = snprintf(text, sizeof(text), "%s%s%s %s %-8s %s - %s:%s:%u - %s\n", to.prefix, to.name[0] ? " " : "",
		     to.name, when, levels[level].name, category, file, function, line, message);
	if (n >= (int)sizeof(text)) {
		n = sizeof(text) - 1;
		text[n - 1] = '\n';
	}
	if (n > 0)
		(void)!write(to.fd, text, (size_t)n);
}

/* A daemon that is slow or away costs lines, no time. */
static void to_syslog(int level, const char *category, const char *message)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "<%d>%s[%d]: %s%s%s: %s", to.facility * 8 + levels[level].severity,
			 to.prefix, (int)getpid(), to.name, to.name[0] ? " " : "", category, message);

	if (n > 0)
		(void)send(to.syslog_fd, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
}

void log_write(int level, const char *category, const char *file, const char *function, unsigned line, const char *fmt,
	       ...)
{
	int saved = errno;
	char message[2560];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	show_only(message);
	if (to.fd >= 0)
		to_file(level, category, file, function, line, message);
	if (to.syslog_fd >= 0)
		to_syslog(level, category, message);
	errno = saved;
}

void log_err_at(const char *category, const char *file, const char *function, unsigned line, const struct err *e)
{
	int level = e->warning ? LOG_WARN : LOG_ERROR;
	char text[1200], place[700] = "";

	if (!log_wants(level))
		return;
	err_text(e, text, sizeof(text));
	if (e->file[0])
		(void)snprintf(place, sizeof(place), "; set by %s:%u%s%s", e->file, e->line, e->key[0] ? " " : "",
			       e->key);
	else if (e->key[0])
		(void)snprintf(place, sizeof(place), "; set by %s", e->key);
	log_write(level, e->step[0] ? e->step : category, file, function, line, "%s%s%s%s%s%s%s%s%s%s", text, place,
		  e->step[0] ? "; step " : "", e->step, e->role[0] ? " of the " : "", e->role,
		  e->said[0] ? "; said " : "", e->said, e->hint[0] ? "; try " : "", e->hint);
}
