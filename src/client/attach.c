/* SPDX-License-Identifier: MIT */
/* Runs a program in a running container: gathers what the attach table needs, relays its terminal. */
#include "engine/attach.h"

#include "base/io.h"
#include "base/own.h"
#include "client/container.h"
#include "client/control.h"
#include "client/pump.h"
#include "engine/identity.h"
#include "engine/start.h"
#include "features/apparmor.h"
#include "features/arch.h"
#include "features/cgroup.h"
#include "features/environ.h"
#include "features/init.h"
#include "features/namespaces.h"
#include "features/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_kept(const char *variable, char **names)
{
	size_t n = strcspn(variable, "=");

	for (; names && *names; names++)
		if (strlen(*names) == n && strncmp(*names, variable, n) == 0)
			return true;
	return false;
}

/* Sets or replaces; the order of first mention is kept. */
static int put(struct strv *env, const char *variable)
{
	size_t n = strcspn(variable, "=");

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], variable, n) == 0 && (env->v[i][n] == '=' || !env->v[i][n])) {
			char *copy = strdup(variable);

			if (!copy)
				return -ENOMEM;
			free(env->v[i]);
			env->v[i] = copy;
			return 0;
		}
	}
	return strv_add(env, variable);
}

static int build_env(const struct attach_request *r, const struct spec *s, struct strv *env)
{
	_own_strv struct strv own = { 0 };
	int bad = r->clear_env ? put(env, DEFAULT_PATH) | put(env, "container=lxc") : 0;

	for (char **v = environ; *v; v++)
		if (!r->clear_env || is_kept(*v, r->keep_env))
			bad |= put(env, *v);
	bad |= environ_of_init(s, &own);
	for (size_t i = 0; i < own.n; i++)
		bad |= put(env, own.v[i]);
	for (char **v = r->set_env; v && *v; v++)
		bad |= put(env, *v);
	return bad ? -ENOMEM : 0;
}

enum { DYING_MS = 200 };

/* Those of the wanted namespaces that differ from the caller's; entering one's own may be refused. */
static uint64_t to_enter(pid_t init, uint64_t wanted)
{
	static const char *const names[] = { "user", "mnt", "pid", "uts", "ipc", "net", "cgroup", "time" };
	uint64_t flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64], a[64] = "", b[64] = "";

		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)init, names[i]);
		if (readlink(path, a, sizeof(a) - 1) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", names[i]);
		if (readlink(path, b, sizeof(b) - 1) > 0 && strcmp(a, b) != 0)
			flags |= namespaces_flag(names[i]);
	}
	return wanted ? flags & wanted : flags;
}

static void on_size(void *arg, unsigned rows, unsigned columns)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	(void)ioctl(*(int *)arg, TIOCSWINSZ, &ws);
}

static int on_exit_of_child(void *arg)
{
	(void)arg;
	return 1;
}

/* The terminal of the program is relayed to the caller's until the program ends. */
static int relay(const struct attach_request *r, int master, pid_t child, struct err *e)
{
	_own_fd int pidfd = (int)syscall(SYS_pidfd_open, child, 0), log = -1;
	struct pump p = { .in = r->fd[0],
			  .out = r->fd[1],
			  .remote = master,
			  .also = pidfd,
			  .on_also = on_exit_of_child,
			  .on_size = on_size,
			  .arg = &master,
			  .log_fd = -1 };
	enum pump_end end;

	if (r->pty_log) {
		log = open(r->pty_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
		if (log < 0)
			return err_sys(e, "open", "%s", r->pty_log);
		p.log_fd = log;
	}
	return pump_run(&p, &end, e);
}

static int reap(pid_t child, int *status)
{
	/* waits: for the user's program */
	while (waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* It runs, but not as it was asked for. */
static void end_child(pid_t child)
{
	int status;

	(void)kill(child, SIGKILL);
	(void)reap(child, &status);
}

/* A program that cannot be run is the program's end, as for a shell: 126, 127. */
static int exec_failed(const struct err *e, int *status)
{
	if (strcmp(e->step, "attach.exec") != 0)
		return -1;
	*status = (e->errnum == ENOENT ? 127 : 126) << 8;
	return 0;
}

static int fill(struct attach *a, const struct attach_request *r, const struct spec *s, pid_t init)
{
	uid_t uid;
	gid_t gid;

	init_ids_of(s, &uid, &gid);
	*a = (struct attach){
		.spec = s,
		.init_pid = init,
		.namespaces = to_enter(init, r->namespaces),
		.keep_cgroup = r->keep_cgroup,
		.keep_caps = r->keep_caps,
		.unprivileged = geteuid() != 0,
		.keep_lsm = r->keep_lsm,
		.label = r->label,
		.label_now = r->label_now,
		.no_new_privs = r->no_new_privs,
		.remount = r->remount,
		.groups = r->groups,
		.n_groups = r->n_groups,
		.function = r->function,
		.payload = r->payload,
		.program = r->program,
		.personality = r->personality >= 0 ? (unsigned long)r->personality : arch_personality(s),
		.uid = r->uid >= 0 ? r->uid : uid,
		.gid = r->gid >= 0 ? r->gid : gid,
		.argv = r->argv,
		.session = !r->no_pty,
		.pty = !r->no_pty && (isatty(r->fd[0]) || isatty(r->fd[1]) || isatty(r->fd[2])),
	};
	for (int i = 0; i < 3; i++)
		a->stdio[i] = a->pty && isatty(r->fd[i]) ? -1 : r->fd[i];
	return 0;
}

/* Where the container's processes live: below its limits where the config says so. */
static int open_home(const struct status *st, const struct spec *s, struct cgroup_host *host, struct cgroup_tree *t,
		     struct err *e)
{
	const char *inner = cgroup_inner(s);
	int x = container_cgroup_as(st, host, t, e);

	if (x == -ENOENT) { /* it runs without */
		err_clear(e);
		return 0;
	}
	/* a user's, from another session of his: the program stays in that one (lxc-unpriv-attach does better) */
	if (x == 0 && !cgroup_may_enter(host)) {
		cgroup_tree_close(t);
		return 0;
	}
	if (x == 0 && inner)
		x = cgroup_tree_set_inner(t, inner, e);
	if (x == 0 && inner)
		x = cgroup_tree_open(t, e);
	return x;
}

/* What the program's filter asks, the keeper answers; a program that nobody answers is ended. */
static int hand_over_listener(const struct container *c, const struct run *run, struct err *e)
{
	_own_fd int keeper = -1;

	if (!run->slot[SLOT_SECCOMP].n)
		return 0;
	keeper = control_connect(c, e);
	return keeper < 0 ? keeper : control_add_listener(keeper, run->slot[SLOT_SECCOMP].v[0], c, e);
}

static int run(struct container *c, struct run *run, struct attach *a, const struct attach_request *r, struct err *e)
{
	struct seq_page *page = seq_page_new(NULL, e);
	int x;

	if (!page)
		return -ENOMEM;
	run->attach = a;
	if (a->pty)
		run->console_host_fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	x = seq_run(&attach_seq, 0, run, page, e);
	seq_page_free(page);
	if (x < 0)
		return x;
	x = hand_over_listener(c, run, e);
	if (a->pty && x == 0 && run->slot[SLOT_CONSOLE].n)
		x = relay(r, run->slot[SLOT_CONSOLE].v[0], run->init_pid, e);
	if (x < 0)
		end_child(run->init_pid);
	return x;
}

static void close_run(struct run *run)
{
	for (size_t i = 0; i < run->slot[SLOT_CONSOLE].n; i++)
		(void)close(run->slot[SLOT_CONSOLE].v[i]);
	free(run->slot[SLOT_CONSOLE].v);
	for (size_t i = 0; i < run->slot[SLOT_SECCOMP].n; i++)
		(void)close(run->slot[SLOT_SECCOMP].v[i]);
	free(run->slot[SLOT_SECCOMP].v);
	free(run->filter);
	close_fd(&run->console_host_fd);
	close_fd(&run->init_pidfd);
	cgroup_tree_close(&run->cgroup);
}

/* The one that init runs under, whatever the policy's file says by now. */
static int find_filter(const struct container *c, struct run *run, struct err *e)
{
	_own_fd int dir = -1;

	if (!seccomp_wanted(run->plan))
		return 0;
	dir = state_open_dir(c->lxcpath, c->name, false, e);
	return dir < 0 ? dir : seccomp_running_filter(dir, &run->filter, e);
}

/* All that the table needs, gathered and run; st is what the pidfd's container says of itself. */
static int begin(struct container *c, const struct attach_request *r, const struct status *st, struct run *ru,
		 struct err *e)
{
	static const struct cgroup_host no_host;
	struct host host = { .cgroup = no_host };
	_own_spec struct spec *spec = NULL;
	_own_strv struct strv env = { 0 };
	_own_free char *profile = NULL;
	char cwd[PATH_MAX];
	struct plan plan = { .name = c->name, .lxcpath = c->lxcpath, .host = &host };
	struct attach a;
	int x = container_running_as(c, st, &spec, e);

	if (x < 0)
		return x;
	plan.spec = spec;
	ru->plan = &plan;
	x = r->keep_lsm ? 0 : find_filter(c, ru, e);
	if (x == 0 && !r->keep_cgroup)
		x = open_home(st, spec, &host.cgroup, &ru->cgroup, e);
	if (x == 0 && !r->keep_lsm)
		x = apparmor_of(st->init_pid, &profile, e);
	if (x == 0 && build_env(r, spec, &env) < 0)
		x = err_num(e, ENOMEM, "hold", "the environment");
	if (x == 0)
		x = fill(&a, r, spec, st->init_pid);
	if (x < 0)
		return x;
	plan.clone_flags = a.namespaces;
	a.envp = env.v;
	a.profile = profile;
	a.filter = ru->filter;
	a.cwd = r->cwd ? r->cwd : getcwd(cwd, sizeof(cwd));
	return run(c, ru, &a, r, e);
}

int container_attach_begin(struct container *c, const struct attach_request *r, pid_t *pid, struct err *e)
{
	struct status st;
	struct run ru;
	int x;

	run_init_fields(&ru, NULL);
	x = container_find_init(c, &st, &ru.init_pidfd, e);
	if (x == -ESRCH && !(e && e->set))
		return err_say(e, ESRCH, "it is not running");
	if (x < 0)
		return x;
	x = begin(c, r, &st, &ru, e);
	if (x == 0)
		*pid = ru.init_pid;
	else if (x == -ESRCH ||
		 identity_is_ending(st.init_pid, ru.init_pidfd, x == -ECHILD || x == -ENOMEM ? DYING_MS : 0)) {
		/* hence whatever went wrong; ESRCH is setns(2)'s word of one that is about to end, ENOMEM fork(2)'s
		 * where it ends (pid_namespaces(7)) */
		err_clear(e);
		x = err_say(e, ESRCH, "it has stopped meanwhile");
	}
	close_run(&ru);
	status_free(&st);
	return x;
}

int container_attach(struct container *c, const struct attach_request *r, int *status, struct err *e)
{
	pid_t pid = 0;
	int x = container_attach_begin(c, r, &pid, e);

	if (x < 0)
		return exec_failed(e, status) == 0 ? 0 : x;
	return reap(pid, status) < 0 ? err_say(e, ECHILD, "somebody else has reaped the program") : 0;
}
