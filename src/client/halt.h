/* SPDX-License-Identifier: MIT */
#pragma once
/* Which signal makes an init end, or begin again: found by what it is and by what it listens to. */
#include <stdbool.h>
#include <sys/types.h>

enum halt_end { HALT_STOP, HALT_REBOOT };

struct halt {
	int sig;	/* what it is best told; never 0 */
	bool heard;	/* it listens to that, as far as /proc tells */
	bool settled;	/* it has lived long enough to have begun to listen */
	const char *is; /* "systemd", ...; "" */
};

/* configured: what the config says, 0: nothing. -errno: there is no such process, or nobody may look at it. */
int halt_look(pid_t init, enum halt_end end, int configured, struct halt *h);
