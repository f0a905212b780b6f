/* SPDX-License-Identifier: MIT */
/* keg wait: returns when a container has one of the states that are asked for. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>

struct options {
	const char *states;
	bool ready;
	struct opt_int timeout;
};

static const struct opt opts[] = {
	{ 's', "state", "STATE|...", OPT_TEXT, offsetof(struct options, states), false, "The states to wait for" },
	{ 0, "ready", NULL, OPT_FLAG, offsetof(struct options, ready), false,
	  "The same as -s READY: see lxc.start.ready" },
	{ 't', "timeout", "SEC", OPT_INT, offsetof(struct options, timeout), false, "Wait at most SEC seconds" },
	OPT_FORMAT,
};

static int mask_of(const char *text, unsigned *mask, const char **bad, struct strv *words)
{
	if (strv_split(words, text, "|") < 0 || words->n == 0) {
		*bad = text;
		return -1;
	}
	for (size_t i = 0; i < words->n; i++) {
		int s = strcmp(words->v[i], "READY") == 0 ? (int)READY : state_of_name(words->v[i]);

		if (s < 0) {
			*bad = words->v[i];
			return -1;
		}
		*mask |= 1U << s;
	}
	return 0;
}

/* The state that it has now: it may have gone on from the one that was waited for, and says so. */
static int answer(const struct cli *c, const struct container *ct)
{
	static const struct format_column columns[] = { { "name", CELL_TEXT }, { "state", CELL_TEXT } };
	struct answer a = { .noun = "containers", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = strv_add(&a.cells, c->name) | strv_add(&a.cells, state_name(cli_state(c, ct)));

	return cli_answer(c, &a, bad);
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	_own_strv struct strv words = { 0 };
	const char *bad;
	unsigned mask = 0;
	struct err e = { 0 };
	int r;
	long long s = o->timeout.set ? o->timeout.n : -1;

	if (!o->states && !o->ready) {
		cli_note(c, "%s: Missing state option to wait for\n", c->tool);
		return cli_misuse(c);
	}
	if (o->ready)
		mask = 1U << READY;
	if (o->states && mask_of(o->states, &mask, &bad, &words) < 0)
		return cli_say(c, "invalid state '%s'", bad);
	ct = cli_container(c);
	if (!ct)
		return 1;
	r = container_wait(ct, mask, s < 0 || s > 2000000 ? -1 : (int)s * 1000, &e);
	if (r == -ETIMEDOUT)
		return 1; /* an answer, not an error: LXC says nothing either */
	if (r < 0)
		return cli_fail(c, &e);
	return c->format != FORMAT_NONE ? answer(c, ct) : 0;
}

const struct verb verb_wait = {
	.name = "wait",
	.synopsis = "--name=NAME --state=STATE",
	.about = "waits until a container has reached a state",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_WORDLESS,
	.run = run,
	.more = "  States: STOPPED STARTING RUNNING STOPPING ABORTING FREEZING FROZEN THAWED; READY\n",
	.examples = {
		{ "-s RUNNING -t 30 web1", "at most half a minute" },
		{ "--ready web1", "until it says that it is ready" },
	},
};
