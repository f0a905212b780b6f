/* SPDX-License-Identifier: MIT */
/* lxc.time.offset.*: a time namespace whose clocks are shifted (time_namespaces(7), Linux 5.6). */
#include "features/time.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct times {
	struct text boot, monotonic; /* "120s" or "7000ns" */
};

static const struct {
	const char *unit;
	long long ns;
} units[] = { { "ns", 1 },	   { "us", 1000 },	 { "ms", 1000000 },
	      { "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 } };

static int parse_offset(const char *text, long long *out, bool *whole_seconds)
{
	_own_free char *digits = strdup(text);
	size_t n = strspn(text, "-0123456789");
	int64_t v;

	if (!digits)
		return -ENOMEM;
	digits[n] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text + n, units[i].unit) != 0)
			continue;
		if (num_i64(digits, INT64_MIN / units[i].ns, INT64_MAX / units[i].ns, &v) < 0)
			return -EINVAL;
		*out = v * units[i].ns;
		*whole_seconds = units[i].ns >= 1000000000;
		return 0;
	}
	return -EINVAL;
}

/* LXC 7.0's form: seconds for what was given in h, m or s, else nanoseconds. */
static int clean_offset(const char *text, char **out)
{
	long long ns;
	bool seconds;
	int x = parse_offset(text, &ns, &seconds);

	if (x < 0)
		return x;
	*out = seconds ? str_fmt("%llds", ns / 1000000000) : str_fmt("%lldns", ns);
	return *out ? 0 : -ENOMEM;
}

static const struct type type_offset = { .name = "offset", .shape = SHAPE_TEXT, .clean = clean_offset };

static int get_offset(const struct text *t, struct buf *out)
{
	buf_addf(out, "%s", t->s ? t->s : "0ns");
	return out->failed ? -ENOMEM : 0;
}

static int get_boot(const void *part, unsigned index, struct buf *out)
{
	(void)index;
	return get_offset(&((const struct times *)part)->boot, out);
}

static int get_monotonic(const void *part, unsigned index, struct buf *out)
{
	(void)index;
	return get_offset(&((const struct times *)part)->monotonic, out);
}

static long long ns_of(const struct text *t)
{
	long long ns = 0;
	bool seconds;

	return t->s && parse_offset(t->s, &ns, &seconds) == 0 ? ns : 0;
}

#define OFFSET(key, member, what)                                                                                      \
	{                                                                                                              \
		.name = key, .type = &type_offset, .field = offsetof(struct times, member),                            \
		.values = "a number with its unit: h, m, s, ms, us or ns", .help = what, .since = "5.0",               \
		.good = { "1000s", "-5ms", "2h" }, .bad = { "5", "-5 ms", "1d" }, .get = get_##member,                 \
	}

static const struct key keys[] = {
	OFFSET("lxc.time.offset.boot", boot, "How far CLOCK_BOOTTIME of the container is ahead."),
	OFFSET("lxc.time.offset.monotonic", monotonic, "How far CLOCK_MONOTONIC of the container is ahead."),
};

const struct feature time_feature = {
	FEATURE_TEXT("Clocks", "The container's clocks, see time_namespaces(7)."),
	.name = "time",
	.size = sizeof(struct times),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool time_is_shifted(const struct spec *s)
{
	const struct times *t = s->part[FEATURE_TIME];

	return ns_of(&t->boot) || ns_of(&t->monotonic);
}

bool time_is_own(const struct plan *p)
{
	return p->clone_flags & CLONE_NEWTIME;
}

/* Seconds are rounded down and nanoseconds positive, as the kernel's file wants them. */
static int write_offset(const char *clock, long long ns, struct err *e)
{
	long long s = ns / 1000000000, rest = ns % 1000000000;
	_own_free char *line = NULL;
	int x;

	if (rest < 0) {
		rest += 1000000000;
		s--;
	}
	line = str_fmt("%s %lld %lld", clock, s, rest);
	x = line ? io_write_file(AT_FDCWD, "/proc/self/timens_offsets", line) : -ENOMEM;
	return x < 0 ? err_num(e, -x, "shift the clock", "%s by %lld ns", clock, ns) : 0;
}

/*
 * Leaves:  a time namespace for the next child; this process stays in the host's.
 * Mustn't: be done by INIT: offsets are fixed once a process is inside.
 */
int time_shift(struct run *r, struct err *e)
{
	const struct times *t = plan_part(r->plan, FEATURE_TIME);
	int x;

	if (unshare(CLONE_NEWTIME) < 0) {
		x = err_sys(e, "make", "a time namespace");
		err_key(e, "lxc.time.offset.boot", t->boot.at.file ? t->boot.at : t->monotonic.at);
		return x;
	}
	x = write_offset("monotonic", ns_of(&t->monotonic), e);
	if (x < 0)
		err_key(e, "lxc.time.offset.monotonic", t->monotonic.at);
	else
		x = write_offset("boottime", ns_of(&t->boot), e);
	if (x < 0)
		err_key(e, "lxc.time.offset.boot", t->boot.at);
	return x;
}
