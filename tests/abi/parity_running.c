/* SPDX-License-Identifier: MIT */
/* A running container through the table; and that thousands of rounds leave nothing behind in the caller. */
#include "parity.h"

#include <dirent.h>
#include <malloc.h>

static void start(struct lxc_container *c)
{
	MUST(c, c->start(c, 0, NULL));
	MUST(c, c->wait(c, "RUNNING", 10));
}

/* Signals that come before its handlers do are lost. */
static void is_ready(void)
{
	for (int i = 0; i < 200 && access(below("a/rootfs/ready"), F_OK) < 0; i++)
		(void)usleep(50000);
}

static void a_life(void)
{
	struct lxc_container *c = container("a", "", ""), *other = object("a");
	int fd;
	char *item;

	start(c);
	is_ready();
	EXPECT(c->is_running(c) && strcmp(c->state(c), "RUNNING") == 0 && c->init_pid(c) > 1);
	EXPECT(other->init_pid(other) == c->init_pid(c) && c->may_control(c));
	fd = c->init_pidfd(c);
	EXPECT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	(void)close(fd);
	item = c->get_running_config_item(c, "lxc.uts.name");
	EXPECT(item && strcmp(item, "a") == 0);
	free(item);
	EXPECT(!c->get_running_config_item(c, "lxc.nonsense"));
	REFUSED(other, !other->start(other, 0, NULL), EBUSY, "a is running already");
	EXPECT(c->wait(c, "STOPPED|RUNNING", 0) && !c->wait(c, "STOPPED", 1));
	EXPECT(c->freeze(c) && strcmp(other->state(other), "FROZEN") == 0 && other->is_running(other));
	EXPECT(other->unfreeze(other) && other->unfreeze(other) && strcmp(c->state(c), "RUNNING") == 0);
	REFUSED(c, !c->destroy(c), EBUSY, "a is running");
	EXPECT(c->is_defined(c) && c->is_running(c) && access(below("a/rootfs/answer"), F_OK) == 0);
	EXPECT(!c->destroy_with_snapshots(c) && c->is_running(c));
	EXPECT(list_active_containers(lxcpath, NULL, NULL) == 1);
	EXPECT(other->stop(other) && !c->is_running(c) && c->init_pid(c) == -1 && c->stop(c));
	EXPECT(unlink(below("a/rootfs/ready")) == 0);
	start(c);
	is_ready();
	EXPECT(c->shutdown(c, 10) && strcmp(other->state(other), "STOPPED") == 0);
	(void)lxc_container_put(other);
	(void)lxc_container_put(c);
}

static void a_running_one_is_not_moved(void)
{
	struct lxc_container *c = container("a", "", "");

	start(c);
	EXPECT(!c->rename(c, "b") && c->is_running(c) && access(below("b"), F_OK) < 0);
	EXPECT(!c->clone(c, "b", NULL, 0, NULL, NULL, 0, NULL) && access(below("b"), F_OK) < 0);
	EXPECT(c->snapshot(c, NULL) < 0);
	EXPECT(c->is_running(c) && c->stop(c));
	(void)lxc_container_put(c);
}

static void whoever_does_not_listen(void)
{
	struct lxc_container *c = container("a", "stubborn", "");

	start(c);
	REFUSED(c, !c->shutdown(c, 1), ETIMEDOUT, "a has not shut down in time");
	EXPECT(c->is_running(c) && c->freeze(c) && c->stop(c) && !c->is_running(c));
	(void)lxc_container_put(c);
}

static void reboots(void)
{
	struct lxc_container *c = container("a", "", "");
	pid_t before;

	start(c);
	before = c->init_pid(c);
	is_ready();
	EXPECT(c->reboot2(c, 20) && c->init_pid(c) > 1 && c->init_pid(c) != before);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

/* The last word counts: whoever asks for an end while it is rebooting gets it. */
static void stopped_while_it_reboots(void)
{
	struct lxc_container *c = container("a", "touch /ready await /go nap 500 reboot", "");

	start(c);
	is_ready();
	write_file(below("a/rootfs/go"), "");
	MUST(c, c->shutdown(c, 20));
	EXPECT(!c->is_running(c) && !c->wait(c, "RUNNING", 2));
	(void)c->stop(c);
	(void)lxc_container_put(c);
}

static void a_start_that_fails(void)
{
	struct lxc_container *c = container("a", "", "");

	EXPECT(unlink(below("a/rootfs/answer")) == 0);
	REFUSED(c, !c->start(c, 0, NULL), ENOENT, "cannot run /answer: No such file or directory");
	EXPECT(strcmp(c->state(c), "STOPPED") == 0 && c->error_num == 1);
	(void)lxc_container_put(c);
}

static void in_the_foreground(void)
{
	struct lxc_container *c = container("a", "exit 3", "");

	EXPECT(c->want_daemonize(c, false) && !c->daemonize);
	MUST(c, c->start(c, 0, NULL));
	EXPECT(c->error_num == 3 << 8 && strcmp(c->state(c), "STOPPED") == 0);
	(void)lxc_container_put(c);
}

static void cgroup_items(void)
{
	struct lxc_container *c = container("a", "", "");
	char buf[64] = "abcdefgh";

	start(c);
	MUST(c, c->set_cgroup_item(c, "pids.max", "77"));
	EXPECT(c->get_cgroup_item(c, "pids.max", NULL, 0) == 3);
	(void)c->get_cgroup_item(c, "pids.max", buf, 0);
	EXPECT(strcmp(buf, "abcdefgh") == 0);
	EXPECT(c->get_cgroup_item(c, "pids.max", buf, 1) == 1 && strcmp(buf, "7bcdefgh") == 0);
	EXPECT(c->get_cgroup_item(c, "pids.max", buf, sizeof(buf)) == 3 && strncmp(buf, "77\n", 3) == 0);
	EXPECT(c->get_cgroup_item(c, "pids.nonsense", buf, sizeof(buf)) < 0 && !c->set_cgroup_item(c, "no.such", "1"));
	EXPECT(!c->set_cgroup_item(c, "pids.max", "many"));
	EXPECT(c->stop(c) && c->get_cgroup_item(c, "pids.max", NULL, 0) < 0);
	(void)lxc_container_put(c);
}

static int seven(void *payload)
{
	return *(int *)payload + 2;
}

static void attached(void)
{
	struct lxc_container *c = container("a", "", "");
	const char *const argv[] = { "/answer", "exit", "7", NULL };
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	int five = 5, status = 0;
	pid_t pid = -1;

	start(c);
	EXPECT(c->attach_run_wait(c, NULL, "/answer", argv) == 7 << 8);
	EXPECT(c->attach_run_waitl(c, NULL, "/answer", "/answer", "exit", "0", NULL) == 0);
	EXPECT(c->attach_run_waitl(c, NULL, "/none", "/none", NULL) == 127 << 8);
	EXPECT(c->attach_run_waitl(c, NULL, "/etc", "/etc", NULL) == 126 << 8);
	options.env_policy = LXC_ATTACH_CLEAR_ENV;
	options.uid = 7;
	options.gid = 7;
	EXPECT(c->attach_run_waitl(c, &options, "/answer", "/answer", "exit", "0", NULL) == 0);
	MUST(c, c->attach(c, seven, &five, NULL, &pid) == 0);
	EXPECT(pid > 1 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

static void terminals(void)
{
	struct lxc_container *c = container("a", "", "lxc.tty.max = 2\n");
	int tty = 1, master = -1, hold, again, other = -1;

	start(c);
	hold = c->console_getfd(c, &tty, &master);
	MUST(c, hold >= 0);
	EXPECT(master >= 0 && tty == 1 && isatty(master));
	again = c->console_getfd(c, &tty, &other);
	EXPECT(again < 0);
	tty = -1;
	again = c->console_getfd(c, &tty, &other);
	EXPECT(again >= 0 && tty == 2);
	(void)close(again);
	(void)close(other);
	tty = 99;
	EXPECT(c->console_getfd(c, &tty, &other) < 0);
	(void)close(hold);
	(void)close(master);
	EXPECT(c->console(c, 99, 0, 1, 2, 1) < 0);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

static void a_console_that_showed_nothing(void)
{
	struct lxc_container *c = container("a", "", "lxc.console.buffer.size = 4096\n");
	struct lxc_console_log log = { .read = true };
	uint64_t most = 0;

	start(c);
	log.read_max = &most;
	MUST(c, c->console_log(c, &log) == -ENODATA);
	EXPECT(!log.data);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

static void devices_and_interfaces(void)
{
	struct lxc_container *c = container("a", "", "");
	char **names;

	start(c);
	EXPECT(!c->add_device_node(c, "/dev/no-such-device", NULL) && !c->add_device_node(c, "/etc/passwd", NULL));
	EXPECT(!c->get_ips(c, NULL, NULL, 0));
	names = c->get_interfaces(c);
	MUST(c, names != NULL);
	EXPECT(names && strcmp(names[0], "lo") == 0);
	for (char **n = names; n && *n; n++)
		free(*n);
	free(names);
	EXPECT(!c->get_ips(c, "no-such0", "inet", 0) && !c->get_ips(c, NULL, "ipx", 0));
	EXPECT(!c->attach_interface(c, "no-such0", NULL) && !c->detach_interface(c, "no-such0", NULL));
	EXPECT(c->mount(c, "/", "/mnt", NULL, 0, NULL, NULL) < 0);
	EXPECT(c->seccomp_notify_fd_active(c) < 0);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

static void a_devpts(void)
{
	struct lxc_container *c = container("a", "", "lxc.pty.max = 16\n");
	int fd;

	start(c);
	fd = c->devpts_fd(c);
	MUST(c, fd >= 0);
	(void)close(fd);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

/* --- nothing grows --- */

static int fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void one_round(struct lxc_container *held, int i)
{
	struct lxc_container *c = lxc_container_new("a", lxcpath);
	char buf[64];

	(void)c->state(c);
	(void)c->init_pid(c);
	(void)c->get_config_item(c, "lxc.uts.name", buf, sizeof(buf));
	(void)c->get_config_item(c, "lxc.nonsense", buf, sizeof(buf));
	(void)c->set_config_item(c, "lxc.environment", "A=1");
	(void)c->set_config_item(c, "lxc.nonsense", "A=1");
	free(c->get_running_config_item(c, "lxc.uts.name"));
	(void)c->get_cgroup_item(c, "pids.max", buf, sizeof(buf));
	(void)c->get_cgroup_item(c, "pids.nonsense", buf, sizeof(buf));
	if (i % 20 == 0) {
		(void)held->attach_run_waitl(held, NULL, "/answer", "/answer", "exit", "0", NULL);
		(void)held->start(held, 0, NULL);
		(void)close(held->init_pidfd(held));
	}
	(void)lxc_container_put(c);
}

static void nothing_grows(void)
{
	struct lxc_container *c = container("a", "", "");
	int n = 0;
	size_t used = 0;

	start(c);
	(void)sleep(3); /* a config that has not just been written is remembered: from the first round on */
	for (int i = 0; i < 2000; i++) {
		if (i == 100) {
			n = fds();
			used = mallinfo2().uordblks;
		}
		one_round(c, i);
	}
	EXPECT(fds() == n);
	/* glibc counts what a thread's cache holds as used: without the cache it is the same to the byte. */
	EXPECT(mallinfo2().uordblks <= used + 16384);
	if (mallinfo2().uordblks > used + 16384)
		printf("  %zu bytes more\n", mallinfo2().uordblks - used);
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

const struct test running_tests[] = {
	{ "a_life", a_life, NULL, true },
	{ "a_running_one_is_not_moved", a_running_one_is_not_moved, NULL, true },
	{ "whoever_does_not_listen", whoever_does_not_listen, NULL, true },
	{ "reboots", reboots, NULL, true },
	{ "stopped_while_it_reboots", stopped_while_it_reboots, "a shutdown of a container that reboots is forgotten",
	  true },
	{ "a_start_that_fails", a_start_that_fails, NULL, true },
	{ "in_the_foreground", in_the_foreground, NULL, true },
	{ "cgroup_items", cgroup_items, NULL, true },
	{ "attached", attached, NULL, true },
	{ "terminals", terminals, NULL, true },
	{ "a_console_that_showed_nothing", a_console_that_showed_nothing, NULL, true },
	{ "devices_and_interfaces", devices_and_interfaces, NULL, true },
	{ "a_devpts", a_devpts, NULL, true },
	{ "nothing_grows", nothing_grows, "each attach leaves an fd open", true },
	{ 0 },
};
