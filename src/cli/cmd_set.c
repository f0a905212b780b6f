/* SPDX-License-Identifier: MIT */
/* keg set: limits in plain words, in a container's config and, where it runs, at once. */
#include "cli/cli.h"

#include "base/num.h"
#include "base/own.h"
#include "client/disk.h"
#include "spec/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CPU_PERIOD_US = 100000, CPUS_MOST = 100000, FEWEST = 65536 };

static int number_or_max(const char *text, char *value, size_t size)
{
	int64_t n;

	if (strcmp(text, "max") != 0 && num_i64(text, 1, INT64_MAX, &n) < 0)
		return -EINVAL;
	return str_copy(value, size, text);
}

/* "512M", "max": as the kernel reads it. So few bytes that no process could be are a unit forgotten. */
static int size_or_max(const char *text, char *value, size_t size)
{
	size_t n = strspn(text, "0123456789");
	int64_t bytes;

	if (num_i64(text, 1, FEWEST - 1, &bytes) == 0)
		return -EINVAL;
	if (strcmp(text, "max") != 0 && (n == 0 || n > 18 || strlen(text + n) > 1 || !strchr("KMGTkmgt", text[n])))
		return -EINVAL;
	return str_copy(value, size, text);
}

/* "1.5": so much of a period; "max". */
static int cpus(const char *text, char *value, size_t size)
{
	char *end;
	double n = strtod(text, &end);

	if (strcmp(text, "max") == 0)
		return snprintf(value, size, "max %d", CPU_PERIOD_US) < 0 ? -EINVAL : 0;
	if (!isdigit((unsigned char)*text) || *end || strpbrk(text, "xXeE") || n < 0.01 || n > CPUS_MOST)
		return -EINVAL;
	return snprintf(value, size, "%lld %d", (long long)(n * CPU_PERIOD_US + 0.5), CPU_PERIOD_US) < 0 ? -EINVAL : 0;
}

static int text_of(const char *text, char *value, size_t size)
{
	return *text ? str_copy(value, size, text) : -EINVAL;
}

static int truth(const char *text, char *value, size_t size)
{
	bool yes = strcmp(text, "yes") == 0 || strcmp(text, "1") == 0;

	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "0") != 0)
		return -EINVAL;
	return str_copy(value, size, yes ? "1" : "0");
}

static const struct setting {
	const char *word, *key, *values;
	int (*read)(const char *text, char *value, size_t size);
} settings[] = {
	{ "memory", "lxc.cgroup2.memory.max", "bytes, such as 512M, or max", size_or_max },
	{ "swap", "lxc.cgroup2.memory.swap.max", "bytes, such as 1G, or max", size_or_max },
	{ "cpus", "lxc.cgroup2.cpu.max", "a number of cpus, such as 1.5, or max", cpus },
	{ "cpuset", "lxc.cgroup2.cpuset.cpus", "cpus, such as 0-3,6", text_of },
	{ "pids", "lxc.cgroup2.pids.max", "a number of processes, or max", number_or_max },
	{ "autostart", "lxc.start.auto", "yes or no", truth },
};

/* One WORD=VALUE, understood. */
struct wish {
	const struct setting *s;
	char value[64];
};

static int understand(const struct cli *c, const char *arg, struct wish *w)
{
	size_t n = strcspn(arg, "=");

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strlen(settings[i].word) == n && strncmp(settings[i].word, arg, n) == 0)
			w->s = &settings[i];
	if (!w->s || arg[n] != '=') {
		struct err e = { 0 };

		(void)err_say(&e, EINVAL, "%s: there is no such setting", arg);
		err_hint(&e, "memory=512M swap=1G cpus=1.5 cpuset=0-3 pids=100 autostart=yes; keys: keg config set");
		return cli_fail(c, &e);
	}
	if (w->s->read(arg + n + 1, w->value, sizeof(w->value)) < 0)
		return cli_say(c, "%s: %s takes %s", arg, w->s->word, w->s->values);
	return 0;
}

/* The file takes all of them or none. */
static int write_file(const struct container *ct, const struct wish *w, size_t n, struct err *e)
{
	_own_fd int held = container_hold(ct, HOLD_ALONE | HOLD_QUEUE, e);
	_own_document struct document *d = NULL;
	int x = held < 0 ? held : document_read(&d, ct->config_file, e);

	for (size_t i = 0; x == 0 && i < n; i++) {
		x = document_clear(d, w[i].s->key, e);
		if (x == 0)
			x = document_set(d, w[i].s->key, w[i].value, e);
	}
	return x == 0 ? document_save(d, NULL, e) : x;
}

static int set_all(struct cli *c, struct container *ct, const struct wish *w, size_t n)
{
	bool runs = cli_runs(c, ct);
	struct err e = { 0 };
	int x = 0;

	if (!runs && !container_defined(ct))
		return cli_say(c, "%s is not defined", c->name);
	/* The kernel comes first: what it refuses is not written down. */
	for (size_t i = 0; runs && x == 0 && i < n; i++)
		x = container_set_running(ct, w[i].s->key, w[i].value, &e);
	if (x == 0 && container_defined(ct))
		x = write_file(ct, w, n, &e);
	return x < 0 ? cli_fail(c, &e) : 0;
}

static int run(struct cli *c)
{
	_own_container struct container *ct = NULL;
	_own_free struct wish *w = NULL;

	if (c->n_args < 1) {
		cli_note(c, "%s: what is to be set? Such as: keg set %s memory=512M cpus=1.5\n", c->tool, c->name);
		return cli_misuse(c);
	}
	w = calloc((size_t)c->n_args, sizeof(*w));
	if (!w)
		return cli_say(c, "out of memory");
	for (int i = 0; i < c->n_args; i++)
		if (understand(c, c->args[i], &w[i]) != 0)
			return 1;
	ct = cli_container(c);
	return ct ? set_all(c, ct, w, (size_t)c->n_args) : 1;
}

const struct verb verb_set = {
	.name = "set",
	.synopsis = "NAME WORD=VALUE...",
	.about = "limits a container, at once and in its config",
	.flags = VERB_EXISTING | VERB_NO_LOG,
	.run = run,
	.more = "\n  memory=512M swap=1G cpus=1.5 cpuset=0-3 pids=100 autostart=yes; \"max\" is no limit\n",
	.examples = {
		{ "web1 memory=512M cpus=1.5", "both at once, and for good" },
		{ "web1 memory=max", "no limit any more" },
	},
};
