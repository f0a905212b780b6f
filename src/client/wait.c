/* SPDX-License-Identifier: MIT */
/* Awaits a state. Nobody is asked: the state file says what is, events say what comes. */
#include "client/control.h"
#include "client/wait.h"

#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

enum {
	LOOK_MS = 1000,	 /* a killed keeper tells nobody: so look again, now and then */
	UNTOLD_MS = 100, /* nobody tells us anything */
	SILENT_MS = 4000 /* a keeper whose init is dead says STOPPING at once; one that has not is stopped, or hangs */
};

int64_t wait_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int64_t wait_until(int timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX : wait_now() + timeout_ms;
}

int wait_left(int64_t until)
{
	int64_t left = until == INT64_MAX ? INT32_MAX : until - wait_now();

	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static unsigned bit_of(const struct event *ev)
{
	if (ev->kind == EVENT_READY)
		return 1U << READY;
	return ev->kind == EVENT_STATE && ev->value >= 0 && ev->value < STATE_COUNT ? 1U << ev->value : 0;
}

static bool has_ended(int init)
{
	struct pollfd p = { .fd = init, .events = POLLIN };

	return init >= 0 && poll(&p, 1, 0) > 0;
}

bool wait_is_silent(int init, enum state known, int64_t *since)
{
	if ((known != RUNNING && known != FROZEN) || !has_ended(init)) {
		*since = 0;
		return false;
	}
	if (!*since)
		*since = wait_now();
	return wait_now() - *since >= SILENT_MS;
}

/* Nothing can be made below a /run that is read-only to us: then it is looked at more often. */
int wait_listen(const struct container *c, int *events, struct err *e)
{
	*events = monitor_open(c->lxcpath, e);
	if (*events >= 0)
		return 0;
	if (*events != -EROFS)
		return *events;
	err_clear(e);
	*events = -1;
	return 0;
}

void wait_listen_end(const struct container *c, int events)
{
	if (events >= 0)
		monitor_close(events, c->lxcpath);
}

/* The socket was there before the state was asked: what changes in between is in it. */
int wait_states(const struct container *c, int events, unsigned states, int64_t until, int init, struct err *e)
{
	int64_t dead_since = 0;
	struct event ev;

	for (;;) {
		struct status s;
		int x = container_status(c, &s, e), left, most;

		if (x < 0)
			return x;
		status_free(&s);
		if (states & (1U << s.state | (s.ready ? 1U << READY : 0)))
			return 0;
		if (wait_is_silent(init, s.state, &dead_since))
			return control_silent(c, e);
		left = wait_left(until);
		if (left == 0)
			return -ETIMEDOUT;
		most = events < 0 ? UNTOLD_MS : LOOK_MS;
		x = monitor_next(events, &ev, left > most ? most : left);
		if (x == 1 && strcmp(ev.name, c->name) == 0 && states & bit_of(&ev))
			return 0;
	}
}

int wait_with(const struct container *c, unsigned states, int timeout_ms, int init, struct err *e)
{
	int events, x = wait_listen(c, &events, e);

	if (x < 0)
		return x;
	x = wait_states(c, events, states, wait_until(timeout_ms), init, e);
	wait_listen_end(c, events);
	return x;
}

int container_wait(const struct container *c, unsigned states, int timeout_ms, struct err *e)
{
	return wait_with(c, states, timeout_ms, -1, e);
}
