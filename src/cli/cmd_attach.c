/* SPDX-License-Identifier: MIT */
/* keg attach: runs a command, or a shell, in a running container. */
#include "cli/cli.h"

#include "base/own.h"

#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>

struct options {
	const char *elevated, *arch, *namespaces, *pty_log, *context;
	bool remount, clear_env, keep_env;
	struct strv keep_var, set_var;
	struct opt_int uid, gid;
};

static const struct opt opts[] = {
	{ 'e', "elevated-privileges", "CGROUP|CAP|LSM", OPT_OPTIONAL, offsetof(struct options, elevated), false,
	  "Keep the host's cgroup, capabilities, security label" },
	{ 'a', "arch", "ARCH", OPT_TEXT, offsetof(struct options, arch), false, "The architecture that COMMAND sees" },
	{ 's', "namespaces", "NS|...", OPT_TEXT, offsetof(struct options, namespaces), false,
	  "Enter only these: MOUNT PID UTSNAME IPC USER NETWORK; implies -e" },
	{ 'R', "remount-sys-proc", NULL, OPT_FLAG, offsetof(struct options, remount), false,
	  "Mount /proc and /sys anew where MOUNT is not entered" },
	{ 0, "clear-env", NULL, OPT_FLAG, offsetof(struct options, clear_env), false,
	  "Begin with a clean environment" },
	{ 0, "keep-env", NULL, OPT_FLAG, offsetof(struct options, keep_env), false, "Keep the environment (default)" },
	{ 0, "keep-var", "NAME", OPT_LIST, offsetof(struct options, keep_var), false, "Keep it, with --clear-env" },
	{ 'v', "set-var", "NAME=VALUE", OPT_LIST, offsetof(struct options, set_var), false, "Set it for COMMAND" },
	{ 'L', "pty-log", "FILE", OPT_TEXT, offsetof(struct options, pty_log), false, "Log what the terminal shows" },
	OPT_RCFILE,
	{ 'u', "uid", "UID", OPT_INT, offsetof(struct options, uid), false, "Run COMMAND as UID of the container" },
	{ 'g', "gid", "GID", OPT_INT, offsetof(struct options, gid), false, "Run COMMAND as GID of the container" },
	{ 'c', "context", "CONTEXT", OPT_TEXT, offsetof(struct options, context), false,
	  "The SELinux label of COMMAND" },
};

static const char *const archs_32[] = {
	"x86",	 "i386",  "i486",   "i586", "i686",   "athlon", "linux32", "arm",
	"armel", "armhf", "armv7l", "mips", "mipsel", "ppc",	"powerpc", "s390",
};

static const char *const archs_64[] = {
	"x86_64", "amd64",   "linux64", "arm64",     "aarch64", "mips64", "mips64el",
	"ppc64",  "ppc64el", "ppc64le", "powerpc64", "riscv64", "s390x",  "loongarch64",
};

static int take_elevated(struct attach_request *r, const char *list)
{
	_own_strv struct strv words = { 0 };

	if (strv_split(&words, list, "|") < 0)
		return -1;
	if (words.n == 0)
		r->keep_cgroup = r->keep_caps = r->keep_lsm = true;
	for (size_t i = 0; i < words.n; i++) {
		if (strcmp(words.v[i], "CGROUP") == 0)
			r->keep_cgroup = true;
		else if (strcmp(words.v[i], "CAP") == 0)
			r->keep_caps = true;
		else if (strcmp(words.v[i], "LSM") == 0)
			r->keep_lsm = true;
		else
			return -1;
	}
	return 0;
}

static int take_namespaces(struct attach_request *r, const char *list)
{
	return cli_namespaces(list, &r->namespaces) < 0 ? -1 : take_elevated(r, "");
}

static bool is_one_of(const char *name, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i], name) == 0)
			return true;
	return false;
}

static int take_arch(struct attach_request *r, const char *name)
{
	if (is_one_of(name, archs_32, ARRAY_SIZE(archs_32)))
		r->personality = PER_LINUX32;
	else if (is_one_of(name, archs_64, ARRAY_SIZE(archs_64)))
		r->personality = PER_LINUX;
	else
		return -1;
	return 0;
}

static int build(const struct cli *c, const struct options *o, struct attach_request *r)
{
	if (o->elevated && take_elevated(r, o->elevated) < 0)
		return cli_misuse(c);
	if (o->namespaces && take_namespaces(r, o->namespaces) < 0)
		return cli_misuse(c);
	if (o->arch && take_arch(r, o->arch) < 0)
		return cli_misuse(c);
	if ((o->uid.set && o->uid.n < 0) || (o->gid.set && o->gid.n < 0))
		return cli_misuse(c);
	if (o->context && r->keep_lsm) {
		cli_note(c, "%s: -c does not go with -e LSM\n", c->tool);
		return cli_misuse(c);
	}
	for (size_t i = 0; i < o->set_var.n; i++)
		if (!strchr(o->set_var.v[i], '=') || *o->set_var.v[i] == '=')
			return cli_say(c, "-v %s: not NAME=VALUE", o->set_var.v[i]);
	return 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	struct attach_request r = {
		.argv = c->n_args ? c->args : NULL,
		.clear_env = o->clear_env && !o->keep_env,
		.set_env = o->set_var.v,
		.keep_env = o->keep_var.v,
		.uid = o->uid.set ? o->uid.n : -1,
		.gid = o->gid.set ? o->gid.n : -1,
		.pty_log = o->pty_log,
		.label = o->context,
		.remount = o->remount,
		.personality = -1,
		.fd = { 0, 1, 2 },
	};
	struct err e = { 0 };
	int status = 0;
	bool defined;

	if (build(c, o, &r) != 0)
		return 1;
	ct = cli_container(c);
	if (!ct)
		return 1;
	if (!cli_runs(c, ct))
		return cli_not_running(c, "%s is not running", c->name);
	if (c->rcfile && cli_load(c, ct, &defined) != 0)
		return 1;
	if (container_attach(ct, &r, &status, &e) < 0)
		return cli_fail(c, &e);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

const struct verb verb_attach = {
	.name = "attach",
	.synopsis = "--name=NAME [-- COMMAND]",
	.about = "runs COMMAND, or a shell, in a running container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING,
	.run = run,
	.examples = {
		{ "web1", "a shell in web1, as its root" },
		{ "web1 -- ps ax", "one command; its output and its exit status are this command's" },
		{ "-u 1000 --clear-env web1 -- id", "as another user, without this shell's environment" },
	},
};
