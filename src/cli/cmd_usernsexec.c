/* SPDX-License-Identifier: MIT */
/* keg usernsexec: a command as root of a new user namespace. Its command line is LXC's own kind: short options only. */
#include "cli/cli.h"

#include "base/num.h"
#include "base/own.h"
#include "client/isolate.h"

#include <errno.h>
#include <getopt.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
	"usage: %s [-h] [-m MAP]... [-s] [-u UID] [-g GID] [-- COMMAND [ARG...]]\n"
	"\n"
	"  -h      this help\n"
	"  -m MAP  [u|g|b]:NSID:HOSTID:RANGE: map users, groups, or both; without any, the caller's\n"
	"          first line of /etc/subuid and of /etc/subgid\n"
	"  -s      map the caller's own ids, too, behind the others\n"
	"  -u UID  become UID of the namespace (0)\n"
	"  -g GID  become GID of the namespace (0)\n"
	"  COMMAND is /bin/sh unless it is given. Who is not root needs newuidmap(1) and newgidmap(1), and\n"
	"  lines of /etc/subuid and /etc/subgid that allow these ids.\n"
	"\n";

extern const struct verb verb_usernsexec;

static int help(const char *prog, int code)
{
	(void)printf(usage, prog);
	cli_examples(prog, &verb_usernsexec, stdout);
	(void)fflush(stdout);
	return code;
}

static int add(struct idmap *m, const struct idmap_extent *x)
{
	if (m->n == IDMAP_EXTENTS)
		return -1;
	m->v[m->n++] = *x;
	return 0;
}

/* "b:0:100000:65536" */
static int take_map(const char *text, struct idmap *uids, struct idmap *gids)
{
	_own_free char *numbers = strlen(text) > 2 && text[1] == ':' ? strdup(text + 2) : NULL;
	struct idmap_extent x;

	if (!numbers || strchr(numbers, ' ') || !strchr("ugb", text[0]))
		return -1;
	for (char *p = numbers; (p = strchr(p, ':'));)
		*p = ' ';
	if (idmap_parse(numbers, &x) < 0)
		return -1;
	if (text[0] != 'g' && add(uids, &x) < 0)
		return -1;
	return text[0] != 'u' ? add(gids, &x) : 0;
}

static int take_self(struct idmap *m, uint32_t own)
{
	struct idmap_extent x = { 0, own, 1 };

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].inside + m->v[i].count > x.inside)
			x.inside = m->v[i].inside + m->v[i].count;
	return add(m, &x);
}

struct asked {
	struct idmap uids, gids;
	bool self;
	int64_t uid, gid;
};

/* CLI_RUN, or an exit code. */
static int parse(int argc, char **argv, struct asked *a)
{
	for (int o; (o = getopt(argc, argv, "m:hsu:g:")) != -1;) {
		if (o == 'h')
			return help(argv[0], 0);
		if (o == 's')
			a->self = true;
		else if (o == '?' || (o == 'm' && take_map(optarg, &a->uids, &a->gids) < 0) ||
			 (o == 'u' && num_i64(optarg, 0, UINT32_MAX - 1, &a->uid) < 0) ||
			 (o == 'g' && num_i64(optarg, 0, UINT32_MAX - 1, &a->gid) < 0))
			return help(argv[0], 1);
	}
	return CLI_RUN;
}

static int default_maps(struct asked *a, struct err *e)
{
	int x;

	if (a->uids.n || a->gids.n)
		return 0;
	x = user_subids("/etc/subuid", &a->uids, e);
	return x < 0 ? x : user_subids("/etc/subgid", &a->gids, e);
}

static int check(const struct asked *a, struct err *e)
{
	bool user = idmap_out(&a->uids, (uint32_t)a->uid) >= 0, group = idmap_out(&a->gids, (uint32_t)a->gid) >= 0;
	int64_t id = user ? a->gid : a->uid;
	int x;

	if (user && group)
		return 0;
	x = err_say(e, EINVAL, "no map of %s has an id %lld", user ? "groups" : "users", (long long)id);
	err_hint(e, "add one with -m %c:%lld:HOSTID:1, or become another by -u and -g", user ? 'g' : 'u',
		 (long long)id);
	return x;
}

static int run(const char *prog, struct asked *a, char **argv)
{
	static char *shell[] = { "/bin/sh", NULL };
	struct isolate i = {
		.namespaces = CLONE_NEWUSER | CLONE_NEWNS,
		.uids = &a->uids,
		.gids = &a->gids,
		.uid = a->uid,
		.gid = a->gid,
		.drop_groups = true,
		.argv = *argv ? argv : shell,
	};
	struct err e = { 0 };
	int status = 0, x = default_maps(a, &e);

	if (x == 0 && a->self && (take_self(&a->uids, geteuid()) < 0 || take_self(&a->gids, getegid()) < 0))
		x = err_say(&e, EINVAL, "too many maps");
	if (x == 0)
		x = check(a, &e);
	if (x == 0)
		x = isolate_run(&i, &status, &e);
	if (x < 0) {
		err_print(&e, prog, NULL);
		return 1;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int raw(int argc, char **argv)
{
	struct asked a = { .self = false };
	bool asks = argc == 2 && strcmp(argv[1], "--help") == 0; /* as every other verb */
	int r = asks ? help(argv[0], 0) : parse(argc, argv, &a);

	return r == CLI_RUN ? run(argv[0], &a, argv + optind) : r;
}

const struct verb verb_usernsexec = {
	.name = "usernsexec",
	.synopsis = "[-m MAP]... [-s] [-u UID] [-g GID] [-- COMMAND]",
	.about = "runs COMMAND as root of a new user namespace",
	.flags = VERB_RAW,
	.raw = raw,
	.examples = {
		{ "-- id", "root, of the ids in /etc/subuid" },
		{ "-m b:0:100000:65536 -- rm -r rootfs", "removes files of these ids" },
	},
};
