/* SPDX-License-Identifier: MIT */
/* lxc.environment and its two narrower kinds: what init, attached programs and hooks find in environ. */
#include "features/environ.h"

#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct environment {
	struct list both, runtime, hooks;
};

/* A bare NAME takes the value that the reader of the config has; getenv() reads, it changes nothing. */
static int clean_variable(const char *text, char **out)
{
	const char *value;

	if (text[0] == '=' || !text[0])
		return -EINVAL;
	if (strchr(text, '=')) {
		*out = strdup(text);
	} else {
		value = getenv(text);
		if (!value)
			return -EINVAL;
		*out = str_fmt("%s=%s", text, value);
	}
	return *out ? 0 : -ENOMEM;
}

static const struct type type_variable = { .name = "NAME=VALUE", .shape = SHAPE_LIST, .clean = clean_variable };

#define VARIABLE(key, member, what, ver)                                                                               \
	{                                                                                                              \
		.name = key, .type = &type_variable, .field = offsetof(struct environment, member),                    \
		.values = "NAME=VALUE, or the NAME of a variable that is set here", .help = what, .since = ver,        \
		.good = { "A=1", "B=two words", "C=" }, .bad = { "=1", "KEG_NO_SUCH_VARIABLE" },                       \
	}

static const struct key keys[] = {
	VARIABLE("lxc.environment", both, "Given to init, to attached programs and to the hooks inside.", "1.1"),
	VARIABLE("lxc.environment.runtime", runtime, "Given to init and to attached programs only.", "7.0"),
	VARIABLE("lxc.environment.hooks", hooks, "Given to the hooks that run inside only.", "7.0"),
};

const struct feature environ_feature = {
	FEATURE_TEXT("Environment", "Variables for init, for programs that are attached, and for hooks."),
	.name = "environ",
	.size = sizeof(struct environment),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

static int add_all(const struct list *l, struct strv *out)
{
	for (size_t i = 0; i < l->n; i++)
		if (strv_add(out, l->v[i].text) < 0)
			return -ENOMEM;
	return 0;
}

int environ_of_init(const struct spec *s, struct strv *out)
{
	const struct environment *v = s->part[FEATURE_ENVIRON];

	if (add_all(&v->both, out) < 0 || add_all(&v->runtime, out) < 0)
		return -ENOMEM;
	return strv_add(out, "container=lxc");
}

int environ_of_hooks(const struct spec *s, struct strv *out)
{
	const struct environment *v = s->part[FEATURE_ENVIRON];

	return add_all(&v->both, out) < 0 || add_all(&v->hooks, out) < 0 ? -ENOMEM : 0;
}
