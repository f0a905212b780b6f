/* SPDX-License-Identifier: MIT */
/* lxc.signal.*, lxc.monitor.signal.pdeath: the signals that end or restart a container. */
#include "features/signals.h"

#include "base/own.h"
#include "engine/seq.h"
#include "spec/key.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

struct signals {
	struct number halt, reboot, stop, pdeath;
};

#define SIGNAL(key, member, what, ver, def, empty)                                                                     \
	{                                                                                                              \
		.name = key, .type = &type_signal, .field = offsetof(struct signals, member), .dflt = def,             \
		.emptied = empty, .values = "a signal such as SIGTERM, SIGRTMIN+3 or 15", .help = what, .since = ver,  \
		.good = { "SIGTERM", "SIGRTMIN+3", "15" }, .bad = { "TERM", "SIGNONE" },                               \
	}

static const struct key keys[] = {
	SIGNAL("lxc.signal.halt", halt,
	       "Sent to init by a stop that asks. Without it: what ends the init that it is (systemd: SIGRTMIN+3, "
	       "busybox: SIGUSR1, ...), as far as it is seen to listen to that; a plain program's is SIGTERM, else "
	       "SIGPWR.",
	       "2.1", NULL, NULL),
	SIGNAL("lxc.signal.reboot", reboot, "Sent to init to make it reboot. Without it: SIGINT.", "2.1", NULL, NULL),
	SIGNAL("lxc.signal.stop", stop, "Sent to init by a hard stop. Without it: SIGKILL.", "2.1", NULL, NULL),
	SIGNAL("lxc.monitor.signal.pdeath", pdeath,
	       "Sent to init when its keeper dies; 0 lets it live on. Under an AppArmor profile it does in any "
	       "case: the kernel forgets the signal when init's exec changes to the profile.",
	       "3.1", "SIGKILL", "0"),
};

const struct feature signals_feature = {
	FEATURE_TEXT("Signals", "What init is sent to halt, restart or stop the container."),
	.name = "signals",
	.size = sizeof(struct signals),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

static const struct signals *part(const struct spec *s)
{
	return s->part[FEATURE_SIGNALS];
}

int signals_halt(const struct spec *s)
{
	return (int)part(s)->halt.n;
}

int signals_reboot(const struct spec *s)
{
	return (int)part(s)->reboot.n;
}

int signals_stop(const struct spec *s)
{
	return part(s)->stop.n ? (int)part(s)->stop.n : SIGKILL;
}

bool signals_outlives(const struct spec *s)
{
	return part(s)->pdeath.n != SIGKILL;
}

/*
 * Leaves:  the parent-death signal set.
 * Mustn't: go on where the keeper died before that: the kernel would not tell.
 */
int signals_guard(struct run *r, struct err *e)
{
	const struct signals *s = part(r->plan->spec);

	if (prctl(PR_SET_PDEATHSIG, (unsigned long)s->pdeath.n, 0, 0, 0) < 0) {
		int x = err_sys(e, "ask for", "the parent-death signal %lld", s->pdeath.n);

		err_key(e, "lxc.monitor.signal.pdeath", s->pdeath.at);
		return x;
	}
	if (!seq_peer_alive())
		return err_say(e, ECHILD, "the keeper has ended");
	return 0;
}
