/* SPDX-License-Identifier: MIT */
/*
 * lxc.include: the key's row, and what is read in place of a file that LXC would have shipped. It is no value:
 * spec_set() reads the file there and then (spec/reader.c).
 */
#include "base/own.h"
#include "engine/places.h"
#include "spec/key.h"

#include <errno.h>

struct include {
	struct text none;
};

/* What was included is not kept: LXC's own answer. */
static int get_nothing(const void *part, unsigned index, struct buf *out)
{
	(void)part;
	(void)index;
	(void)out;
	return -ENOSYS;
}

char *include_instead(const char *path)
{
	return place_instead(path);
}

static const struct key keys[] = {
	{
		.name = "lxc.include",
		.type = &type_text,
		.field = offsetof(struct include, none),
		.values = "a config file, or a folder of files that end in .conf",
		.help = "Reads another config here and now; what follows it can change what it set. Of a folder every "
			"*.conf is read, in the order of their names; a folder that is not there is an empty one. "
			"A file below /usr/share/lxc/config that is not there is taken from what Keg ships.",
		.since = "1.0",
		.good = { "/nonexistent/" },
		.bad = { "/nonexistent" },
		.get = get_nothing,
	},
};

const struct feature include_feature = {
	FEATURE_TEXT("Other files", "Configs that a config takes in."),
	.name = "include",
	.size = sizeof(struct include),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};
