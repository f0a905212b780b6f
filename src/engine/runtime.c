/* SPDX-License-Identifier: MIT */
/* The lock, the state file, the running config and the control socket of a keeper. */
#include "engine/runtime.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "engine/identity.h"
#include "engine/event.h"
#include "engine/paths.h"
#include "engine/leftovers.h"
#include "features/ready.h"
#include "features/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum { DOWN_STEP_MS = 10 };

static int write_state(const struct run *r, enum state s, struct err *e)
{
	struct status st = {
		.state = s,
		.keeper_pid = getpid(),
		.init_pid = r->init_pid,
		.nics = r->nics,
		.identity = r->identity,
		.outlives = signals_outlives(r->plan->spec),
		.awaited = ready_is_awaited(r->plan),
	};
	int x = str_copy(st.cgroup, sizeof(st.cgroup), r->cgroup.path);

	if (st.cgroup[0] && r->cgroup.host)
		cgroup_tree_freezers(&r->cgroup, st.freezer);
	return x < 0 ? err_num(e, -x, "record", "the cgroup %s", r->cgroup.path) : state_write(r->runtime_fd, &st, e);
}

int runtime_set_state(const struct run *r, enum state s, struct err *e)
{
	int x = write_state(r, s, e);

	monitor_tell_state(r->plan->lxcpath, r->plan->name, s);
	return x;
}

int runtime_take_over(const struct run *r, struct err *e)
{
	return write_state(r, RUNNING, e);
}

/* What is called so is of a writer that was killed between two calls (base/replace.c). */
void runtime_sweep(int runtime_fd)
{
	int fd = openat(runtime_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		(void)close(fd);
	for (struct dirent *x; d && (x = readdir(d));)
		if (str_ends(x->d_name, ".new") || strstr(x->d_name, ".new."))
			(void)unlinkat(runtime_fd, x->d_name, 0);
}

/* A keeper was killed. What it left is undone, unless its container lives: that is adopted, not started anew. */
static int follow_dead(struct run *r, struct err *e)
{
	struct status s;
	int x = state_read(r->plan->lxcpath, r->plan->name, &s, e);
	bool lives = x == 0 && identity_outlives(&s, NULL);

	status_free(&s);
	if (lives) {
		close_fd(&r->lock_fd);
		return err_say(e, EBUSY, "it is already running");
	}
	runtime_sweep(r->runtime_fd);
	return x < 0 ? x : leftovers_undo(r, e);
}

static bool is_down(const struct plan *p)
{
	struct err ignored = { 0 };
	struct status s;

	if (state_read(p->lxcpath, p->name, &s, &ignored) < 0)
		return false;
	status_free(&s);
	/* It may have stopped since the lock was tried; and without a state file it ends, or another one begins. */
	return s.down || s.state == STOPPED || !s.keeper_pid;
}

/*
 * The lock's fd; -ENOENT: the folder was taken away between the two calls. A hook of the life before may have told
 * somebody already that it is over: whoever starts it then waits for the keeper's last steps.
 */
static int open_and_lock(struct run *r, struct err *e)
{
	const struct timespec step = { .tv_nsec = DOWN_STEP_MS * 1000000L };

	for (int left = STATE_DOWN_MS;; left -= DOWN_STEP_MS) {
		int fd;

		close_fd(&r->runtime_fd);
		r->runtime_fd = state_open_dir(r->plan->lxcpath, r->plan->name, true, e);
		fd = r->runtime_fd < 0 ? r->runtime_fd : lock_take(r->runtime_fd, "lock");
		if ((fd != -EAGAIN && fd != -ENOENT) || left <= 0 || (fd == -EAGAIN && !is_down(r->plan)))
			return fd;
		/* waits: the loop counts */
		(void)nanosleep(&step, NULL);
	}
}

/*
 * Leaves: the runtime folder; the lock, held until the keeper's death. From here on the container
 *	   counts as running, and no second start gets past this row.
 */
int runtime_lock(struct run *r, struct err *e)
{
	int fd = open_and_lock(r, e);

	if (r->runtime_fd < 0) {
		if (r->runtime_fd == -EROFS)
			err_hint(e, "what runs is noted there: mount it writable, or a tmpfs on it");
		else if (r->runtime_fd == -EACCES || r->runtime_fd == -EPERM)
			err_hint(e, "this takes root");
		return r->runtime_fd;
	}
	if (fd == -EAGAIN)
		return err_say(e, EBUSY, "it is already running");
	if (fd < 0)
		return err_num(e, -fd, "lock", "the runtime folder of %s", r->plan->name);
	r->lock_fd = fd;
	return faccessat(r->runtime_fd, "state", F_OK, 0) == 0 ? follow_dead(r, e) : 0;
}

void runtime_unlock(struct run *r)
{
	static const char *const files[] = { "control", "config", "handover", "state", "seccomp", "lock" };
	_own_free char *base = path_runtime(r->plan->lxcpath),
		       *path = base ? str_fmt("%s/%s", base, r->plan->name) : NULL;

	if (r->lock_fd < 0) /* somebody else's */
		return;
	runtime_sweep(r->runtime_fd);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(r->runtime_fd, files[i], 0);
	if (path)
		path_leave(path);
	close_fd(&r->lock_fd);
	close_fd(&r->runtime_fd);
	monitor_tell_state(r->plan->lxcpath, r->plan->name, STOPPED);
}

/* All that it was made of is gone, and post-stop hooks follow, which may tell others that it has stopped. */
void runtime_tell_down(struct run *r)
{
	struct err ignored = { 0 };

	if (r->lock_fd >= 0)
		(void)!write_state(r, STOPPED, &ignored);
}

/*
 * Needs:  the lock.
 * Leaves: STARTING in the state file, the running config beside it.
 */
int runtime_announce(struct run *r, struct err *e)
{
	_own_buf struct buf config = { 0 };
	int x = spec_print(r->plan->spec, &config);

	if (x < 0)
		return err_num(e, -x, "print", "the config");
	x = io_replace_file_fast(r->runtime_fd, "config", config.s ? config.s : "", config.len, 0600, e);
	return x < 0 ? x : runtime_set_state(r, STARTING, e);
}

/*
 * Leaves: init's pid and the host's interfaces in the state file, from which they can be undone by
 *	   another process, and by whoever a start-host hook calls.
 */
int runtime_record(struct run *r, struct err *e)
{
	int x = identity_look(r->init_pid, r->init_pidfd, &r->identity);

	return x < 0 ? err_num(e, -x, "look at", "init") : write_state(r, STARTING, e);
}

/*
 * Leaves: the control socket, 0600 in the 0700 folder; connections wait until the keeper is idle.
 */
int runtime_listen(struct run *r, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	r->control_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->control_fd < 0)
		return err_sys(e, "make", "the control socket");
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control", r->runtime_fd);
	if (bind(r->control_fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(r->control_fd, 16) < 0)
		return err_sys(e, "listen on", "the control socket of %s", r->plan->name);
	return 0;
}

void runtime_unlisten(struct run *r)
{
	close_fd(&r->control_fd);
	if (r->runtime_fd >= 0)
		(void)unlinkat(r->runtime_fd, "control", 0);
}
