/* SPDX-License-Identifier: MIT */
/* The table's functions that run something in a running container, and two functions to attach with. */
#include "abi/handle.h"
#include "abi/words.h"
#include "engine/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/syscall.h>

static const lxc_attach_options_t defaults = LXC_ATTACH_OPTIONS_DEFAULT;

static struct attach_request request_of(const lxc_attach_options_t *o)
{
	int flags = o->attach_flags;

	return (struct attach_request){
		.namespaces = o->namespaces == -1 ? 0 : (uint64_t)(unsigned)o->namespaces,
		.keep_cgroup = !(flags & LXC_ATTACH_MOVE_TO_CGROUP),
		.keep_caps = !(flags & LXC_ATTACH_DROP_CAPABILITIES),
		.keep_lsm = !(flags & LXC_ATTACH_LSM),
		.label = flags & LXC_ATTACH_LSM_LABEL && o->lsm_label && *o->lsm_label ? o->lsm_label : NULL,
		.label_now = flags & LXC_ATTACH_LSM_NOW,
		.no_new_privs = flags & LXC_ATTACH_NO_NEW_PRIVS,
		.remount = flags & LXC_ATTACH_REMOUNT_PROC_SYS,
		.groups = flags & LXC_ATTACH_SETGROUPS ? o->groups.list : NULL,
		.n_groups = flags & LXC_ATTACH_SETGROUPS && o->groups.list ? o->groups.size : 0,
		.cwd = o->initial_cwd,
		.no_pty = !(flags & LXC_ATTACH_TERMINAL),
		.clear_env = o->env_policy == LXC_ATTACH_CLEAR_ENV,
		.set_env = o->extra_env_vars,
		.keep_env = o->extra_keep_env,
		.uid = o->uid == (uid_t)-1 ? -1 : (int64_t)o->uid,
		.gid = o->gid == (gid_t)-1 ? -1 : (int64_t)o->gid,
		.personality = flags & LXC_ATTACH_SET_PERSONALITY ? o->personality : 0xffffffff,
		.fd = { o->stdin_fd, o->stdout_fd, o->stderr_fd },
	};
}

/* Leaves the error, and a line for whoever asked for a log of this attach. */
static bool done(struct lxc_container *pub, const lxc_attach_options_t *o, int x, const struct err *e)
{
	char text[1200];

	if (x < 0 && o->log_fd >= 0) {
		err_text(e, text, sizeof(text));
		(void)dprintf(o->log_fd, "attach %s: %s\n", pub->name, text);
	}
	return abi_done(pub, x, e);
}

static int attach(struct lxc_container *pub, lxc_attach_exec_t function, void *payload, lxc_attach_options_t *options,
		  pid_t *pid)
{
	const lxc_attach_options_t *o = options ? options : &defaults;
	struct attach_request r = request_of(o);
	struct err e = { 0 };

	if (!pub || !function || !pid)
		return -1;
	r.function = function;
	r.payload = payload;
	return done(pub, o, container_attach_begin(container_of(pub), &r, pid, &e), &e) ? 0 : -1;
}

static int attach_run_wait(struct lxc_container *pub, lxc_attach_options_t *options, const char *program,
			   const char *const argv[])
{
	const lxc_attach_options_t *o = options ? options : &defaults;
	char *alone[] = { (char *)program, NULL };
	struct attach_request r = request_of(o);
	struct err e = { 0 };
	int status = 0, x;

	if (!pub || !program)
		return -1;
	r.program = program;
	r.argv = argv && argv[0] ? (char **)argv : alone;
	x = container_attach(container_of(pub), &r, &status, &e);
	return done(pub, o, x, &e) ? status : -1;
}

static int attach_run_waitl(struct lxc_container *pub, lxc_attach_options_t *options, const char *program,
			    const char *arg, ...)
{
	_own_strv struct strv argv = { 0 };
	va_list ap;
	int r = arg ? strv_add(&argv, arg) : 0;

	va_start(ap, arg);
	if (r == 0 && arg)
		r = words_add(&argv, ap);
	va_end(ap);
	return r < 0 ? -1 : attach_run_wait(pub, options, program, (const char *const *)argv.v);
}

/* --- in the attached process, where our caller's other fds are no business of a program's --- */

static void keep_stdio_only(void)
{
	(void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC); /* Linux 5.11; before it: each at its birth */
}

int lxc_attach_run_command(void *payload)
{
	const lxc_attach_command_t *c = payload;

	keep_stdio_only();
	(void)execvp(c->program, c->argv);
	return errno == EACCES || errno == ENOEXEC ? 126 : errno == ENOENT ? 127 : -1;
}

/* No libc of ours asks for the user: it would load the libraries that the container names. */
int lxc_attach_run_shell(void *payload)
{
	_own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_own_free char *shell = root < 0 ? NULL : attach_login_shell(root, getuid());

	(void)payload;
	keep_stdio_only();
	if (shell)
		(void)execlp(shell, shell, (char *)NULL);
	(void)execlp("/bin/sh", "/bin/sh", (char *)NULL);
	return -1;
}

void abi_attach_table(struct lxc_container *pub)
{
	pub->attach = attach;
	pub->attach_run_wait = attach_run_wait;
	pub->attach_run_waitl = attach_run_waitl;
}
