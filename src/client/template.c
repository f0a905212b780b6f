/* SPDX-License-Identifier: MIT */
/* Finding a template and running it: LXC's calling convention, whatever the template is written in. */
#include "client/disk.h"

#include "base/own.h"
#include "engine/places.h"
#include "features/mapped.h"
#include "features/userns.h"
#include "sys/ids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "lxc-"

enum { EDITS = 3 }; /* more are another name */
enum { LOOK_MS = 200, GRACE_MS = 5000, SAID_MOST = 4096 };

/* A program; what lies beside it in a build folder is none. */
static int is_template(const struct dirent *d)
{
	return str_starts(d->d_name, PREFIX) && !strchr(d->d_name, '.');
}

int template_names(struct strv *out)
{
	_own_free char *folder = place_find(PLACE_TEMPLATES, ".");
	struct dirent **v = NULL;
	int n = folder ? scandir(folder, &v, is_template, alphasort) : -1, r = n < 0 ? -ENOENT : 0;

	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = strv_add(out, v[i]->d_name + strlen(PREFIX));
		free(v[i]);
	}
	free(v);
	return r;
}

static void suggest(const char *name, struct err *e)
{
	_own_strv struct strv names = { 0 };
	_own_buf struct buf all = { 0 };
	struct nearest near = { .to = name, .edits = EDITS };

	if (template_names(&names) < 0 || !names.n) {
		err_hint(e, "see %s, or give a template's absolute path", place_installed(PLACE_TEMPLATES));
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		buf_addf(&all, "%s%s", i ? ", " : "", names.v[i]);
		nearest_see(&near, names.v[i]);
	}
	if (near.found)
		err_hint(e, "did you mean %s?", near.found);
	else
		err_hint(e, "there are %.150s; or give a template's absolute path", all.s ? all.s : "");
}

int template_find(const char *name, char **path, struct err *e)
{
	_own_free char *file = str_fmt("lxc-%s", name), *found = NULL;

	if (!file)
		return err_num(e, ENOMEM, "find", "template %s", name);
	found = *name == '/' ? strdup(name) : strchr(name, '/') ? NULL : place_find(PLACE_TEMPLATES, file);
	if (found && access(found, X_OK) == 0) {
		*path = take_ptr(&found);
		return 0;
	}
	(void)err_say(e, ENOENT, "Template \"%s\" not found", name);
	if (found && errno == EACCES)
		err_hint(e, "chmod +x %s", found);
	else
		suggest(name, e);
	return -ENOENT;
}

static int build_argv(struct strv *v, const struct template_call *t)
{
	uid_t uid;
	gid_t gid;
	int r = strv_add(v, strrchr(t->path, '/') + 1);

	if (r == 0)
		r = strv_addf(v, "--path=%s", t->c->dir);
	if (r == 0)
		r = strv_addf(v, "--name=%s", t->c->name);
	if (r == 0)
		r = strv_addf(v, "--rootfs=%s", t->rootfs);
	for (char **arg = t->args; r == 0 && arg && *arg; arg++)
		r = strv_add(v, *arg);
	if (r < 0 || !t->mapped)
		return r;
	userns_caller(t->mapped, &uid, &gid);
	return strv_add(v, "--mapped-uid") | strv_addf(v, "%u", uid) | strv_add(v, "--mapped-gid") |
	       strv_addf(v, "%u", gid);
}

/*
 * In the child: the root of the container's ids, with what it is to fill given to it. As LXC has it, the
 * group stays the caller's where he is not root, so that he still gets into his folder. Where the caller is root,
 * the host's root is an id like others in here: a setuid program, as mount is, would become that one and so lose
 * every right, if it were let.
 */
static bool become_mapped(const char *dir, const char *rootfs, bool is_root)
{
	gid_t group = is_root ? 0 : (gid_t)-1;

	if ((ids_set_groups(0, NULL) < 0 && errno != EPERM) || ids_set_gid(0) < 0 || ids_set_uid(0) < 0)
		return false;
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return chown(dir, 0, group) == 0 && chown(rootfs, 0, group) == 0;
}

/*
 * In the child, where only async-signal-safe calls may be made. Mounts that a template forgets to take
 * back end with its own mount namespace; without the right to one it runs in ours.
 */
_Noreturn static void become_template(const struct template_call *t, char **argv, int null_fd, int said_fd,
				      pid_t creator)
{
	/* Behind the change of ids, which clears it. A creator that is killed takes nothing back: its template should
	 * not go on filling what is left. What the template runs at that moment does: nobody else comes to the folder
	 * before that has ended. */
	(void)fcntl(t->held, F_SETFD, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != creator)
		_exit(1);
	(void)umask(022);
	if (unshare(CLONE_NEWNS) == 0)
		(void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	for (int i = 0; null_fd >= 0 && i < 3; i++)
		(void)dup2(i == 2 && said_fd >= 0 ? said_fd : null_fd, i);
	(void)execv(t->path, argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* 1: it has ended; 0: not within the time. */
static int ended_within(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* A template may take its time (it may build a distribution); only its end, or a cancel, ends the wait. */
static int await(pid_t pid, int pidfd, bool *cancelled)
{
	int status = 0;

	while (pidfd >= 0 && !ended_within(pidfd, LOOK_MS) && !disk_cancelled)
		;
	*cancelled = disk_cancelled;
	if (pidfd >= 0 && *cancelled && !ended_within(pidfd, 0)) {
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
		if (!ended_within(pidfd, GRACE_MS))
			(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	}
	/* waits: a template may take its time; it has ended, or was cancelled */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool disk_full(const char *rootfs)
{
	struct statvfs s;

	return statvfs(rootfs, &s) == 0 && (s.f_bavail * s.f_frsize < 1 << 16 || (s.f_files && s.f_favail == 0));
}

/* Of what nobody saw: the last error with its hint, as our templates tell them, else the last line. */
static void told(int said_fd, struct err *e)
{
	char text[SAID_MOST], *rest = text, *line;
	const char *error = NULL, *hint = NULL, *last = NULL;
	off_t end = said_fd < 0 ? 0 : lseek(said_fd, 0, SEEK_END), from = end < SAID_MOST ? 0 : end - SAID_MOST + 1;
	ssize_t n = end > 0 ? pread(said_fd, text, sizeof(text) - 1, from) : 0;

	if (n <= 0)
		return;
	text[n] = 0;
	while ((line = strsep(&rest, "\n"))) {
		if (str_starts(line, "ERROR: ")) {
			error = line + strlen("ERROR: ");
			hint = NULL;
		}
		if (error && str_starts(line, "  try     "))
			hint = line + strlen("  try     ");
		if (*line)
			last = line;
	}
	if (error || last)
		err_said(e, "%s", error ? error : last);
	if (hint)
		err_hint(e, "%s", hint);
}

static int failed(const struct template_call *t, int status, int said_fd, struct err *e)
{
	int r = disk_full(t->rootfs) ? err_num(e, ENOSPC, "create container from template", "%s", t->path)
				     : err_say(e, EIO, "Failed to create container from template");

	told(said_fd, e);
	if (*e->said)
		return r;
	if (WIFSIGNALED(status))
		err_said(e, "%s was killed by signal %d", t->path, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)
		err_said(e, "%s could not be executed, or a program that it needs", t->path);
	else
		err_said(e, "%s ended with exit status %d", t->path, WEXITSTATUS(status));
	return r;
}

int template_run(const struct template_call *t, struct err *e)
{
	_own_strv struct strv argv = { 0 };
	_own_fd int null_fd = t->quiet ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1, pidfd = -1;
	_own_fd int said_fd =
		t->quiet ? memfd_create("template", MFD_CLOEXEC) : -1; /* without: its reasons stay unknown */
	bool cancelled, is_root = geteuid() == 0;
	int status;
	pid_t pid, creator = getpid();

	if (t->quiet && null_fd < 0)
		return err_sys(e, "open", "/dev/null");
	if (build_argv(&argv, t) < 0)
		return err_num(e, ENOMEM, "run", "%s", t->path);
	(void)fflush(NULL);
	pid = t->mapped ? mapped_fork(t->mapped, e) : fork();
	if (pid < 0)
		return t->mapped ? pid : err_sys(e, "run", "%s", t->path);
	if (pid == 0) {
		if (t->mapped && !become_mapped(t->c->dir, t->rootfs, is_root))
			_exit(125);
		become_template(t, argv.v, null_fd, said_fd, creator);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3; our own child cannot be reused */
	status = await(pid, pidfd, &cancelled);
	if (cancelled)
		return err_say(e, ECANCELED, "the creation was cancelled");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return failed(t, status, said_fd, e);
}
