/* SPDX-License-Identifier: MIT */
/* The cgroups of a running container, found by its state file. */
#include "client/container.h"

#include <errno.h>
#include <unistd.h>

enum { BEGIN_MS = 10 * 1000 }; /* a hook of the start that asks is not to hold it for ever */

static int has_cgroup(const struct status *s, struct err *e)
{
	if (s->state == STOPPED)
		return err_say(e, ESRCH, "it is not running");
	if (!s->cgroup[0]) /* started by a user who may make none */
		return err_say(e, ENOENT, "it has no cgroup");
	return 0;
}

int container_cgroup_as(const struct status *s, struct cgroup_host *host, struct cgroup_tree *t, struct err *e)
{
	int x = has_cgroup(s, e);

	if (x == 0)
		x = cgroup_look_of(host, s->init_pid, s->cgroup, e);
	if (x == 0)
		x = cgroup_tree_init(t, host, s->cgroup, e);
	return x < 0 ? x : cgroup_tree_open(t, e);
}

/* Whether a start is under way that has made none yet. */
static bool has_none_yet(const struct container *c)
{
	struct err ignored = { 0 };
	struct status s;

	if (container_look(c, &s, &ignored) < 0)
		return false;
	status_free(&s);
	return s.state == STARTING && !s.cgroup[0] && !s.pausing;
}

int container_cgroup_begun(const struct container *c, struct cgroup_host *host, struct cgroup_tree *t, struct err *e)
{
	int x = has_none_yet(c) ? container_wait(c, ~(1U << STARTING), BEGIN_MS, e) : 0;

	return x < 0 && x != -ETIMEDOUT ? x : container_cgroup(c, host, t, e);
}

int container_cgroup(const struct container *c, struct cgroup_host *host, struct cgroup_tree *t, struct err *e)
{
	struct status s;
	int x = container_look(c, &s, e);

	if (x < 0)
		return x;
	x = container_cgroup_as(&s, host, t, e);
	status_free(&s);
	return x;
}

int container_stats_as(const struct status *s, const struct cgroup_host *host, unsigned wanted,
		       struct cgroup_stats *out, struct err *e)
{
	struct cgroup_host theirs;
	struct cgroup_tree t;
	int x = has_cgroup(s, e);

	if (x == 0 && geteuid() != 0) { /* of each of a user's containers it is another place */
		x = cgroup_look_of(&theirs, s->init_pid, s->cgroup, e);
		host = &theirs;
	}
	if (x == 0)
		x = cgroup_tree_init(&t, host, s->cgroup, e);
	if (x < 0)
		return x;
	cgroup_tree_open_counters(&t, wanted);
	cgroup_tree_stats(&t, wanted, out);
	cgroup_tree_close(&t);
	return 0;
}

int container_stats(const struct container *c, const struct cgroup_host *host, unsigned wanted,
		    struct cgroup_stats *out, struct err *e)
{
	struct status s;
	int x = container_look(c, &s, e);

	if (x < 0)
		return x;
	cgroup_stats_clear(out);
	x = container_stats_as(&s, host, wanted, out, e);
	status_free(&s);
	return x;
}
