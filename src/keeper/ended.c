/* SPDX-License-Identifier: MIT */
/* What is kept of an end, and told: init's status, and why. */
#include "keeper/keeper.h"

#include "base/log.h"
#include "base/own.h"
#include "engine/event.h"
#include "features/cgroup.h"
#include "keeper/live.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void tell(const struct keeper *k)
{
	struct event ev = { .kind = EVENT_EXITED, .value = k->end.status, .reason = (int)k->end.reason };

	(void)!str_copy(ev.name, sizeof(ev.name), k->hand.name);
	monitor_tell(k->hand.lxcpath, &ev);
}

/* Who signalled the keeper asked, too; a command that asked later has the last word. */
static enum asked_for asked_of(const struct keeper *k)
{
	enum asked_for asked = asked_read(k->hand.lock_fd);

	return asked == ASKED_NOTHING && k->hand.asked < ASKED_COUNT ? (enum asked_for)k->hand.asked : asked;
}

/* What the console showed last: its buffer goes with the keeper. How much it has shown in all, or 0. */
static uint64_t keep_shown(struct keeper *k)
{
	const struct live *l = k->hand.live_fd < 0 || k->hand.ring_fd < 0 ? NULL : live_map(&k->hand.live_fd);
	struct ring last = l ? l->shown : (struct ring){ 0 };
	_own_free char *text = NULL;

	if (last.used > ENDED_SHOWN_MOST)
		ring_drop(&last, last.used - ENDED_SHOWN_MOST);
	text = last.used ? malloc(last.used) : NULL;
	if (!text || ring_map(&last, k->hand.ring_fd) < 0)
		return 0;
	ring_copy(&last, text);
	(void)munmap(last.data, last.size);
	return ended_write_shown(k->hand.lxcpath, k->hand.name, text, last.used) ? l->ever : 0;
}

void keeper_note_end(struct keeper *k, int status)
{
	bool known = status != ENDED_UNKNOWN, killed = known && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	bool oom = killed && cgroup_oom_killed(&k->run);

	k->end = (struct ended){ .status = status, .reason = ENDED_LOST };
	if (known)
		k->end.reason = ended_why(status, asked_of(k), oom);
	k->end.restarts = k->hand.restarts;
	k->end.shown = keep_shown(k);
	log_at(LOG_INFO, "stop", "why it ended: %s", ended_name(k->end.reason));
	ended_write(k->hand.lxcpath, k->hand.name, &k->end);
	if (known)
		tell(k);
	k->unwanted = asked_for_end(asked_read(k->hand.lock_fd));
	asked_forget(k->hand.lock_fd);
	k->hand.asked = ASKED_NOTHING;
}
