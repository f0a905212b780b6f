/* SPDX-License-Identifier: MIT */
/*
 * Ends, restarts, freezes and awaits a running container. Nothing here asks the keeper: init's pid comes
 * from the state file, is made sure of by a pidfd, and the kernel tells the rest.
 */
#include "client/control.h"
#include "client/halt.h"
#include "client/wait.h"

#include "base/own.h"
#include "base/script.h"
#include "features/hooks.h"
#include "features/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

enum {
	KILL_MS = 30 * 1000,	    /* for a kill, and once more when the keeper was told to hurry */
	STOP_SIGNAL_MS = 10 * 1000, /* lxc.signal.stop that is not SIGKILL has so long */
	BEGIN_MS = 10 * 1000,	    /* who only asks waits so long for a start that is under way */
	STUCK_MS = 10 * 1000,	    /* who is not dead then is looked at */
	LISTEN_MS = 50,		    /* init does not listen yet: look again */
	STEP_MS = 100
};
/* Before the signal goes out: the keeper tells, and keeps, why it ended; and it begins nothing again. */
static int ask(const struct container *c, enum asked_for asked, struct err *e)
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

static int send(int pidfd, int sig, struct err *e)
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

/* Ends a hook of a start, or the pause before one, and leaves seconds to one of an end: a keeper waits for it then. */
static void interrupt(const struct container *c, const struct status *s)
{
	struct err ignored = { 0 };
	_own_fd int keeper = s->keeper_pid > 0 ? hold(c, s->keeper_pid, &ignored) : -1;

	if (keeper >= 0)
		(void)send(keeper, SIGTERM, &ignored);
}

/* One life of a container's: its init, and the keeper that may begin another one. */
struct life {
	pid_t init, keeper;
};

/*
 * init as a pidfd, and whose it is. A start that has not come so far, and an end that has passed it, are waited for.
 * asked: what it is held for; a kill interrupts a start. -ESRCH: there is none (any more).
 */
static int hold_init(const struct container *c, enum asked_for asked, int64_t until, struct life *life, struct err *e)
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
			x = ask(c, asked, e);
			interrupt(c, &s);
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
		x = container_wait(c, 1U << STOPPED | (begins ? 1U << RUNNING : 0), LISTEN_MS, e);
		if (x < 0 && x != -ETIMEDOUT)
			return x;
	}
}

static bool is_in(const struct container *c, enum state state)
{
	struct err e = { 0 };
	struct status s;
	bool is = container_status(c, &s, &e) == 0 && s.state == state;

	status_free(&s);
	return is;
}

/* A frozen task takes no signal on v1, and no handler runs on v2 until it is thawed. */
static void thaw(const struct container *c)
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

/* What the caller's config says, where he has loaded one; else the config that it runs with; without one, `dflt`. */
static int signal_of(const struct container *c, int (*of)(const struct spec *), int dflt)
{
	_own_lock held = container_lock(c);
	_own_spec struct spec *running = NULL;
	struct err ignored = { 0 };

	if (!c->spec && container_running(c, &running, &ignored) < 0)
		return dflt;
	return of(c->spec ? c->spec : running);
}

/* 1: it has ended. */
static int await_death(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, ms);
}

/* lxc.signal.stop; where that is a signal that may be caught, it does not last for ever either. */
static int send_stop(const struct container *c, int init, struct err *e)
{
	int sig = signal_of(c, signals_stop, SIGKILL), x = send(init, sig, e);

	if (x < 0)
		return x;
	thaw(c);
	if (sig == SIGKILL || await_death(init, STOP_SIGNAL_MS) > 0)
		return 0;
	return send(init, SIGKILL, e);
}

/* Its SIGKILL ends nothing where it waits in the kernel: that is told sooner. -ETIMEDOUT: nobody does. */
static int blame_stuck(const struct container *c, struct err *e)
{
	struct err quiet = { 0 };
	struct cgroup_host host;
	struct cgroup_stuck s;
	struct cgroup_tree t;
	bool is;

	if (container_cgroup(c, &host, &t, &quiet) < 0)
		return -ETIMEDOUT;
	is = cgroup_tree_stuck(&t, &s);
	cgroup_tree_close(&t);
	return is ? cgroup_blame_stuck(&s, "was killed, but does not end", e) : -ETIMEDOUT;
}

/* init was killed. */
static int await_killed(const struct container *c, int init, struct err *e)
{
	int x = wait_with(c, 1U << STOPPED, STUCK_MS, init, e);

	if (x == -ETIMEDOUT)
		x = blame_stuck(c, e);
	return x == -ETIMEDOUT && !e->set ? wait_with(c, 1U << STOPPED, KILL_MS - STUCK_MS, init, e) : x;
}

/* What the hooks of its end may take in all: each its time. */
static int hooks_ms(const struct container *c)
{
	return signal_of(c, hooks_end_ms, SCRIPT_MS);
}

/* init is dead; what takes its time are hooks. They have theirs, then some seconds each. */
static int await_hooks(const struct container *c, int ms, int init, struct err *e)
{
	struct status s;
	int x = wait_with(c, 1U << STOPPED, ms, init, e);

	if (x != -ETIMEDOUT)
		return x;
	x = container_status(c, &s, e);
	if (x < 0)
		return x;
	interrupt(c, &s);
	status_free(&s);
	x = wait_with(c, 1U << STOPPED, KILL_MS, init, e);
	return x == -ETIMEDOUT ? err_say(e, ETIMEDOUT, "it does not end: its hooks do not") : x;
}

/*
 * The event STOPPED is told between two lives, too: a reboot's, or a restart's, whose keeper had looked for what it was
 * asked just before it was. The same keeper with a life to come is not what was asked for.
 */
static bool lives_on(const struct container *c, pid_t keeper)
{
	struct err ignored = { 0 };
	struct status s;
	bool lives = container_status(c, &s, &ignored) == 0 && s.state != STOPPED && s.keeper_pid == keeper;

	status_free(&s);
	return lives;
}

/* 1: another life has begun meanwhile. */
static int kill_life(struct container *c, int ms, int64_t until, struct err *e)
{
	struct err none = { 0 };
	struct life life;
	_own_fd int init = hold_init(c, ASKED_KILL, until, &life, &none);
	int x;

	if (init == -ESRCH)
		return 0;
	if (init == -ETIMEDOUT)
		return await_hooks(c, 0, -1, e);
	if (init < 0) {
		*e = none;
		return init;
	}
	x = ask(c, ASKED_KILL, e);
	if (x == 0)
		x = send_stop(c, init, e);
	if (x < 0)
		return x;
	x = await_killed(c, init, e);
	if (x == -ETIMEDOUT && is_in(c, STOPPING))
		x = await_hooks(c, ms - KILL_MS, init, e);
	if (x == -ETIMEDOUT && !e->set)
		return err_say(e, ETIMEDOUT, "it does not end: SIGKILL did not end its init");
	return x < 0 ? x : lives_on(c, life.keeper);
}

static int kill_within(struct container *c, int ms, struct err *e)
{
	int64_t until = wait_until(ms);
	int x;

	do
		x = kill_life(c, ms, until, e);
	while (x > 0);
	return x;
}

int container_kill(struct container *c, struct err *e)
{
	return kill_within(c, KILL_MS, e);
}

int container_kill_late(struct container *c, struct err *e)
{
	int ms = hooks_ms(c);

	return kill_within(c, ms > KILL_MS ? ms : KILL_MS, e);
}

/*
 * Tells init to end, once it listens: one that has only just begun does not yet, and the signal would be lost. Who
 * never does gets it all the same, as from LXC, when it has had the time to.
 * 1: told; 0: it does not listen yet; -EOPNOTSUPP: it never will, and was told for nothing.
 */
static int tell(const struct container *c, enum halt_end end, int init, pid_t pid, struct err *e)
{
	int configured = signal_of(c, end == HALT_STOP ? signals_halt : signals_reboot, 0), x;
	struct halt h;

	if (halt_look(pid, end, configured, &h) < 0)
		return 1; /* it has ended meanwhile */
	if (!h.heard && !h.settled)
		return 0;
	x = send(init, h.sig, e);
	thaw(c);
	return x < 0 ? x : h.heard ? 1 : -EOPNOTSUPP;
}

/* Told as soon as it listens; not told at all is only who ends before. */
static int tell_once(const struct container *c, enum halt_end end, int init, pid_t pid, struct err *e)
{
	int x;

	while ((x = tell(c, end, init, pid, e)) == 0)
		if (await_death(init, LISTEN_MS) > 0)
			return 0;
	return x < 0 && x != -EOPNOTSUPP ? x : 0;
}

static int await_halt(const struct container *c, int events, int init, pid_t pid, int64_t until, bool patient,
		      struct err *e)
{
	for (bool told = false;;) {
		int x = told ? 1 : tell(c, HALT_STOP, init, pid, e);
		int64_t look = wait_now() + LISTEN_MS;

		if (x == -EOPNOTSUPP && patient)
			x = 1;
		if (x < 0)
			return x;
		told = x;
		x = wait_states(c, events, 1U << STOPPED, told || look > until ? until : look, init, e);
		if (x != -ETIMEDOUT || wait_left(until) == 0)
			return x;
	}
}

/* 1: another life has begun meanwhile. */
static int halt_life(const struct container *c, int events, int timeout_ms, int64_t until, bool patient, struct err *e)
{
	struct err none = { 0 };
	struct life life;
	_own_fd int init = hold_init(c, ASKED_STOP, timeout_ms ? until : wait_until(BEGIN_MS), &life, &none);
	int x;

	if (init < 0) {
		if (init != -ESRCH)
			*e = none;
		return init == -ESRCH ? 0 : init;
	}
	x = ask(c, ASKED_STOP, e);
	if (x < 0)
		return x;
	if (timeout_ms == 0)
		return tell_once(c, HALT_STOP, init, life.init, e);
	x = await_halt(c, events, init, life.init, until, patient, e);
	return x < 0 ? x : lives_on(c, life.keeper);
}

static int halt(const struct container *c, int timeout_ms, bool patient, struct err *e)
{
	int64_t until = wait_until(timeout_ms);
	struct err ignored = { 0 };
	int events, x;

	if (timeout_ms == 0)
		return halt_life(c, -1, 0, until, patient, e);
	x = wait_listen(c, &events, e);
	if (x < 0)
		return x;
	do
		x = halt_life(c, events, timeout_ms, until, patient, e);
	while (x > 0);
	wait_listen_end(c, events);
	if (x == -ETIMEDOUT) /* a reboot that init asks for some time later is one */
		(void)!ask(c, ASKED_NOTHING, &ignored);
	return x;
}

int container_shutdown(struct container *c, int timeout_ms, struct err *e)
{
	return halt(c, timeout_ms, true, e);
}

int container_halt(struct container *c, int timeout_ms, struct err *e)
{
	return halt(c, timeout_ms, false, e);
}

/* 1: its new init runs. */
static int has_rebooted(const struct container *c, int init, pid_t before, int64_t *dead_since, struct err *e)
{
	struct status s;
	int x = container_status(c, &s, e);

	if (x < 0)
		return x;
	status_free(&s);
	if (s.state == STOPPED)
		return err_say(e, ESRCH, "it stopped instead of rebooting");
	if (s.init_pid == before && wait_is_silent(init, s.state, dead_since))
		return control_silent(c, e);
	return s.state == RUNNING && s.init_pid != before;
}

int container_reboot(struct container *c, int timeout_ms, struct err *e)
{
	int64_t until = wait_until(timeout_ms), dead_since = 0;
	struct life before;
	_own_fd int init = hold_init(c, ASKED_REBOOT, timeout_ms ? until : wait_until(BEGIN_MS), &before, e);
	int x;

	if (init < 0)
		return init;
	x = ask(c, ASKED_REBOOT, e);
	if (x == 0)
		x = tell_once(c, HALT_REBOOT, init, before.init, e);
	while (x == 0 && timeout_ms != 0) {
		const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };

		x = has_rebooted(c, init, before.init, &dead_since, e);
		if (x != 0)
			return x < 0 ? x : 0;
		if (wait_left(until) == 0)
			return -ETIMEDOUT;
		/* waits: the loop has its deadline */
		(void)nanosleep(&pause, NULL);
	}
	return x;
}

int container_freeze(struct container *c, bool freeze, int timeout_ms, struct err *e)
{
	struct cgroup_host host;
	struct cgroup_tree t;
	int x = container_cgroup(c, &host, &t, e);

	if (x < 0)
		return x;
	if (cgroup_tree_frozen(&t) == freeze) {
		cgroup_tree_close(&t);
		return 0;
	}
	monitor_tell_state(c->lxcpath, c->name, freeze ? FREEZING : THAWED);
	x = cgroup_tree_freeze(&t, freeze, timeout_ms, e);
	if (x == -ENOENT) { /* the cgroup is gone: so is the container */
		err_clear(e);
		x = err_say(e, ESRCH, "it has stopped meanwhile");
	} else /* what has failed was rolled back */
		monitor_tell_state(c->lxcpath, c->name, freeze == (x == 0) ? FROZEN : RUNNING);
	cgroup_tree_close(&t);
	return x;
}
