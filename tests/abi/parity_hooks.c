/* SPDX-License-Identifier: MIT */
/* What the table says while hooks of a start and of an end are still running. */
#include "parity.h"

/* A hook that says that it has begun, and ends when it may; it does not wait for ever. */
static struct lxc_container *with_hook(const char *kind)
{
	char script[4096], line[4096];
	struct lxc_container *c;

	(void)snprintf(line, sizeof(line), "lxc.hook.%s = %s\n", kind, below("hook"));
	(void)snprintf(script, sizeof(script),
		       "#!/bin/sh\n>%s\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n"
		       "\t[ ! -e %s ] || exit 0\n\tsleep 0.2\ndone\n",
		       below("begun"), below("may-end"));
	write_file(below("hook"), script);
	EXPECT(chmod(below("hook"), 0755) == 0);
	c = container("a", "", line);
	return c;
}

static bool appears(const char *path)
{
	for (int i = 0; i < 200 && access(path, F_OK) < 0; i++)
		(void)usleep(20000);
	return access(path, F_OK) == 0;
}

/* Another process does it. */
static pid_t meanwhile(bool (*f)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(f() ? 0 : 1);
	return pid;
}

static bool did(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid && status == 0;
}

static bool stop(void)
{
	struct lxc_container *c = object("a");

	return c->stop(c);
}

static bool let_it_end(void)
{
	(void)usleep(400000);
	write_file(below("may-end"), "");
	return true;
}

/* It runs, and is stopped by another until its hook begins. */
static pid_t stop_until_hook(struct lxc_container *c)
{
	pid_t stopper;

	(void)unlink(below("begun"));
	(void)unlink(below("may-end"));
	(void)unlink(below("a/rootfs/ready"));
	MUST(c, c->start(c, 0, NULL));
	EXPECT(appears(below("a/rootfs/ready")));
	stopper = meanwhile(stop);
	EXPECT(appears(below("begun")));
	return stopper;
}

/* LXD's hook starts a container anew that has rebooted, as soon as it is told that there is nothing left of it. */
static void it_has_stopped_when_post_stop_runs(void)
{
	struct lxc_container *c = with_hook("post-stop");
	pid_t stopper = stop_until_hook(c), helper;

	EXPECT(strcmp(c->state(c), "STOPPED") == 0 && !c->is_running(c) && c->init_pid(c) == -1);
	helper = meanwhile(let_it_end);
	MUST(c, c->start(c, 0, NULL));
	EXPECT(c->is_running(c) && did(helper) && did(stopper));
	EXPECT(c->stop(c));
	stopper = stop_until_hook(c);
	helper = meanwhile(let_it_end);
	MUST(c, c->destroy(c));
	EXPECT(!c->is_defined(c) && did(helper) && did(stopper));
	(void)lxc_container_put(c);
}

static bool limit(void)
{
	struct lxc_container *c = object("a");

	return appears(below("begun")) && c->set_cgroup_item(c, "pids.max", "55");
}

/* LXD sets its limits when a hook of the start has called it. */
static void a_limit_waits_for_the_start(void)
{
	struct lxc_container *c = with_hook("pre-start");
	pid_t limiter = meanwhile(limit), helper = meanwhile(let_it_end);
	char buf[16] = "";

	MUST(c, c->start(c, 0, NULL));
	EXPECT(did(limiter) && did(helper));
	EXPECT(c->get_cgroup_item(c, "pids.max", buf, sizeof(buf)) == 3 && strcmp(buf, "55\n") == 0);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

const struct test hook_tests[] = {
	{ "it_has_stopped_when_post_stop_runs", it_has_stopped_when_post_stop_runs, NULL, true },
	{ "a_limit_waits_for_the_start", a_limit_waits_for_the_start, NULL, true },
	{ 0 },
};
