/* SPDX-License-Identifier: MIT */
/* Freezes a container, and thaws it: the kernel's word is the state. */
#include "client/container.h"

#include <errno.h>

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
