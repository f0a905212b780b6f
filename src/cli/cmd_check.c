/* SPDX-License-Identifier: MIT */
/* keg check: tries each thing that containers need of this host, and tells the command that mends what is missing. */
#include "cli/check.h"

#include "base/io.h"
#include "base/own.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { TRY_MS = 10 * 1000 };

static const struct opt opts[] = { OPT_FORMAT };

/* In a child; who is not root makes what he makes in a user namespace of his own. */
static int try_namespace(int flag)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() && flag != CLONE_NEWUSER)
			flag |= CLONE_NEWUSER;
		_exit(unshare(flag) < 0 ? errno : 0);
	}
	if (pid < 0 || spawn_wait(pid, TRY_MS, &status) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static void check_namespace(int flag, struct finding *f)
{
	int x = try_namespace(flag);

	if (!x)
		return;
	(void)snprintf(f->text, sizeof(f->text), "cannot be made: %s", strerror(x));
	f->why = f->text;
	f->root = true;
	if (x == ENOSPC)
		f->command = "sysctl user.max_user_namespaces=65536";
	else if (x == EPERM && access("/proc/sys/kernel/unprivileged_userns_clone", F_OK) == 0)
		f->command = "sysctl kernel.unprivileged_userns_clone=1";
	else if (x == EPERM && access("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", F_OK) == 0)
		f->command = "sysctl kernel.apparmor_restrict_unprivileged_userns=0";
}

static void check_cgroups(int unused, struct finding *f)
{
	struct cgroup_host h;
	struct err e = { 0 };
	bool writable = false;

	(void)unused;
	if (cgroup_look(&h, &e) < 0 || h.n == 0) {
		f->why = "none are mounted";
		f->root = true;
		f->command = "mount -t cgroup2 none /sys/fs/cgroup";
		return;
	}
	for (size_t i = 0; i < h.n; i++) {
		_own_free char *path = str_fmt("%s%s", h.v[i].mount, h.v[i].base);

		writable |= path && access(path, W_OK) == 0;
	}
	if (writable)
		return;
	f->why = "none is delegated to this user; limits and freezing are not to be had";
	f->command = "lxc-unpriv-start -n NAME";
}

static void check_seccomp(int unused, struct finding *f)
{
	(void)unused;
	if (prctl(PR_GET_SECCOMP) < 0) /* EINVAL: a kernel without */
		f->why = "this kernel has none: it is built without CONFIG_SECCOMP_FILTER";
}

static void check_bridge(int unused, struct finding *f)
{
	(void)unused;
	if (if_nametoindex(DEFAULT_BRIDGE))
		return;
	f->why = "there is none; containers that name it do not start";
	f->command = "keg net up";
}

static void check_forward(int unused, struct finding *f)
{
	char line[16] = "";

	(void)unused;
	if (io_read_line(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", line, sizeof(line)) > 0 && *line == '1')
		return;
	f->why = "it is off: containers reach this host only";
	f->command = if_nametoindex(DEFAULT_BRIDGE) ? "sysctl net.ipv4.ip_forward=1" : "keg net up";
}

static void check_overlay(int unused, struct finding *f)
{
	_own_free char *text = NULL;

	(void)unused;
	if (io_read_file(AT_FDCWD, "/proc/filesystems", 1 << 16, &text, NULL) == 0 && strstr(text, "\toverlay\n"))
		return;
	f->why = "it is not loaded: copies and snapshots are whole ones";
	f->command = "modprobe overlay";
	f->root = true;
}

enum who { NOBODY = 0, ROOT = 1, USER = 2, ALL = ROOT | USER };

static const struct check {
	const char *name;
	enum who asked, needed; /* needed: no container of theirs runs without it */
	void (*run)(int arg, struct finding *f);
	int arg;
} checks[] = {
	{ "mount namespaces", ALL, ALL, check_namespace, CLONE_NEWNS },
	{ "pid namespaces", ALL, ALL, check_namespace, CLONE_NEWPID },
	{ "host name namespaces", ALL, ALL, check_namespace, CLONE_NEWUTS },
	{ "IPC namespaces", ALL, ALL, check_namespace, CLONE_NEWIPC },
	{ "network namespaces", ALL, ALL, check_namespace, CLONE_NEWNET },
	{ "cgroup namespaces", ALL, NOBODY, check_namespace, CLONE_NEWCGROUP },
	{ "user namespaces", ALL, USER, check_namespace, CLONE_NEWUSER },
	{ "time namespaces", ALL, NOBODY, check_namespace, CLONE_NEWTIME },
	{ "id maps", USER, USER, check_maps, 0 },
	{ "lxc-user-nic", USER, NOBODY, check_user_nic, 0 },
	{ "default config", USER, NOBODY, check_default_config, 0 },
	{ "cgroups", ALL, ROOT, check_cgroups, 0 },
	{ "seccomp", ALL, NOBODY, check_seccomp, 0 },
	{ "overlay", ALL, NOBODY, check_overlay, 0 },
	{ "bridge " DEFAULT_BRIDGE, ROOT, NOBODY, check_bridge, 0 },
	{ "IPv4 forwarding", ROOT, NOBODY, check_forward, 0 },
};

static void show(const struct check *k, const struct finding *f)
{
	if (!f->why)
		(void)printf("ok       %s\n", k->name);
	else
		(void)printf("missing  %s: %s\n", k->name, f->why);
	if (f->command)
		(void)printf("         try     %s%s\n", f->command, f->root && geteuid() ? "    (as root)" : "");
}

static int run(struct cli *c)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT }, { "ok", CELL_PLAIN }, { "needed", CELL_PLAIN },
		{ "why", CELL_TEXT },  { "try", CELL_TEXT },
	};
	struct answer a = { .noun = "checks", .columns = columns, .n = ARRAY_SIZE(columns) };
	enum who me = geteuid() ? USER : ROOT;
	int r = 0, bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		const struct check *k = &checks[i];
		bool needed = k->needed & me;
		struct finding f = { 0 };

		if (!(k->asked & me))
			continue;
		k->run(k->arg, &f);
		r |= f.why && needed;
		if (c->format == FORMAT_NONE)
			show(k, &f);
		bad |= strv_add(&a.cells, k->name) | strv_add(&a.cells, f.why ? "false" : "true") |
		       strv_add(&a.cells, needed ? "true" : "false") | strv_add(&a.cells, f.why ? f.why : "") |
		       strv_add(&a.cells, f.command ? f.command : "");
	}
	if (c->format != FORMAT_NONE)
		return cli_answer(c, &a, bad) ? 1 : r;
	strv_free(&a.cells);
	return r;
}

const struct verb verb_check = {
	.name = "check",
	.synopsis = "[--format FORMAT]",
	.about = "tries what containers need of this host, and tells what mends what is missing",
	OPTS(opts),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "", "what is missing, each with the command that mends it" },
		{ "--format json", "the same for programs" },
	},
};
