/* SPDX-License-Identifier: MIT */
/* Ends a container whatever it says: lxc.signal.stop, and how long the hooks of its end may take then. */
#include "client/life.h"
#include "client/wait.h"

#include "base/own.h"
#include "base/script.h"
#include "features/hooks.h"
#include "features/signals.h"

#include <errno.h>
#include <signal.h>

enum {
	KILL_MS = 30 * 1000,	    /* for a kill, and once more when the keeper was told to hurry */
	STOP_SIGNAL_MS = 10 * 1000, /* lxc.signal.stop that is not SIGKILL has so long */
	STUCK_MS = 10 * 1000	    /* who is not dead then is looked at */
};

static bool is_in(const struct container *c, enum state state)
{
	struct err e = { 0 };
	struct status s;
	bool is = container_status(c, &s, &e) == 0 && s.state == state;

	status_free(&s);
	return is;
}

/* lxc.signal.stop; where that is a signal that may be caught, it does not last for ever either. */
static int send_stop(const struct container *c, int init, struct err *e)
{
	int sig = life_signal(c, signals_stop, SIGKILL), x = life_send(init, sig, e);

	if (x < 0)
		return x;
	life_thaw(c);
	if (sig == SIGKILL || life_await_death(init, STOP_SIGNAL_MS) > 0)
		return 0;
	return life_send(init, SIGKILL, e);
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
	return life_signal(c, hooks_end_ms, SCRIPT_MS);
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
	life_interrupt(c, &s);
	status_free(&s);
	x = wait_with(c, 1U << STOPPED, KILL_MS, init, e);
	return x == -ETIMEDOUT ? err_say(e, ETIMEDOUT, "it does not end: its hooks do not") : x;
}

/* 1: another life has begun meanwhile. */
static int kill_life(struct container *c, int ms, int64_t until, struct err *e)
{
	struct err none = { 0 };
	struct life life;
	_own_fd int init = life_hold(c, ASKED_KILL, until, &life, &none);
	int x;

	if (init == -ESRCH)
		return 0;
	if (init == -ETIMEDOUT)
		return await_hooks(c, 0, -1, e);
	if (init < 0) {
		*e = none;
		return init;
	}
	x = life_ask(c, ASKED_KILL, e);
	if (x == 0)
		x = send_stop(c, init, e);
	if (x < 0)
		return x;
	x = await_killed(c, init, e);
	if (x == -ETIMEDOUT && is_in(c, STOPPING))
		x = await_hooks(c, ms - KILL_MS, init, e);
	if (x == -ETIMEDOUT && !e->set)
		return err_say(e, ETIMEDOUT, "it does not end: SIGKILL did not end its init");
	return x < 0 ? x : life_goes_on(c, life.keeper);
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

/* Who wrote lxc.hook.timeout down has said how long his hooks may take; the default of it is not his word. */
int container_kill(struct container *c, struct err *e)
{
	int ms = life_signal(c, hooks_given_ms, 0);

	return kill_within(c, ms > KILL_MS ? ms : KILL_MS, e);
}

int container_kill_late(struct container *c, struct err *e)
{
	int ms = hooks_ms(c);

	return kill_within(c, ms > KILL_MS ? ms : KILL_MS, e);
}
