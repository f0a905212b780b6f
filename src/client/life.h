/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One life of a container's, from its init's begin to its end, as whoever ends it sees it. Nothing here asks the
 * keeper: init's pid comes from the state file, is made sure of by a pidfd, and the kernel tells the rest.
 */
#include "client/container.h"

#include <stdint.h>

struct life {
	pid_t init, keeper; /* the keeper may begin another one */
};

enum {
	LIFE_BEGIN_MS = 10 * 1000, /* who only asks waits so long for a start that is under way */
	LIFE_LISTEN_MS = 50	   /* init does not listen yet: look again */
};

/* Before the signal goes out: the keeper tells, and keeps, why it ended; and it begins nothing again. */
int life_ask(const struct container *c, enum asked_for asked, struct err *e) _must_check;
/*
 * init as a pidfd, and whose it is. A start that has not come so far, and an end that has passed it, are waited for.
 * asked: what it is held for; a kill interrupts a start. -ESRCH: there is none (any more).
 */
int life_hold(const struct container *c, enum asked_for asked, int64_t until, struct life *life,
	      struct err *e) _must_check;
int life_send(int pidfd, int sig, struct err *e) _must_check;
/* Ends a hook of a start, or the pause before one, and leaves seconds to one of an end: a keeper waits for it then. */
void life_interrupt(const struct container *c, const struct status *s);
/* A frozen task takes no signal on v1, and no handler runs on v2 until it is thawed. */
void life_thaw(const struct container *c);
/* What the caller's config says, where he has loaded one; else the config that it runs with; without one, `dflt`. */
int life_signal(const struct container *c, int (*of)(const struct spec *), int dflt);
/* 1: it has ended. */
int life_await_death(int pidfd, int ms);
/*
 * The event STOPPED is told between two lives, too: a reboot's, or a restart's, whose keeper had looked for what it was
 * asked just before it was. The same keeper with a life to come is not what was asked for.
 */
bool life_goes_on(const struct container *c, pid_t keeper);
