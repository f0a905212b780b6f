/* SPDX-License-Identifier: MIT */
/* The table of an attach, and its rows. */
#include "engine/attach.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "base/spawn.h"
#include "features/caps.h"
#include "features/nnp.h"
#include "features/proc.h"
#include "features/rlimit.h"
#include "features/sched.h"
#include "features/seccomp.h"
#include "features/userns.h"
#include "seccomp/filter.h"
#include "sys/ids.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* An ordinary user gets at a pid namespace only as root of the user namespace that it belongs to. */
static bool by_way_of_user(const struct attach *a)
{
	return a->namespaces & CLONE_NEWUSER && a->namespaces & CLONE_NEWPID && a->unprivileged;
}

/* In the process between: enters both, and leaves a child of its parent's there, whose pid it tells. */
static pid_t step_between(const struct run *r, int tell)
{
	pid_t pid;

	if (setns(r->init_pidfd, CLONE_NEWUSER | CLONE_NEWPID) < 0) {
		pid = -errno;
	} else {
		pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
		if (pid == 0)
			return 0;
		if (pid < 0)
			pid = -errno;
	}
	if (write(tell, &pid, sizeof(pid)) < 0)
		_exit(1);
	_exit(0);
}

static int refused(struct err *e)
{
	int x = err_sys(e, "fork", "for the program");

	spawn_hint(-x, e);
	return x;
}

static int fork_by_way_of_user(struct run *r, struct err *e)
{
	_own_fd int hear = -1, tell = -1;
	pid_t between, pid = -ESRCH;
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, "make", "a pipe");
	hear = pipe[0];
	tell = pipe[1];
	between = fork();
	if (between < 0)
		return refused(e);
	if (between == 0 && step_between(r, tell) == 0) {
		r->who = INIT;
		return 1;
	}
	close_fd(&tell);
	/* waits: the go-between writes or dies */
	if (read(hear, &pid, sizeof(pid)) != sizeof(pid))
		pid = -ESRCH;
	/* waits: it exits after its one word */
	(void)waitpid(between, NULL, 0);
	if (pid < 0)
		return err_num(e, -pid, "enter", "the user namespace");
	r->init_pid = pid;
	return 0;
}

/*
 * Needs:  the container's init as r->init_pidfd.
 * Leaves: a child that is born into the container's pid namespace; this thread's own children are born
 *	   where they were before.
 */
static int attach_fork(struct run *r, struct err *e)
{
	bool enters = r->attach->namespaces & CLONE_NEWPID;
	_own_fd int own = enters ? open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC) : -1;
	pid_t pid;
	int x;

	if (by_way_of_user(r->attach))
		return fork_by_way_of_user(r, e);
	if (enters && (own < 0 || setns(r->init_pidfd, CLONE_NEWPID) < 0)) /* by pidfd: Linux 5.8 */
		return err_sys(e, "enter", "the pid namespace");
	pid = fork();
	x = pid < 0 ? refused(e) : 0;
	if (enters && pid != 0)
		(void)setns(own, CLONE_NEWPID);
	if (x < 0)
		return x;
	r->who = pid ? KEEPER : INIT;
	r->init_pid = pid;
	return pid == 0;
}

/* A failed attach: the child goes, and is reaped. */
static void attach_kill(struct run *r)
{
	if (r->init_pid <= 0)
		return;
	(void)kill(r->init_pid, SIGKILL);
	/* waits: it was killed */
	(void)waitpid(r->init_pid, NULL, 0);
	r->init_pid = 0;
}

static int attach_cgroup(struct run *r, struct err *e)
{
	return r->attach->keep_cgroup || !r->cgroup.open ? 0 : cgroup_tree_enter(&r->cgroup, 0, false, e);
}

static int attach_core(struct run *r, struct err *e)
{
	return sched_core_join(r->attach->init_pid, e);
}

/* Needs: the host's /proc. */
static int attach_proc(struct run *r, struct err *e)
{
	return proc_write_self(r->attach->spec, e);
}

static int attach_namespaces(struct run *r, struct err *e)
{
	int flags = (int)(r->attach->namespaces & ~(uint64_t)CLONE_NEWPID);

	if (by_way_of_user(r->attach)) /* it was born there */
		flags &= ~CLONE_NEWUSER;
	if (flags && setns(r->init_pidfd, flags) < 0)
		return err_sys(e, "enter", "the namespaces of the container");
	r->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->root_fd < 0)
		return err_sys(e, "open", "the root of the container");
	return 0;
}

/* The container's own ptmx, if it is one: the device of a devpts and nothing that a payload put there. */
static int open_ptmx(int root)
{
	_own_fd int fd = beneath_open(root, "dev/pts/ptmx", O_RDWR, 0);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return -1;
	return take_fd(&fd);
}

/*
 * Leaves: a pty of the container's devpts, else (it has none) the one that the caller opened on the
 *	   host; the master goes to the caller.
 */
static int attach_pty(struct run *r, struct err *e)
{
	int master, unlock = 0;

	if (!r->attach->pty)
		return 0;
	master = open_ptmx(r->root_fd);
	if (master < 0)
		master = r->console_host_fd;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "open", "a terminal in the container");
	r->console_fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); /* Linux 4.13 */
	if (r->console_fd < 0)
		return err_sys(e, "open", "a terminal in the container");
	(void)fchown(r->console_fd, (uid_t)r->attach->uid, (gid_t)-1);
	return run_give(r, SLOT_CONSOLE, master, e);
}

/* Who runs in the caller's terminal stays in its session, and gets its ^C. */
static int attach_session(struct run *r, struct err *e)
{
	if (!r->attach->session)
		return 0;
	if (setsid() < 0)
		return err_sys(e, "begin", "a session");
	if (r->console_fd >= 0 && ioctl(r->console_fd, TIOCSCTTY, 0) < 0)
		return err_sys(e, "take", "the terminal");
	return 0;
}

/* Those that are not in their place yet go out of each other's way first. */
static int attach_stdio(struct run *r, struct err *e)
{
	int from[3], high[3] = { -1, -1, -1 };

	for (int i = 0; i < 3; i++) {
		from[i] = r->attach->stdio[i] >= 0 ? r->attach->stdio[i] : r->console_fd;
		if (from[i] < 0 || from[i] == i)
			continue;
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return err_sys(e, "place", "fd %d", i);
	}
	for (int i = 0; i < 3; i++) {
		if (from[i] == i)
			(void)fcntl(i, F_SETFD, 0);
		if (high[i] >= 0 && dup2(high[i], i) < 0)
			return err_sys(e, "place", "fd %d", i);
		close_fd(&high[i]);
	}
	return 0;
}

/*
 * Needs:  the namespaces that were to be entered, without the container's mounts.
 * Leaves: /proc and /sys of those namespaces, in a mount namespace of its own.
 */
static int attach_remount(struct run *r, struct err *e)
{
	static const char *const at[][2] = { { "proc", "/proc" }, { "sysfs", "/sys" } };

	if (!r->attach->remount || r->attach->namespaces & CLONE_NEWNS)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "make", "a mount namespace");
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		if (mount(at[i][0], at[i][1], at[i][0], MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
			return err_sys(e, "mount", "%s anew", at[i][1]);
	return 0;
}

static int attach_rights(struct run *r, struct err *e)
{
	const struct attach *a = r->attach;

	if (a->personality != 0xffffffff && personality(a->personality) < 0)
		return err_sys(e, "set", "the personality");
	return a->keep_caps ? 0 : caps_drop_of(a->spec, e);
}

static int attach_nnp(struct run *r, struct err *e)
{
	return r->attach->no_new_privs || nnp_wanted(r->plan) ? nnp_set(r, e) : 0;
}

static int attach_cwd(struct run *r, struct err *e)
{
	_own_fd int fd = r->attach->cwd ? beneath_open(r->root_fd, r->attach->cwd, O_PATH | O_DIRECTORY, 0) : -1;

	if ((fd < 0 || fchdir(fd) < 0) && chdir("/") < 0)
		return err_sys(e, "enter", "/");
	return 0;
}

/*
 * Needs:  CAP_SYS_ADMIN in the container's user namespace: before another user is become.
 * Leaves: the rest under the filter that init has; its listener, if it notifies, to the caller.
 */
static int attach_filter(struct run *r, struct err *e)
{
	int listener = -1, x = r->attach->filter ? filter_load(r->attach->filter, &listener) : 0;

	if (x < 0) {
		(void)err_num(e, -x, "load", "the seccomp filter of the container");
		err_hint(e, "lxc-attach -e LSM attaches without it");
		return x;
	}
	return listener < 0 ? 0 : run_give(r, SLOT_SECCOMP, listener, e);
}

static int attach_ids(struct run *r, struct err *e)
{
	const struct attach *a = r->attach;
	uid_t uid = (uid_t)a->uid;
	gid_t gid = (gid_t)a->gid;

	if (ids_set_groups(a->n_groups, a->groups) < 0 && (a->n_groups || errno != EPERM))
		return err_sys(e, a->n_groups ? "set" : "drop", "the supplementary groups");
	if (ids_set_gid(gid) < 0)
		return err_sys(e, "become", "group %u", gid);
	if (ids_set_uid(uid) < 0)
		return err_sys(e, "become", "user %u", uid);
	return 0;
}

/* The last field of the user's line in the container's passwd, by our own parser: no NSS of a hostile tree. */
char *attach_login_shell(int root, int64_t uid)
{
	_own_fd int fd = beneath_open(root, "etc/passwd", O_RDONLY | O_NONBLOCK, 0);
	_own_free char *text = NULL;
	char *save = NULL;

	if (fd < 0 || io_read_fd(fd, 1 << 20, &text, NULL) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *field[7] = { 0 };

		for (int i = 0; i < 7; i++)
			field[i] = strsep(&line, ":");
		if (field[6] && *field[6] == '/' && strtoll(field[2], NULL, 10) == uid)
			return strdup(field[6]);
	}
	return NULL;
}

/* What the caller has open stays open to its function; of ours nothing does. */
_Noreturn static void call(struct run *r)
{
	const struct attach *a = r->attach;

	seq_leave();
	for (int s = 0; s < SLOT_COUNT; s++)
		for (size_t i = 0; i < r->slot[s].n; i++)
			(void)close(r->slot[s].v[i]);
	cgroup_tree_close(&r->cgroup);
	close_fd(&r->init_pidfd);
	close_fd(&r->console_host_fd);
	close_fd(&r->root_fd);
	if (r->console_fd > 2)
		(void)close(r->console_fd);
	environ = a->envp;
	_exit(a->function(a->payload));
}

static int attach_exec(struct run *r, struct err *e)
{
	const struct attach *a = r->attach;
	_own_free char *shell = a->argv ? NULL : attach_login_shell(r->root_fd, a->uid);
	char *shell_argv[] = { shell ? shell : "/bin/sh", NULL }, *sh_argv[] = { "/bin/sh", NULL };
	char **argv = a->argv ? a->argv : shell_argv;
	sigset_t none;
	int x;

	if (a->function)
		call(r);
	(void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC); /* Linux 5.11; before it: each at its birth */
	for (int n = 1; n < _NSIG; n++)
		(void)signal(n, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	environ = a->envp;
	x = exec_along_path(a->program ? a->program : argv[0], argv, a->envp);
	if (!a->argv && shell)
		(void)execve(sh_argv[0], sh_argv, a->envp);
	return err_num(e, -x, "run", "%s", a->program ? a->program : argv[0]);
}

static const struct step rows[] = {
	/* clang-format off */
	{ KEEPER, "attach.fork",       attach_fork,       .undo = attach_kill, .forks = true },
	{ INIT,   "attach.cgroup",     attach_cgroup },
	{ INIT,   "attach.label",      attach_label },
	{ INIT,   "attach.core",       attach_core,       .when = sched_core_wanted },
	{ INIT,   "attach.proc",       attach_proc,       .when = proc_given },
	{ INIT,   "attach.namespaces", attach_namespaces },
	{ INIT,   "attach.become",     userns_become,     .when = userns_own },
	{ INIT,   "attach.remount",    attach_remount },
	{ INIT,   "attach.pty",        attach_pty,        .gives = SLOT_CONSOLE },
	{ INIT,   "attach.session",    attach_session },
	{ INIT,   "attach.stdio",      attach_stdio },
	{ INIT,   "attach.rights",     attach_rights },
	{ INIT,   "attach.nnp",        attach_nnp },
	{ INIT,   "attach.cwd",        attach_cwd },
	{ KEEPER, "attach.limits",     rlimit_set,        .when = rlimit_given, .needs = "attach.cwd" },
	{ INIT,   "attach.seccomp",    attach_filter,     .when = seccomp_wanted, .gives = SLOT_SECCOMP },
	{ INIT,   "attach.ids",        attach_ids,        .needs = "attach.limits" },
	{ INIT,   "attach.label-now",  attach_label_now },
	{ INIT,   "attach.exec",       attach_exec },
	/* clang-format on */
};

const struct seq attach_seq = { .name = "attach", .init = "attached process", .v = rows, .n = ARRAY_SIZE(rows) };
