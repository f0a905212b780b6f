/* SPDX-License-Identifier: MIT */
/* Freezes a container, and thaws it: the kernel's word is the state. */
#include "client/container.h"

#include <errno.h>

static int it_stopped(struct err *e)
{
	err_clear(e);
	return err_say(e, ESRCH, "it has stopped meanwhile");
}

/* What is frozen is the life that was to be: between its end and the next one's begin the cgroup has the same name. */
static bool is_same_life(const struct container *c, pid_t init)
{
	struct err ignored = { 0 };
	struct status now;

	if (container_look(c, &now, &ignored) < 0)
		return false;
	status_free(&now);
	return now.init_pid == init && now.state != STARTING && now.state != STOPPING;
}

static int change(const struct container *c, const struct cgroup_tree *t, pid_t init, bool freeze, int timeout_ms,
		  struct err *e)
{
	int x;

	if (cgroup_tree_frozen(t) == freeze)
		return 0;
	monitor_tell_state(c->lxcpath, c->name, freeze ? FREEZING : THAWED);
	x = cgroup_tree_freeze(t, freeze, timeout_ms, e);
	if (x == 0 && freeze && !is_same_life(c, init)) {
		cgroup_tree_let_go(t);
		return it_stopped(e);
	}
	if (x == -ENOENT || x == -ENODEV) /* the cgroup is gone, ENODEV: under our hands: so is the container */
		return it_stopped(e);
	monitor_tell_state(c->lxcpath, c->name, freeze == (x == 0) ? FROZEN : RUNNING); /* or it was rolled back */
	return x;
}

int container_freeze(struct container *c, bool freeze, int timeout_ms, struct err *e)
{
	struct cgroup_host host;
	struct cgroup_tree t;
	struct status s;
	int x = container_look(c, &s, e);

	if (x < 0)
		return x;
	status_free(&s);
	if (freeze && s.state == STARTING)
		return err_say(e, ESRCH, "it is still starting");
	x = container_cgroup_as(&s, &host, &t, e);
	if (x < 0)
		return x;
	x = change(c, &t, s.init_pid, freeze, timeout_ms, e);
	cgroup_tree_close(&t);
	return x;
}
