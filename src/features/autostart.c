/* SPDX-License-Identifier: MIT */
/* lxc.start.*, lxc.group, lxc.ephemeral: when a container starts by itself, in which company, for how long. */
#include "features/autostart.h"

#include "base/own.h"
#include "spec/key.h"

struct autostart {
	struct number automatic, delay, order, ephemeral;
	struct list groups;
};

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
