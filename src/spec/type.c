/* SPDX-License-Identifier: MIT */
/* The kinds of value that keys take. */
#include "base/num.h"
#include "base/own.h"
#include "spec/key.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

static int number_bool(const char *text, long long *out)
{
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return -EINVAL;
	*out = text[0] == '1';
	return 0;
}

static int number_u32(const char *text, long long *out)
{
	uint64_t v;
	int r = num_u64_c(text, UINT32_MAX, &v);

	if (r == 0)
		*out = (long long)v;
	return r;
}

static int number_i32(const char *text, long long *out)
{
	int64_t v;
	int r = num_i64(text + strspn(text, " \t"), INT32_MIN, INT32_MAX, &v);

	if (r == 0)
		*out = v;
	return r;
}

static const struct {
	const char *name;
	int n;
} signals[] = {
	{ "HUP", SIGHUP },    { "INT", SIGINT },   { "QUIT", SIGQUIT },	    { "ILL", SIGILL },	 { "ABRT", SIGABRT },
	{ "FPE", SIGFPE },    { "KILL", SIGKILL }, { "SEGV", SIGSEGV },	    { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },
	{ "TERM", SIGTERM },  { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },	    { "CHLD", SIGCHLD }, { "CONT", SIGCONT },
	{ "STOP", SIGSTOP },  { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },	    { "TTOU", SIGTTOU }, { "TRAP", SIGTRAP },
	{ "IOT", SIGIOT },    { "BUS", SIGBUS },   { "STKFLT", SIGSTKFLT }, { "CLD", SIGCHLD },	 { "URG", SIGURG },
	{ "XCPU", SIGXCPU },  { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH },
	{ "IO", SIGIO },      { "POLL", SIGPOLL }, { "INFO", SIGPWR },	    { "LOST", SIGPWR },	 { "PWR", SIGPWR },
	{ "UNUSED", SIGSYS }, { "SYS", SIGSYS },
};

/* SIGRTMIN and SIGRTMAX as the payload's own kernel counts them: glibc keeps the first two for itself. */
static int number_signal(const char *text, long long *out)
{
	int64_t v;

	if (isdigit((unsigned char)*text))
		return number_u32(text, out);
	if (strncasecmp(text, "SIG", 3) != 0)
		return -EINVAL;
	text += 3;
	if (strncasecmp(text, "RTMIN+", 6) == 0 && num_i64(text + 6, 0, SIGRTMAX - SIGRTMIN, &v) == 0) {
		*out = SIGRTMIN + v;
		return 0;
	}
	if (strncasecmp(text, "RTMAX-", 6) == 0 && num_i64(text + 6, 0, SIGRTMAX - SIGRTMIN, &v) == 0) {
		*out = SIGRTMAX - v;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (strcasecmp(signals[i].name, text) == 0) {
			*out = signals[i].n;
			return 0;
		}
	}
	return -EINVAL;
}

/* LXC's own rounding: "auto" is 128 KiB, else at least a page and up to a power of two. One blank may stand before
 * the unit, and one letter that is none of them counts as "bytes". */
static int number_size(const char *text, long long *out)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = { { "KB", 10 }, { "MB", 20 }, { "GB", 30 } };
	_own_free char *digits = strdup(text);
	uint64_t v, rounded = 4096;
	unsigned shift = 0;
	const char *unit;
	size_t n;

	if (!digits)
		return -ENOMEM;
	if (strcmp(text, "auto") == 0) {
		*out = 131072;
		return 0;
	}
	n = strspn(digits, "0123456789");
	unit = digits + n + (digits[n] == ' ');
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcasecmp(unit, units[i].unit) == 0)
			shift = units[i].shift;
	if (!shift && digits[n] && (!*unit || unit[1]))
		return -EINVAL;
	digits[n] = 0;
	if (num_u64_c(digits, UINT32_MAX, &v) < 0 || v > (uint64_t)INT64_MAX >> (shift + 1))
		return -EINVAL;
	for (v <<= shift; rounded < v;)
		rounded *= 2;
	*out = (long long)rounded;
	return 0;
}

/* Textual, as LXC does it: "..": kept. */
static int clean_path(const char *text, char **out)
{
	char *p, *to;

	if (strlen(text) >= PATH_MAX)
		return -ENAMETOOLONG;
	p = to = malloc(strlen(text) + 1);
	if (!p)
		return -ENOMEM;
	while (*text) {
		if (*text == '/') {
			while (text[0] == '/' || (text[0] == '.' && (text[1] == '/' || !text[1])))
				text++;
			*to++ = '/';
			continue;
		}
		*to++ = *text++;
		while (*text && *text != '/')
			*to++ = *text++;
	}
	if (to > p + 1 && to[-1] == '/')
		to--;
	*to = 0;
	*out = p;
	return 0;
}

const struct type type_text = { .name = "text", .shape = SHAPE_TEXT };
const struct type type_path = { .name = "path", .shape = SHAPE_TEXT, .clean = clean_path };
const struct type type_bool = { .name = "0|1", .shape = SHAPE_NUMBER, .number = number_bool };
const struct type type_u32 = { .name = "number", .shape = SHAPE_NUMBER, .number = number_u32 };
const struct type type_i32 = { .name = "signed number", .shape = SHAPE_NUMBER, .number = number_i32 };
const struct type type_signal = { .name = "signal", .shape = SHAPE_NUMBER, .number = number_signal };
const struct type type_size = { .name = "size", .shape = SHAPE_NUMBER, .number = number_size };
const struct type type_list = { .name = "list", .shape = SHAPE_LIST };
const struct type type_words = { .name = "words", .shape = SHAPE_LIST, .split = true };
const struct type type_named = { .name = "named value", .shape = SHAPE_LIST, .bare = true };
const struct type type_whole = { .name = "nothing", .shape = SHAPE_LIST, .whole = true };
