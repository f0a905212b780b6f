/* SPDX-License-Identifier: MIT */
/* lxc.start.*, lxc.group, lxc.ephemeral: when a container starts by itself, in which company, how often again. */
#include "features/autostart.h"

#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <string.h>

struct autostart {
	struct number automatic, delay, order, ephemeral, ready, restart, restart_delay, restart_limit;
	struct list groups, after, requires;
};

static const char *const ready_words[] = {
	[READY_RUNNING] = "running", [READY_NOTIFY] = "notify", [READY_ADDRESS] = "address"
};
static const char *const restart_words[] = {
	[RESTART_NO] = "no", [RESTART_ON_FAILURE] = "on-failure", [RESTART_ALWAYS] = "always"
};

static int find_word(const char *const *words, size_t n, const char *text, long long *out)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = (long long)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int ready_number(const char *text, long long *out)
{
	return find_word(ready_words, ARRAY_SIZE(ready_words), text, out);
}

static void ready_print(long long n, struct buf *out)
{
	buf_addf(out, "%s", ready_words[n]);
}

static int restart_number(const char *text, long long *out)
{
	return find_word(restart_words, ARRAY_SIZE(restart_words), text, out);
}

static void restart_print(long long n, struct buf *out)
{
	buf_addf(out, "%s", restart_words[n]);
}

/* NAME, NAME:running or NAME:ready; the first two are the same. */
static int clean_needed(const char *text, char **out)
{
	const char *colon = strrchr(text, ':');

	if (!*text || strchr(text, '/') || colon == text ||
	    (colon && strcmp(colon, ":ready") != 0 && strcmp(colon, ":running") != 0))
		return -EINVAL;
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}

static const struct type type_ready = {
	.name = "READY", .shape = SHAPE_NUMBER, .number = ready_number, .print = ready_print
};
static const struct type type_restart = {
	.name = "RESTART", .shape = SHAPE_NUMBER, .number = restart_number, .print = restart_print
};
static const struct type type_needed = { .name = "NAME...", .shape = SHAPE_LIST, .clean = clean_needed, .split = true };

static const struct key keys[] = {
	{
		.name = "lxc.start.auto",
		.type = &type_bool,
		.field = offsetof(struct autostart, automatic),
		.values = "0 or 1",
		.help = "Started at boot, by lxc-autostart.",
		.since = "1.0",
		.live = true,
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.start.delay",
		.type = &type_u32,
		.field = offsetof(struct autostart, delay),
		.values = "a number of seconds",
		.help = "How long lxc-autostart waits after it.",
		.since = "1.0",
		.live = true,
		.good = { "5" },
		.bad = { "-1", "soon" },
	},
	{
		.name = "lxc.start.order",
		.type = &type_i32,
		.field = offsetof(struct autostart, order),
		.values = "a signed number",
		.help = "Lower ones are started first.",
		.since = "1.0",
		.live = true,
		.good = { "10", "-3" },
		.bad = { "first" },
	},
	{
		.name = "lxc.start.after",
		.type = &type_needed,
		.field = offsetof(struct autostart, after),
		.values = "names of containers, parted by blanks, each perhaps with :ready behind it",
		.help = "Started by lxc-autostart only when these, where they are started, too, run (NAME:ready: are "
			"ready, "
			"see lxc.start.ready). It goes before lxc.start.order, and stops go the other way round.",
		.since = "Keg 0.3",
		.live = true,
		.good = { "db1", "db1:ready cache" },
		.bad = { "db1:soon", "a/b" },
	},
	{
		.name = "lxc.start.requires",
		.type = &type_needed,
		.field = offsetof(struct autostart, requires),
		.values = "names of containers, parted by blanks, each perhaps with :ready behind it",
		.help = "As lxc.start.after; besides, these are started even where they do not say so themselves, and "
			"where "
			"one of them cannot be, this one is not started.",
		.since = "Keg 0.3",
		.live = true,
		.good = { "db1:ready" },
		.bad = { ":ready" },
	},
	{
		.name = "lxc.start.ready",
		.type = &type_ready,
		.field = offsetof(struct autostart, ready),
		.values = "running, notify or address",
		.help = "When it is ready, which lxc-wait -s READY and others wait for. running: when its init has "
			"begun; "
			"notify: when its init, or a service, says READY=1 to $NOTIFY_SOCKET, as sd_notify(3) has it "
			"and "
			"systemd does when it has booted; address: when one of its interfaces, beside lo, has an "
			"address "
			"that is not link-local.",
		.since = "Keg 0.3",
		.good = { "notify", "address", "running" },
		.bad = { "soon" },
	},
	{
		.name = "lxc.start.restart",
		.type = &type_restart,
		.field = offsetof(struct autostart, restart),
		.values = "no, on-failure or always",
		.help = "Whether it begins again when it has ended by itself: on-failure: where its init exited with "
			"another "
			"status than 0, or was killed; always: after any end that nobody asked for. Not for "
			"lxc-execute.",
		.since = "Keg 0.3",
		.live = true,
		.good = { "no", "on-failure", "always" },
		.bad = { "yes", "1" },
	},
	{
		.name = "lxc.start.restart.delay",
		.type = &type_u32,
		.field = offsetof(struct autostart, restart_delay),
		.dflt = "1",
		.values = "a number of seconds",
		.help = "How long it pauses before it begins again; each time in a row twice as long, up to five "
			"minutes. A "
			"life of a minute ends the row; a start that fails is one of it.",
		.since = "Keg 0.3",
		.live = true,
		.good = { "0", "10" },
		.bad = { "-1" },
	},
	{
		.name = "lxc.start.restart.limit",
		.type = &type_u32,
		.field = offsetof(struct autostart, restart_limit),
		.dflt = "5",
		.values = "a number; 0: no limit",
		.help = "How often in a row it begins again.",
		.since = "Keg 0.3",
		.live = true,
		.good = { "0", "3" },
		.bad = { "-1" },
	},
	{
		.name = "lxc.ephemeral",
		.type = &type_bool,
		.field = offsetof(struct autostart, ephemeral),
		.values = "0 or 1",
		.help = "Destroyed when it stops.",
		.since = "2.0",
		.live = true,
		.good = { "0", "1" },
		.bad = { "2" },
	},
	{
		.name = "lxc.group",
		.type = &type_words,
		.field = offsetof(struct autostart, groups),
		.values = "names, parted by blanks",
		.help = "The groups that it belongs to.",
		.since = "1.0",
		.live = true,
		.good = { "onboot", "web db" },
	},
};

const struct feature autostart_feature = {
	FEATURE_TEXT("Autostart", "Which containers start with the host, and in what order; see lxc-autostart(1)."),
	.name = "autostart",
	.size = sizeof(struct autostart),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool autostart_is_ephemeral(const struct spec *s)
{
	const struct autostart *a = s->part[FEATURE_AUTOSTART];

	return a->ephemeral.n;
}

enum ready autostart_ready(const struct spec *s, struct origin *at)
{
	const struct autostart *a = s->part[FEATURE_AUTOSTART];

	if (at)
		*at = a->ready.at;
	return (enum ready)a->ready.n;
}

enum restart_when autostart_restart(const struct spec *s, unsigned *delay_s, unsigned *limit)
{
	const struct autostart *a = s->part[FEATURE_AUTOSTART];

	*delay_s = (unsigned)a->restart_delay.n;
	*limit = (unsigned)a->restart_limit.n;
	return (enum restart_when)a->restart.n;
}
