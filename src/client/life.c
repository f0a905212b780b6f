/* SPDX-License-Identifier: MIT */
/* What a kill, a halt and a reboot have in common; see life.h. */
#include "client/life.h"

#include "base/own.h"
#include "client/wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

int life_ask(const struct container *c, enum asked_for asked, struct err *e)
{
	struct err ignored = { 0 };
	_own_fd int dir = state_open_dir(c->lxcpath, c->name, false, &ignored);
	int x = dir < 0 ? 0 : asked_note(dir, asked); /* without a folder it has ended */

	if (x != -EROFS) /* where there is no room the word stands all the same: that of an earlier life is as long */
		return 0;
	(void)err_num(e, EROFS, "note", "for its keeper what is asked for");
	err_hint(e, "the folder of its state is read-only to this command: see findmnt -T /run/keg");
	return -EROFS;
}

int life_send(int pidfd, int sig, struct err *e)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 && errno != ESRCH)
		return err_sys(e, "send", "signal %d to its init", sig);
	return 0;
}

static int not_running(struct err *e)
{
	return err_say(e, ESRCH, "it is not running");
}

/* A pidfd of a process that the state file names: it is that one's for as long as the lock is held. */
static int hold(const struct container *c, pid_t pid, struct err *e)
{
	_own_fd int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */
	struct status s;
	bool same;
	int x;

	if (fd < 0)
		return errno == ESRCH ? -EAGAIN : err_sys(e, "open", "process %d", (int)pid);
	x = container_status(c, &s, e);
	if (x < 0)
		return x;
	same = s.state != STOPPED && (s.init_pid == pid || s.keeper_pid == pid);
	status_free(&s);
	return same ? take_fd(&fd) : -EAGAIN;
}

void life_interrupt(const struct container *c, const struct status *s)
{
	struct err ignored = { 0 };
	_own_fd int keeper = s->keeper_pid > 0 ? hold(c, s->keeper_pid, &ignored) : -1;

	if (keeper >= 0)
		(void)!life_send(keeper, SIGTERM, &ignored);
}

int life_hold(const struct container *c, enum asked_for asked, int64_t until, struct life *life, struct err *e)
{
	for (bool interrupted = false;;) {
		struct status s;
		bool begins, has_init;
		int x = container_status(c, &s, e);

		if (x < 0)
			return x;
		begins = s.state == STARTING;
		has_init = s.init_pid > 0 && (!begins || asked == ASKED_KILL);
		*life = (struct life){ .init = s.init_pid, .keeper = s.keeper_pid };
		if (begins && !interrupted && (asked == ASKED_KILL || s.pausing)) {
			x = life_ask(c, asked, e);
			life_interrupt(c, &s);
			interrupted = true;
		}
		status_free(&s);
		if (x < 0)
			return x;
		if (s.dead && container_adopt(c, e) < 0)
			return -EIO;
		if (s.state == STOPPED)
			return not_running(e);
		x = has_init ? hold(c, life->init, e) : -EAGAIN;
		if (x != -EAGAIN)
			return x;
		if (wait_left(until) == 0)
			return -ETIMEDOUT;
		x = container_wait(c, 1U << STOPPED | (begins ? 1U << RUNNING : 0), LIFE_LISTEN_MS, e);
		if (x < 0 && x != -ETIMEDOUT)
			return x;
	}
}

void life_thaw(const struct container *c)
{
	struct cgroup_host host;
	struct cgroup_tree t;
	struct err e = { 0 };

	if (container_cgroup(c, &host, &t, &e) < 0)
		return;
	if (cgroup_tree_frozen(&t) == 1)
		(void)!cgroup_tree_freeze(&t, false, FREEZE_MS, &e);
	cgroup_tree_close(&t);
}

int life_signal(const struct container *c, int (*of)(const struct spec *), int dflt)
{
	_own_lock held = container_lock(c);
	_own_spec struct spec *running = NULL;
	struct err ignored = { 0 };

	if (!c->spec && container_running(c, &running, &ignored) < 0)
		return dflt;
	return of(c->spec ? c->spec : running);
}

int life_await_death(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, ms);
}

bool life_goes_on(const struct container *c, pid_t keeper)
{
	struct err ignored = { 0 };
	struct status s;
	bool lives = container_status(c, &s, &ignored) == 0 && s.state != STOPPED && s.keeper_pid == keeper;

	status_free(&s);
	return lives;
}
