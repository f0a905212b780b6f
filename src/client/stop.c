/* SPDX-License-Identifier: MIT */
/* Asks a container's init to end, or to reboot, and awaits that. */
#include "client/control.h"
#include "client/halt.h"
#include "client/life.h"
#include "client/wait.h"

#include "base/own.h"
#include "features/signals.h"

#include <errno.h>
#include <time.h>

enum { STEP_MS = 100 };

/*
 * Tells init to end, once it listens: one that has only just begun does not yet, and the signal would be lost. Who
 * never does gets it all the same, as from LXC, when it has had the time to.
 * 1: told; 0: it does not listen yet; -EOPNOTSUPP: it never will, and was told for nothing.
 */
static int tell(const struct container *c, enum halt_end end, int init, pid_t pid, struct err *e)
{
	int configured = life_signal(c, end == HALT_STOP ? signals_halt : signals_reboot, 0), x;
	struct halt h;

	if (halt_look(pid, end, configured, &h) < 0)
		return 1; /* it has ended meanwhile */
	if (!h.heard && !h.settled)
		return 0;
	x = life_send(init, h.sig, e);
	life_thaw(c);
	return x < 0 ? x : h.heard ? 1 : -EOPNOTSUPP;
}

/* Told as soon as it listens; not told at all is only who ends before. */
static int tell_once(const struct container *c, enum halt_end end, int init, pid_t pid, struct err *e)
{
	int x;

	while ((x = tell(c, end, init, pid, e)) == 0)
		if (life_await_death(init, LIFE_LISTEN_MS) > 0)
			return 0;
	return x < 0 && x != -EOPNOTSUPP ? x : 0;
}

static int await_halt(const struct container *c, int events, int init, pid_t pid, int64_t until, bool patient,
		      struct err *e)
{
	for (bool told = false;;) {
		int x = told ? 1 : tell(c, HALT_STOP, init, pid, e);
		int64_t look = wait_now() + LIFE_LISTEN_MS;

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
	_own_fd int init = life_hold(c, ASKED_STOP, timeout_ms ? until : wait_until(LIFE_BEGIN_MS), &life, &none);
	int x;

	if (init < 0) {
		if (init != -ESRCH)
			*e = none;
		return init == -ESRCH ? 0 : init;
	}
	x = life_ask(c, ASKED_STOP, e);
	if (x < 0)
		return x;
	if (timeout_ms == 0)
		return tell_once(c, HALT_STOP, init, life.init, e);
	x = await_halt(c, events, init, life.init, until, patient, e);
	return x < 0 ? x : life_goes_on(c, life.keeper);
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
		(void)!life_ask(c, ASKED_NOTHING, &ignored);
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
	_own_fd int init = life_hold(c, ASKED_REBOOT, timeout_ms ? until : wait_until(LIFE_BEGIN_MS), &before, e);
	int x;

	if (init < 0)
		return init;
	x = life_ask(c, ASKED_REBOOT, e);
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
