/* SPDX-License-Identifier: MIT */
/* The keepers of running containers: what they run, and another program for them. */
#include "client/container.h"
#include "client/control.h"

#include "base/own.h"
#include "base/spawn.h"
#include "engine/identity.h"
#include "engine/paths.h"
#include "keeper/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { CHECK_MS = 5000 };

static int read_handover(const struct container *c, struct handover *h, struct err *e)
{
	_own_fd int dir = state_open_dir(c->lxcpath, c->name, false, e);
	_own_fd int fd = dir < 0 ? dir : openat(dir, "handover", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int x;

	if (dir < 0)
		return dir;
	if (fd < 0)
		return err_sys(e, "read", "what the keeper of %s has written down", c->name);
	x = handover_read(fd, h);
	if (x == -EBADMSG) {
		(void)err_say(e, EPROTO, "its keeper is of a version that this one cannot follow");
		err_hint(e, "restart the container");
		return -EPROTO;
	}
	return x < 0 ? err_num(e, -x, "read", "what the keeper of %s has written down", c->name) : 0;
}

static int64_t uptime(pid_t pid)
{
	struct timespec now;
	uint64_t since;

	if (identity_start(pid, &since) < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return -1;
	return now.tv_sec - (int64_t)since / sysconf(_SC_CLK_TCK);
}

/* -1: it cannot be seen. */
static int is_replaced(pid_t pid)
{
	_own_free char *program = path_libexec("keg-idle");
	struct stat runs, there;
	char exe[32];

	(void)snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	if (!program || stat(exe, &runs) < 0 || stat(program, &there) < 0)
		return -1;
	return runs.st_dev != there.st_dev || runs.st_ino != there.st_ino;
}

int container_keeper(const struct container *c, struct keeper_info *k, struct err *e)
{
	struct handover h;
	struct status s;
	int x = container_look(c, &s, e);

	if (x < 0)
		return x;
	status_free(&s);
	if (s.state == STOPPED || s.keeper_pid <= 0)
		return err_say(e, ESRCH, "it is not running");
	*k = (struct keeper_info){ .pid = s.keeper_pid };
	k->uptime_s = uptime(s.keeper_pid);
	k->replaced = is_replaced(s.keeper_pid);
	x = s.state == RUNNING ? read_handover(c, &h, e) : 0;
	return x < 0 || s.state != RUNNING ? x : str_copy(k->version, sizeof(k->version), h.version);
}

/* A program that cannot run here would take the keeper with it: so it is tried before. */
static int try_program(const char *idle, struct err *e)
{
	const int null[3] = { -1, -1, -1 };
	char *argv[] = { "keg-idle", "check", NULL };
	struct spawn s = { .path = idle, .argv = argv, .stdio = null };
	int status = 0, x;
	pid_t pid;

	x = spawn(&s, &pid, e);
	if (x == 0)
		x = spawn_wait(pid, CHECK_MS, &status);
	if (x < 0 || status)
		return e->set ? x : err_say(e, ENOEXEC, "%s does not run here: the keeper stays what it is", idle);
	return 0;
}

int container_upgrade_keeper(const struct container *c, struct err *e)
{
	_own_free char *idle = path_libexec("keg-idle"), *keeper = path_libexec("keg-keeper");
	struct control_upgrade u = { 0 };
	struct keeper_info k;
	_own_fd int sock = -1;
	int x;

	if (!idle || !keeper || str_copy(u.idle, sizeof(u.idle), idle) < 0 ||
	    str_copy(u.keeper, sizeof(u.keeper), keeper) < 0)
		return err_num(e, ENOMEM, "upgrade", "the keeper of %s", c->name);
	x = container_keeper(c, &k, e);
	if (x == 0)
		x = try_program(idle, e);
	if (x == 0)
		x = sock = control_connect(c, e);
	return x < 0 ? x : control_upgrade(sock, &u, c, e);
}
