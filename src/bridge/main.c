/* SPDX-License-Identifier: MIT */
/*
 * keg-net: the network that containers use by default, `keg net up|down|status|restart`. Called as
 * lxc-net it has that program's verbs, words and exit codes: start|stop|restart|reload|force-reload.
 */
#include "base/format.h"
#include "base/own.h"
#include "bridge/service.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

enum { OK, FAILED, USAGE, IS_DOWN };

static const char keg_usage[] = "usage: keg net up|down|restart|status [--settings FILE] [--format FORMAT]\n"
				"  try     keg net --help\n";

static int fail(const struct err *e)
{
	err_print(e, "keg", NULL);
	return FAILED;
}

static void say_up(const struct settings *s, const char *how)
{
	(void)printf("%s is %s: %s/%d\n", s->bridge, how, s->addr, s->prefix4);
}

static int keg_up(const struct settings *s)
{
	_own_service struct service v = { 0 };
	struct err e = { 0 };
	bool was;

	if (!s->wanted) {
		(void)err_say(&e, EPERM, "the bridge is switched off: USE_LXC_BRIDGE is not \"true\" in %s",
			      s->use_bridge_at);
		err_hint(&e, "write USE_LXC_BRIDGE=\"true\" into /etc/default/lxc-net");
		return fail(&e);
	}
	if (service_look(s, &v, &e) < 0)
		return fail(&e);
	if (service_is_up(&v)) {
		say_up(s, "up already");
		return OK;
	}
	was = v.flag;
	if (service_up(s, &e) < 0)
		return fail(&e);
	say_up(s, was ? "up again" : "up");
	return OK;
}

static void say_ports(const struct settings *s, const struct strv *ports)
{
	(void)printf("%s stays, for it has ports:", s->bridge);
	for (size_t i = 0; i < ports->n; i++)
		(void)printf(" %s", ports->v[i]);
	(void)printf("\n");
}

static int keg_down(const struct settings *s)
{
	_own_service struct service v = { 0 };
	struct err e = { 0 };
	int r = service_look(s, &v, &e), x = OK;

	if (r == 0 && service_is_down(&v)) {
		(void)printf("%s is not up\n", s->bridge);
	} else {
		if (r == 0)
			r = service_down(s, &e);
		if (r < 0)
			x = fail(&e);
		else if (r == 1)
			say_ports(s, &v.bridge.ports);
	}
	return x;
}

static void show_words(const char *label, const struct strv *words, const char *none)
{
	(void)printf("%-10s", label);
	for (size_t i = 0; i < words->n; i++)
		(void)printf("%s%s", i ? ", " : "", words->v[i]);
	(void)printf("%s\n", words->n ? "" : none);
}

/* dnsmasq's lease: "EXPIRY MAC ADDRESS NAME CLIENT-ID" */
static void show_leases(const struct settings *s)
{
	_own_file FILE *f = fopen(s->leases, "re");
	char line[1024], mac[64], addr[64], name[256];
	const char *label = "leases";

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %63s %63s %255s", mac, addr, name) != 3 || str_starts(line, "duid "))
			continue;
		(void)printf("%-10s%s %s %s\n", label, addr, mac, strcmp(name, "*") == 0 ? "-" : name);
		label = "";
	}
	if (*label)
		(void)printf("%-10snone\n", label);
}

static const char *bridge_state(const struct service *v)
{
	return !v->bridge.there ? "absent" : v->bridge.up ? "up" : "down";
}

/* Words as the cell of a list: one on a line. */
static int add_words(struct strv *cells, const struct strv *words)
{
	_own_buf struct buf b = { 0 };

	for (size_t i = 0; i < words->n; i++)
		buf_addf(&b, "%s\n", words->v[i]);
	return b.failed ? -1 : strv_add(cells, b.s ? b.s : "");
}

static int answer_status(const struct settings *s, const struct service *v, enum format format)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT },	       { "up", CELL_PLAIN },	   { "state", CELL_TEXT },
		{ "mac", CELL_TEXT },	       { "addresses", CELL_LIST }, { "firewall", CELL_PLAIN },
		{ "dnsmasq_pid", CELL_PLAIN }, { "ports", CELL_LIST },
	};
	struct answer a = { .noun = "bridges", .columns = columns, .n = ARRAY_SIZE(columns) };
	char mac[MAC_TEXT] = "";
	int bad;

	if (v->bridge.there)
		mac_print(v->bridge.mac, mac);
	bad = strv_add(&a.cells, s->bridge) | strv_add(&a.cells, service_is_up(v) ? "true" : "false") |
	      strv_add(&a.cells, bridge_state(v)) | strv_add(&a.cells, mac) |
	      add_words(&a.cells, &v->bridge.addresses) | strv_add(&a.cells, v->firewall ? "true" : "false") |
	      (v->dnsmasq ? strv_addf(&a.cells, "%d", (int)v->dnsmasq) : strv_add(&a.cells, "")) |
	      add_words(&a.cells, &v->bridge.ports);
	bad = bad || format_print(&a, format, stdout) < 0;
	strv_free(&a.cells);
	if (bad)
		(void)fputs("keg: out of memory\n", stderr);
	return bad ? FAILED : service_is_up(v) ? OK : IS_DOWN;
}

static int keg_status(const struct settings *s, enum format format)
{
	_own_service struct service v = { 0 };
	struct err e = { 0 };
	char mac[MAC_TEXT];
	int x = OK;

	if (service_look(s, &v, &e) < 0)
		return fail(&e);
	if (format != FORMAT_NONE)
		return answer_status(s, &v, format);
	if (!service_is_up(&v))
		x = IS_DOWN;
	mac_print(v.bridge.mac, mac);
	(void)printf("%-10s%s %s%s%s\n", "bridge", s->bridge, bridge_state(&v), v.bridge.there ? " " : "",
		     v.bridge.there ? mac : "");
	show_words("addresses", &v.bridge.addresses, "none");
	(void)printf("%-10s%s\n", "firewall", v.firewall ? "set" : "not set");
	if (v.dnsmasq)
		(void)printf("%-10srunning, process %d\n", "dnsmasq", (int)v.dnsmasq);
	else
		(void)printf("%-10snot running\n", "dnsmasq");
	show_words("ports", &v.bridge.ports, "none");
	show_leases(s);
	if (x != OK && !service_is_down(&v))
		(void)printf("%-10sonly a part of it is there: \"keg net up\" repairs it\n", "");
	return x;
}

static int keg_net(const char *verb, const struct settings *s)
{
	int x;

	if (strcmp(verb, "up") == 0)
		return keg_up(s);
	if (strcmp(verb, "down") == 0)
		return keg_down(s);
	x = keg_down(s);
	return x == OK ? keg_up(s) : x;
}

/* lxc-net counts the flag alone; one whose bridge or dnsmasq has gone is started again. */
static int lxc_start(const struct settings *s)
{
	_own_service struct service v = { 0 };
	struct err e = { 0 };
	int r, x = OK;

	if (!s->wanted)
		return OK;
	r = service_look(s, &v, &e);
	if (r == 0 && service_is_up(&v)) {
		(void)printf("lxc-net is already running\n");
		x = FAILED;
	} else {
		if (r == 0)
			r = service_up(s, &e);
		if (r < 0) {
			x = fail(&e);
			(void)fprintf(stderr, "Failed to setup lxc-net.\n");
		}
	}
	return x;
}

static int lxc_stop(const struct settings *s)
{
	struct err e = { 0 };

	if (!s->wanted)
		return OK;
	if (access(s->flag, F_OK) < 0) {
		(void)printf("lxc-net isn't running\n");
		return FAILED;
	}
	return service_down(s, &e) < 0 ? fail(&e) : OK;
}

static int lxc_net(const char *verb, const struct settings *s)
{
	if (strcmp(verb, "start") == 0)
		return lxc_start(s);
	if (strcmp(verb, "stop") == 0)
		return lxc_stop(s);
	(void)lxc_stop(s);
	return lxc_start(s);
}

static bool one_of(const char *verb, const char *const *verbs)
{
	for (; *verbs; verbs++)
		if (strcmp(verb, *verbs) == 0)
			return true;
	return false;
}

static int usage(bool lxc, const char *name, FILE *to)
{
	if (lxc)
		(void)fprintf(to, "Usage: %s {start|stop|restart|reload|force-reload}\n", name);
	else
		(void)fputs(keg_usage, to);
	return to == stdout ? OK : USAGE;
}

static int run(const char *verb, bool lxc, const char *file, enum format format)
{
	_own_fd int lock = -1;
	struct err e = { 0 };
	struct settings s;
	int x;

	if (settings_read(&s, file, &e) < 0) {
		x = fail(&e);
	} else if (strcmp(verb, "status") == 0) {
		x = keg_status(&s, format);
	} else if (geteuid() != 0) {
		(void)err_num(&e, EPERM, "change", "the network of this machine");
		err_hint(&e, "root is needed");
		x = fail(&e);
	} else {
		lock = service_lock(&s, &e);
		x = lock < 0 ? fail(&e) : lxc ? lxc_net(verb, &s) : keg_net(verb, &s);
		(void)rmdir(s.run_dir); /* where there is nothing in it */
	}
	settings_free(&s);
	return x;
}

static int bad_format(const char *word)
{
	(void)fprintf(stderr, "keg: --format %s: none of table, json, csv\n", word);
	return USAGE;
}

int main(int argc, char **argv)
{
	static const char *const keg_verbs[] = { "up", "down", "restart", "status", NULL };
	static const char *const lxc_verbs[] = { "start", "stop", "restart", "reload", "force-reload", NULL };
	static const struct option longs[] = { { "settings", required_argument, NULL, 's' },
					       { "format", required_argument, NULL, 'f' },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0], *file = NULL;
	bool lxc = strcmp(name, "lxc-net") == 0;
	enum format format = FORMAT_NONE;

	for (int c; (c = getopt_long(argc, argv, "s:h", longs, NULL)) != -1;) {
		if (c == 's')
			file = optarg;
		else if (c == 'f' && format_of(optarg, &format) < 0)
			return bad_format(optarg);
		else if (c != 'f')
			return usage(lxc, argv[0], c == 'h' ? stdout : stderr);
	}
	if (optind != argc - 1 || !one_of(argv[optind], lxc ? lxc_verbs : keg_verbs))
		return usage(lxc, argv[0], stderr);
	return run(argv[optind], lxc, file, format);
}
