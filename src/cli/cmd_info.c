/* SPDX-License-Identifier: MIT */
/* keg info: what a container is and does. */
#include "cli/cli.h"

#include "base/own.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

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
	OPT_FORMAT,
};

/* No link of the host's is known: a container is asked itself. */
static const struct traffic nobody;

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

/* What keg's answer has beyond LXC's. */
static void more_lines(const struct cgroup_stats *s, bool raw)
{
	char text[128];

	if (s->swap >= 0)
		size_line("Swap use:", (uint64_t)s->swap, raw);
	(void)snprintf(text, sizeof(text), "%" PRId64, s->pids);
	if (s->pids >= 0)
		line("Processes:", text);
	if (cli_pressure_text(s, text, sizeof(text)))
		line("Pressure:", text);
}

static void cgroup_lines(const struct cli *c, const struct container *ct, bool raw)
{
	unsigned lxc = STATS_CPU | STATS_MEMORY | STATS_KERNEL | STATS_IO;
	struct cgroup_host host;
	struct cgroup_stats s;
	struct err quiet = { 0 };
	char text[64];

	if (cgroup_look(&host, &quiet) < 0 ||
	    container_stats(ct, &host, cli_is_keg(c) ? STATS_ALL & ~STATS_DETAIL : lxc, &s, &quiet) < 0)
		return;
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
	if (cli_is_keg(c))
		more_lines(&s, raw);
}

static void bytes_lines(const char *title, const char *name, uint64_t rx, uint64_t tx, bool raw)
{
	line(title, name);
	size_line(" TX bytes:", tx, raw);
	size_line(" RX bytes:", rx, raw);
	size_line(" Total bytes:", rx + tx, raw);
}

/* The host's ends; where there is none (macvlan, a device of the host's) LXC shows nothing. */
static void link_lines(const struct cli *c, const struct status *s, bool raw)
{
	bool some = false;
	uint64_t rx, tx;

	for (size_t i = 0; i < s->nics.n; i++) {
		const char *name = s->nics.v[i].host;

		if (!*name || link_bytes(name, &rx, &tx) < 0)
			continue;
		some = true;
		bytes_lines("Link:", name, rx, tx, raw);
	}
	if (!some && cli_is_keg(c) && container_traffic(s, &nobody, &rx, &tx) == 0)
		bytes_lines("Network:", "inside", rx, tx, raw);
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

/* How its last life ended. */
static void ended_line(const struct cli *c, const struct container *ct)
{
	char when[32], text[128];
	struct ended end;
	struct tm tm;
	time_t at;

	if (!cli_is_keg(c) || ended_read(ct->lxcpath, ct->name, &end) < 0)
		return;
	at = (time_t)(end.at_ms / 1000);
	if (!localtime_r(&at, &tm) || strftime(when, sizeof(when), "%F %T", &tm) == 0)
		return;
	if (end.status == ENDED_UNKNOWN)
		(void)snprintf(text, sizeof(text), "%s, %s", when, ended_name(end.reason));
	else if (WIFSIGNALED(end.status))
		(void)snprintf(text, sizeof(text), "%s, %s, by signal %d (%s)", when, ended_name(end.reason),
			       WTERMSIG(end.status), strsignal(WTERMSIG(end.status)));
	else
		(void)snprintf(text, sizeof(text), "%s, %s, with status %d", when, ended_name(end.reason),
			       WEXITSTATUS(end.status));
	line("Ended:", text);
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
		cgroup_lines(c, ct, o->raw);
		link_lines(c, s, o->raw);
	}
	if (!some)
		ended_line(c, ct);
	for (size_t i = 0; i < o->keys.n; i++)
		key_line(ct, o->keys.v[i], o->raw && o->keys.n == 1 && filters <= 1);
}

/* A number that is known. */
static int add_number(struct strv *cells, bool known, int64_t n)
{
	return known ? strv_addf(cells, "%" PRId64, n) : strv_add(cells, "");
}

static int add_addresses(struct strv *cells, const struct container *ct, bool running)
{
	_own_buf struct buf b = { 0 };

	for (int v6 = 0; running && v6 <= 1; v6++) {
		_own_strv struct strv found = { 0 };
		struct err quiet = { 0 };

		if (container_addresses(ct, v6, &found, &quiet) < 0)
			continue;
		for (size_t i = 0; i < found.n; i++)
			buf_addf(&b, "%s\n", found.v[i]);
	}
	return b.failed || strv_add(cells, b.s ? b.s : "") < 0;
}

static int add_stats(struct strv *cells, const struct cgroup_stats *s)
{
	const int64_t n[] = { s->cpu_ns, s->memory, s->swap, s->kmem, s->io_bytes, s->pids };
	int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(n); i++)
		bad |= add_number(cells, n[i] >= 0, n[i]);
	return bad;
}

/* What was left out at first: new fields come last. */
static int add_more_stats(struct strv *cells, const struct cgroup_stats *s)
{
	return add_number(cells, s->io_read >= 0, s->io_read) < 0 ||
	       add_number(cells, s->io_write >= 0, s->io_write) < 0 || cli_add_pressure(cells, s);
}

/* Their names, and what all of them together have carried. */
static int add_links(struct strv *cells, const struct status *s)
{
	_own_buf struct buf b = { 0 };
	uint64_t rx_all = 0, tx_all = 0, rx, tx;
	bool known;

	for (size_t i = 0; i < s->nics.n; i++) {
		if (!*s->nics.v[i].host || link_bytes(s->nics.v[i].host, &rx, &tx) < 0)
			continue;
		buf_addf(&b, "%s\n", s->nics.v[i].host);
		rx_all += rx;
		tx_all += tx;
	}
	known = b.len || container_traffic(s, &nobody, &rx_all, &tx_all) == 0;
	return b.failed || strv_add(cells, b.s ? b.s : "") < 0 || add_number(cells, known, (int64_t)rx_all) < 0 ||
	       add_number(cells, known, (int64_t)tx_all) < 0;
}

/* How the last life that is over ended. */
static int add_end(struct strv *cells, const struct container *ct)
{
	struct ended end;
	bool known = ended_read(ct->lxcpath, ct->name, &end) == 0, told = known && end.status != ENDED_UNKNOWN;
	bool killed = told && WIFSIGNALED(end.status);

	return add_number(cells, known, end.at_ms) < 0 || strv_add(cells, known ? ended_name(end.reason) : "") < 0 ||
	       add_number(cells, told, told ? ended_code(end.status) : 0) < 0 ||
	       add_number(cells, killed, killed ? WTERMSIG(end.status) : 0) < 0;
}

static struct cgroup_stats stats_of(const struct container *ct, bool running)
{
	struct cgroup_host host;
	struct cgroup_stats s;
	struct err quiet = { 0 };

	cgroup_stats_clear(&s);
	if (running && cgroup_look(&host, &quiet) == 0)
		(void)!container_stats(ct, &host, STATS_ALL & ~STATS_DETAIL, &s, &quiet);
	return s;
}

static int answer(const struct cli *c, const struct container *ct, const struct status *s)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT },		 { "state", CELL_TEXT },	   { "pid", CELL_PLAIN },
		{ "addresses", CELL_LIST },	 { "cpu_ns", CELL_PLAIN },	   { "memory_bytes", CELL_PLAIN },
		{ "swap_bytes", CELL_PLAIN },	 { "kernel_bytes", CELL_PLAIN },   { "io_bytes", CELL_PLAIN },
		{ "pids", CELL_PLAIN },		 { "links", CELL_LIST },	   { "rx_bytes", CELL_PLAIN },
		{ "tx_bytes", CELL_PLAIN },	 { "ended_ms", CELL_PLAIN },	   { "reason", CELL_TEXT },
		{ "status", CELL_PLAIN },	 { "signal", CELL_PLAIN },	   { "ready", CELL_PLAIN },
		{ "io_read_bytes", CELL_PLAIN }, { "io_write_bytes", CELL_PLAIN }, CLI_PRESSURE_COLUMNS,
	};
	struct answer a = { .noun = "containers", .columns = columns, .n = ARRAY_SIZE(columns) };
	bool running = s->state != STOPPED;
	struct cgroup_stats used = stats_of(ct, running);
	int bad = strv_add(&a.cells, c->name) < 0 || strv_add(&a.cells, state_name(s->state)) < 0 ||
		  add_number(&a.cells, running && s->init_pid > 0, s->init_pid) < 0 ||
		  add_addresses(&a.cells, ct, running) || add_stats(&a.cells, &used) || add_links(&a.cells, s) ||
		  add_end(&a.cells, ct) ||
		  strv_add(&a.cells, !running	? ""
				     : s->ready ? "true"
						: "false") < 0 ||
		  add_more_stats(&a.cells, &used);

	return cli_answer(c, &a, bad);
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	_own_problems struct problems ignored = { 0 };
	struct status s;
	struct err e = { 0 };
	int r = 0;

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
	if (c->format != FORMAT_NONE)
		r = answer(c, ct, &s);
	else if (!o->keys.n || ct->spec)
		show(c, ct, o, &s);
	status_free(&s);
	return r;
}

const struct verb verb_info = {
	.name = "info",
	.synopsis = "--name=NAME",
	.about = "shows what is known of a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING | VERB_WORDLESS,
	.run = run,
	.examples = {
		{ "web1", "state, addresses, and what it uses" },
		{ "-iH web1", "its addresses, one on a line" },
		{ "-c lxc.uts.name web1", "a key of its config" },
	},
};
