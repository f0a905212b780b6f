/* SPDX-License-Identifier: MIT */
/* keg info: what a container is and does. */
#include "cli/cli.h"

#include "base/own.h"

#include <inttypes.h>
#include <string.h>

struct options {
	struct strv keys;
	bool ips, state, pid, stats, raw;
};

static const struct opt opts[] = {
	{ 'c', "config", "KEY", OPT_LIST, offsetof(struct options, keys), false, "Show the value of a config key" },
	{ 'i', "ips", NULL, OPT_FLAG, offsetof(struct options, ips), false, "Show its addresses" },
	{ 's', "state", NULL, OPT_FLAG, offsetof(struct options, state), false, "Show its state" },
	{ 'p', "pid", NULL, OPT_FLAG, offsetof(struct options, pid), false, "Show the pid of its init" },
	{ 'S', "stats", NULL, OPT_FLAG, offsetof(struct options, stats), false, "Show what it uses" },
	{ 'H', "no-humanize", NULL, OPT_FLAG, offsetof(struct options, raw), false, "Show numbers without units" },
};

static void line(const char *title, const char *value)
{
	(void)printf("%-15s %s\n", title, value);
}

static void size_line(const char *title, uint64_t n, bool raw)
{
	static const char *const units[] = { "KiB", "MiB", "GiB" };
	char text[64];
	double v = (double)n;
	size_t u = 0;

	if (raw)
		(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	else if (n <= 1024)
		(void)snprintf(text, sizeof(text), "%" PRIu64 " bytes", n);
	else {
		for (v /= 1024; v >= 1024 && u + 1 < ARRAY_SIZE(units); u++)
			v /= 1024;
		(void)snprintf(text, sizeof(text), "%.2f %s", v, units[u]);
	}
	line(title, text);
}

static void cgroup_lines(const struct container *ct, bool raw)
{
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct cgroup_stats s;
	struct err quiet = { 0 };
	char text[64];

	if (container_cgroup(ct, &host, &tree, &quiet) < 0)
		return;
	cgroup_tree_stats(&tree, &s);
	cgroup_tree_close(&tree);
	(void)snprintf(text, sizeof(text), raw ? "%.0f" : "%.2f seconds",
		       raw ? (double)s.cpu_ns : (double)s.cpu_ns / 1e9);
	if (s.cpu_ns >= 0)
		line("CPU use:", text);
	if (s.io_bytes >= 0)
		size_line("BlkIO use:", (uint64_t)s.io_bytes, raw);
	if (s.memory >= 0)
		size_line("Memory use:", (uint64_t)s.memory, raw);
	if (s.kmem >= 0)
		size_line("KMem use:", (uint64_t)s.kmem, raw);
}

static void link_lines(const struct status *s, bool raw)
{
	for (size_t i = 0; i < s->nics.n; i++) {
		const char *name = s->nics.v[i].host;
		uint64_t rx, tx;

		if (!*name || link_bytes(name, &rx, &tx) < 0)
			continue;
		line("Link:", name);
		size_line(" TX bytes:", tx, raw);
		size_line(" RX bytes:", rx, raw);
		size_line(" Total bytes:", rx + tx, raw);
	}
}

/* A value by itself, or behind its title. */
static void value_line(bool bare, const char *title, const char *value)
{
	if (bare)
		(void)puts(value);
	else
		line(title, value);
}

static void ip_lines(const struct container *ct, bool bare)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		_own_strv struct strv found = { 0 };
		struct err quiet = { 0 };

		if (container_addresses(ct, v6, &found, &quiet) < 0)
			continue;
		for (size_t i = 0; i < found.n; i++)
			value_line(bare, "IP:", found.v[i]);
	}
}

static void key_line(const struct container *ct, const char *key, bool bare)
{
	_own_buf struct buf v = { 0 };

	if (spec_get(ct->spec, key, &v) < 0)
		(void)fprintf(stderr, "%s invalid\n", key);
	else if (bare)
		(void)printf("%s\n", v.s ? v.s : "");
	else
		(void)printf("%s =%s%s\n", key, v.len ? " " : "", v.len ? v.s : "");
}

static void show(const struct cli *c, struct container *ct, const struct options *o, const struct status *s)
{
	bool some = o->keys.n || o->ips || o->state || o->pid || o->stats;
	/* -H with one of -s, -p, -i shows the value alone; keys do not count, and one key is then bare, too. */
	int filters = o->state + o->pid + o->ips + o->stats;
	bool bare = o->raw && filters == 1, running = s->state != STOPPED;
	char pid[16];

	if (!some)
		line("Name:", c->name);
	if (!some || o->state)
		value_line(bare, "State:", state_name(s->state));
	(void)snprintf(pid, sizeof(pid), "%d", (int)s->init_pid);
	if (running && s->init_pid > 0 && (!some || o->pid))
		value_line(bare, "PID:", pid);
	if (running && (!some || o->ips))
		ip_lines(ct, bare);
	if (running && (!some || o->stats)) {
		cgroup_lines(ct, o->raw);
		link_lines(s, o->raw);
	}
	for (size_t i = 0; i < o->keys.n; i++)
		key_line(ct, o->keys.v[i], o->raw && o->keys.n == 1 && filters <= 1);
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	_own_problems struct problems ignored = { 0 };
	struct status s;
	struct err e = { 0 };

	if (!ct)
		return 1;
	if (container_status(ct, &s, &e) < 0)
		return cli_fail(c, &e);
	if (!container_defined(ct) && s.state == STOPPED) {
		(void)fprintf(stderr, "%s doesn't exist\n", c->name);
		status_free(&s);
		return 1;
	}
	if (o->keys.n)
		(void)!container_load(ct, c->rcfile,
				      &ignored); /* what is right in a bad config is shown all the same */
	if (!o->keys.n || ct->spec)
		show(c, ct, o, &s);
	status_free(&s);
	return 0;
}

const struct verb verb_info = {
	.name = "info",
	.synopsis = "--name=NAME",
	.about = "shows what is known of a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.run = run,
};
