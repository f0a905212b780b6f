/* SPDX-License-Identifier: MIT */
/* lxc.config.strict: whether what is only warned of stops a start. */
#include "spec/key.h"

struct strict {
	struct number on;
};

static const struct key keys[] = {
	{
		.name = "lxc.config.strict",
		.type = &type_bool,
		.field = offsetof(struct strict, on),
		.dflt = "0",
		.values = "0 or 1",
		.help = "1: what this host gives no meaning to is an error, and nothing is started; 0: it is a warning "
			"with file and line, and left out.",
		.since = "Keg 0.2",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
};

const struct feature strict_feature = {
	FEATURE_TEXT("Strictness", "What becomes of a line that this host gives no meaning to."), .name = "strict",
	.size = sizeof(struct strict), .keys = keys, .n_keys = sizeof(keys) / sizeof(keys[0])
};
