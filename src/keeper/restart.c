/* SPDX-License-Identifier: MIT */
/* lxc.start.restart: a container that ended by itself begins again, after a pause, so often and no more. */
#include "keeper/keeper.h"

#include "base/log.h"
#include "base/own.h"
#include "engine/runtime.h"
#include "features/autostart.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { CALM_S = 60, PAUSE_MOST_S = 5 * 60 };
static const int64_t ns = 1000000000;

static bool is_failure(const struct ended *end)
{
	switch (end->reason) {
	case ENDED_OOM:
	case ENDED_SECCOMP:
	case ENDED_CRASH:
		return true;
	case ENDED_EXIT:
		return end->status != 0;
	case ENDED_HALT:
	case ENDED_REBOOT:
	case ENDED_STOP:
	case ENDED_KILL:
	case ENDED_LOST:
	case ENDED_REASONS:
		return false;
	}
	return false;
}

static bool is_wanted(enum restart_when when, const struct ended *end)
{
	if (when == RESTART_ALWAYS)
		return is_failure(end) || end->reason == ENDED_EXIT || end->reason == ENDED_HALT;
	return when == RESTART_ON_FAILURE && is_failure(end);
}

static int pause_ms(unsigned delay_s, unsigned before)
{
	uint64_t s = delay_s;

	for (unsigned i = 0; i < before && s < PAUSE_MOST_S; i++)
		s *= 2;
	return (int)(s < PAUSE_MOST_S ? s : delay_s < PAUSE_MOST_S ? PAUSE_MOST_S : delay_s) * 1000;
}

/* Whether the row has a next one; `what` has become of the one before. */
static bool is_next(struct keeper *k, unsigned delay_s, unsigned limit, const char *what)
{
	if (limit && k->hand.restarts >= limit) {
		log_at(LOG_ERROR, "restart", "it began again %u times in a row, and %s once more", k->hand.restarts,
		       what);
		return false;
	}
	k->pause_ms = pause_ms(delay_s, k->hand.restarts);
	k->hand.restarts++;
	log_at(LOG_NOTICE, "restart", "it begins again in %d seconds, for the %u. time in a row", k->pause_ms / 1000,
	       k->hand.restarts);
	return true;
}

bool keeper_restarts(struct keeper *k)
{
	unsigned delay_s, limit;
	enum restart_when when = autostart_restart(k->spec, &delay_s, &limit);

	if (k->hand.use_init || !is_wanted(when, &k->end))
		return false;
	if (seq_now() - k->hand.began >= CALM_S * ns)
		k->hand.restarts = 0;
	return is_next(k, delay_s, limit, "has ended");
}

bool keeper_tries_again(struct keeper *k)
{
	unsigned delay_s, limit;

	if (k->hand.use_init || autostart_restart(k->spec, &delay_s, &limit) == RESTART_NO)
		return false;
	return is_next(k, delay_s, limit, "could not start");
}

/* So that info shows it, and a stop knows whom to tell. */
static void announce(const struct keeper *k)
{
	struct status s = { .state = STARTING, .keeper_pid = getpid(), .pausing = true };
	struct err ignored = { 0 };

	(void)!state_write(k->hand.runtime_fd, &s, &ignored);
}

/* All signals are blocked, as ever in this stage: one that asks for an end is waited for. */
int keeper_pause(struct keeper *k)
{
	static const int ends[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPWR };
	const struct timespec pause = { k->pause_ms / 1000, k->pause_ms % 1000 * 1000000L };
	sigset_t set;

	if (k->pause_ms == 0)
		return 0;
	announce(k);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		(void)sigaddset(&set, ends[i]);
	return sigtimedwait(&set, NULL, &pause) < 0 ? 0 : -EINTR;
}
