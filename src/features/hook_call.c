/* SPDX-License-Identifier: MIT */
/* What a hook is told, in arguments (version 0) and variables; see hook_call.h. */
#include "features/hook_call.h"

#include "base/log.h"
#include "base/own.h"
#include "base/script.h"
#include "engine/seq.h"
#include "features/environ.h"
#include "features/hooks.h"
#include "features/namespaces.h"
#include "features/rootfs.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { LEAST_MS = 1000 };

/* What hooks are told by variables: of an outer container's, whose hook may have called us, nothing gets through. */
static const char *const told[] = {
	"LXC_NAME",	    "LXC_CONFIG_FILE",	   "LXC_ROOTFS_MOUNT", "LXC_ROOTFS_PATH",
	"LXC_CONSOLE",	    "LXC_CONSOLE_LOGPATH", "LXC_CGNS_AWARE",   "LXC_LOG_LEVEL",
	"LXC_HOOK_VERSION", "LXC_HOOK_TYPE",	   "LXC_HOOK_SECTION", "LXC_PID",
	"LXC_TARGET",	    "LXC_SRC_NAME",	   "LXC_NET_TYPE",     "LXC_NET_PARENT",
	"LXC_NET_PEER",	    "LXC_USER_NS",	   "LXC_MNT_NS",       "LXC_PID_NS",
	"LXC_UTS_NS",	    "LXC_IPC_NS",	   "LXC_NET_NS",       "LXC_CGROUP_NS",
	"LXC_TIME_NS",
};

static bool is_variable(const char *text, const char *name, size_t n)
{
	return strncmp(text, name, n) == 0 && text[n] == '=';
}

static bool is_told(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (is_variable(text, told[i], strlen(told[i])))
			return true;
	return false;
}

/* "K=V", in place of an older K. */
static int put(struct strv *v, const char *text)
{
	size_t n = strcspn(text, "=");

	for (size_t i = 0; i < v->n; i++) {
		char *copy;

		if (!is_variable(v->v[i], text, n))
			continue;
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
		free(v->v[i]);
		v->v[i] = copy;
		return 0;
	}
	return strv_add(v, text);
}

static const char *configured_level(const struct spec *s, struct buf *b)
{
	return spec_get(s, "lxc.log.level", b) == 0 && b->len && strcmp(b->s, "NOTSET") != 0 ? b->s : "ERROR";
}

/* Only where the config sets it. */
static int put_value(const struct spec *s, const char *key, const char *variable, struct strv *out)
{
	_own_buf struct buf b = { 0 };

	return spec_get(s, key, &b) == 0 && b.len ? strv_addf(out, "%s=%s", variable, b.s) : 0;
}

static int put_container(const struct hook_call *c, struct strv *out)
{
	_own_free char *mountpoint = rootfs_mountpoint(c->plan);
	const char *rootfs = rootfs_path(c->plan->spec);
	int bad = strv_addf(out, "LXC_NAME=%s", c->plan->name);

	bad |= mountpoint ? strv_addf(out, "LXC_ROOTFS_MOUNT=%s", mountpoint) : -ENOMEM;
	if (c->plan->config_file && *c->plan->config_file)
		bad |= strv_addf(out, "LXC_CONFIG_FILE=%s", c->plan->config_file);
	if (rootfs)
		bad |= strv_addf(out, "LXC_ROOTFS_PATH=%s", rootfs);
	bad |= put_value(c->plan->spec, "lxc.console.path", "LXC_CONSOLE", out);
	return bad | put_value(c->plan->spec, "lxc.console.logfile", "LXC_CONSOLE_LOGPATH", out);
}

static int put_namespaces(const struct run *r, struct strv *out)
{
	int bad = 0;

	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char name[16] = "";

		for (size_t n = 0; n < sizeof(name) - 1 && namespaces_nth(i)[n]; n++)
			name[n] = (char)toupper((unsigned char)namespaces_nth(i)[n]);
		if (r->hooks.ns_fd[i] >= 0)
			bad |= strv_addf(out, "LXC_%s_NS=/proc/%d/fd/%d", name, (int)getpid(), r->hooks.ns_fd[i]);
	}
	return bad;
}

/* init's pid on the host; whoever runs inside has another view of pids. */
static pid_t host_pid(const struct hook_call *c)
{
	if (c->inside)
		return 0;
	return c->run->init_pid > 0 ? c->run->init_pid : c->run->hooks.init_pid;
}

static int put_run(const struct hook_call *c, struct strv *out)
{
	_own_buf struct buf level = { 0 };
	int bad = strv_add(out, "LXC_CGNS_AWARE=1");

	bad |= strv_addf(out, "LXC_LOG_LEVEL=%s", configured_level(c->plan->spec, &level));
	bad |= strv_addf(out, "LXC_HOOK_VERSION=%d", hooks_version(c->plan->spec));
	if (host_pid(c) > 0)
		bad |= strv_addf(out, "LXC_PID=%d", (int)host_pid(c));
	if (c->ends)
		bad |= put_namespaces(c->run, out);
	return bad;
}

int hook_environment(const struct hook_call *c, char *const *base, struct strv *out)
{
	_own_strv struct strv configured = { 0 };
	int bad = 0;

	for (; base && *base; base++)
		if (!is_told(*base))
			bad |= strv_add(out, *base);
	bad |= put_container(c, out);
	if (c->run)
		bad |= put_run(c, out);
	if (c->target)
		bad |= strv_addf(out, "LXC_TARGET=%s", c->target);
	if (c->src_name)
		bad |= strv_addf(out, "LXC_SRC_NAME=%s", c->src_name);
	if (hooks_version(c->plan->spec) == 1) {
		bad |= strv_addf(out, "LXC_HOOK_TYPE=%s", c->type);
		bad |= strv_addf(out, "LXC_HOOK_SECTION=%s", c->section);
		for (char *const *v = c->env; v && *v; v++)
			bad |= strv_add(out, *v);
	}
	if (c->inside)
		bad |= environ_of_hooks(c->plan->spec, &configured);
	for (size_t i = 0; i < configured.n; i++)
		bad |= put(out, configured.v[i]);
	return bad ? -ENOMEM : 0;
}

int hook_arguments(const struct hook_call *c, struct strv *out)
{
	int bad = 0;

	if (hooks_version(c->plan->spec) == 0) {
		bad = strv_add(out, c->plan->name) | strv_add(out, c->section) | strv_add(out, c->type);
		for (char *const *a = c->args0; a && *a; a++)
			bad |= strv_add(out, *a);
	}
	for (char *const *a = c->args; a && *a; a++)
		bad |= strv_add(out, *a);
	return bad ? -ENOMEM : 0;
}

static void log_line(const char *command, const char *line)
{
	log_at(LOG_DEBUG, "hook", "Script exec %s produced output: %s", command, line);
}

void hook_report(const struct err *e)
{
	log_err("hook", e);
}

/* Of a start: end it. Of an end, which has to be gone through: hurry. */
static enum script_signals signals_of(const struct hook_call *c)
{
	if (!c->run || c->inside)
		return SCRIPT_DEAF;
	return c->target || c->ends ? SCRIPT_HURRIES : SCRIPT_ENDS;
}

/* Those that clear up behind a killed keeper have some time together: a command waits for that. */
static int deadline_ms(const struct hook_call *c)
{
	int ms = hooks_timeout_ms(c->plan->spec);
	int64_t left = c->run && c->run->hooks.until ? (c->run->hooks.until - seq_now()) / 1000000 : ms;

	return left < LEAST_MS ? LEAST_MS : left < ms ? (int)left : ms;
}

/* A keeper's fd 0 is /dev/null, and stays so where "/dev/null" would already be the container's own. */
int hook_call(const struct hook_call *c, const char *command, const char *key, struct origin at, struct err *e)
{
	_own_strv struct strv args = { 0 }, env = { 0 };
	struct script s = { .command = command,
			    .in = c->run ? 0 : -1,
			    .deadline_ms = deadline_ms(c),
			    .signals = signals_of(c),
			    .dies = c->run,
			    .what = strcmp(c->section, "lxc") == 0 ? "hook" : "script",
			    .key = key,
			    .at = at,
			    .on_line = log_line };
	int x;

	if (hook_arguments(c, &args) < 0 || hook_environment(c, environ, &env) < 0)
		return err_num(e, ENOMEM, "run", "%s", command);
	s.args = args.v;
	s.envp = env.v;
	x = script_run(&s, e);
	if (x == -ENOENT && c->inside && e->errnum)
		err_hint(e, "a hook is run by /bin/sh, which must be in the container for lxc.hook.start");
	return x;
}
