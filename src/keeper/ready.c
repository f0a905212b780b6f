/* SPDX-License-Identifier: MIT */
/* keg-keeper ready NAME LXCPATH: tells listeners that it is. The idle stage has written it down already. */
#include "keeper/keeper.h"

#include "base/own.h"
#include "engine/event.h"

int keeper_ready(const char *name, const char *lxcpath)
{
	struct event ev = { .kind = EVENT_READY };

	if (str_copy(ev.name, sizeof(ev.name), name) < 0)
		return 1;
	monitor_tell(lxcpath, &ev);
	return 0;
}
