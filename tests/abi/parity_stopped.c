/* SPDX-License-Identifier: MIT */
/* The methods without an object, of a container that was never there, and of one that went under one's hands. */
#include "parity.h"

static void no_object(void)
{
	struct lxc_container *c = object("a");
	struct lxc_snapshot *list = NULL;
	struct lxc_console_log log = { 0 };
	int tty = 0, fd = -1;
	pid_t pid;

	EXPECT(!c->is_defined(NULL) && !c->state(NULL) && !c->is_running(NULL) && !c->may_control(NULL));
	EXPECT(!c->freeze(NULL) && !c->unfreeze(NULL) && c->init_pid(NULL) < 0 && c->init_pidfd(NULL) < 0);
	EXPECT(!c->load_config(NULL, NULL) && !c->config_file_name(NULL));
	EXPECT(!c->start(NULL, 0, NULL) && !c->startl(NULL, 0, NULL) && !c->stop(NULL) && !c->shutdown(NULL, 0));
	EXPECT(!c->reboot(NULL) && !c->reboot2(NULL, 0) && !c->wait(NULL, "STOPPED", 0));
	EXPECT(!c->want_daemonize(NULL, true) && !c->want_close_all_fds(NULL, true));
	EXPECT(!c->set_config_item(NULL, "lxc.uts.name", "a") && !c->clear_config_item(NULL, "lxc.uts.name"));
	EXPECT(c->get_config_item(NULL, "lxc.uts.name", NULL, 0) < 0 && !c->get_running_config_item(NULL, "a"));
	c->clear_config(NULL);
	EXPECT(!c->get_config_path(NULL) && !c->set_config_path(NULL, "/"));
	EXPECT(!c->create(NULL, NULL, NULL, NULL, 0, NULL) && !c->createl(NULL, NULL, NULL, NULL, 0, NULL));
	EXPECT(!c->destroy(NULL) && !c->destroy_with_snapshots(NULL) && !c->rename(NULL, "b"));
	EXPECT(!c->clone(NULL, "b", NULL, 0, NULL, NULL, 0, NULL));
	EXPECT(c->snapshot(NULL, NULL) < 0 && c->snapshot_list(NULL, &list) < 0 &&
	       !c->snapshot_restore(NULL, "a", NULL));
	EXPECT(!c->snapshot_destroy(NULL, "a") && !c->snapshot_destroy_all(NULL));
	EXPECT(!c->get_interfaces(NULL) && !c->get_ips(NULL, NULL, NULL, 0));
	EXPECT(c->get_cgroup_item(NULL, "pids.max", NULL, 0) < 0 && !c->set_cgroup_item(NULL, "pids.max", "1"));
	EXPECT(c->console_getfd(NULL, &tty, &fd) < 0 && c->console(NULL, 0, 0, 1, 2, 1) < 0);
	EXPECT(c->console_log(NULL, &log) < 0);
	EXPECT(c->attach(NULL, lxc_attach_run_shell, NULL, NULL, &pid) < 0);
	EXPECT(c->attach_run_wait(NULL, NULL, "true", NULL) < 0 &&
	       c->attach_run_waitl(NULL, NULL, "true", "true", NULL) < 0);
	EXPECT(!c->add_device_node(NULL, "/dev/null", NULL) && !c->remove_device_node(NULL, "/dev/null", NULL));
	EXPECT(!c->attach_interface(NULL, "a", "b") && !c->detach_interface(NULL, "a", "b"));
	EXPECT(!c->checkpoint(NULL, NULL, false, false));
	EXPECT(c->migrate(NULL, MIGRATE_DUMP, NULL, 0) != 0);
	EXPECT(c->mount(NULL, "a", "b", NULL, 0, NULL, NULL) < 0 && c->umount(NULL, "b", 0, NULL) < 0);
	EXPECT(c->seccomp_notify_fd(NULL) < 0 && c->seccomp_notify_fd_active(NULL) < 0 && c->devpts_fd(NULL) < 0);
	(void)lxc_container_put(c);
}

static void no_object_to_save_or_restore(void)
{
	struct lxc_container *c = object("a");

	EXPECT(!c->save_config(NULL, NULL) && !c->restore(NULL, NULL, false));
	(void)lxc_container_put(c);
}

static void never_there(void)
{
	struct lxc_container *c = object("a");

	EXPECT(!c->is_defined(c) && !c->is_running(c) && strcmp(c->state(c), "STOPPED") == 0 && c->init_pid(c) == -1);
	EXPECT(c->stop(c) && c->shutdown(c, 1) && c->reboot2(c, 1) && c->may_control(c));
	EXPECT(!c->reboot(c) && !c->freeze(c) && !c->unfreeze(c));
	EXPECT(c->wait(c, "STOPPED", 0) && !c->wait(c, "RUNNING", 0) && !c->wait(c, "stopped", 0));
	EXPECT(!c->want_daemonize(c, false) && !c->want_close_all_fds(c, true));
	REFUSED(c, !c->start(c, 0, NULL), ENOENT, "a is not defined");
	EXPECT(c->error_num == 1);
	EXPECT(!c->destroy(c) && !c->destroy_with_snapshots(c) && c->snapshot(c, NULL) < 0);
	EXPECT(!c->want_daemonize(c, false)); /* no config came of it, so that a creation begins with the default one */
	EXPECT(!c->load_config(c, NULL));
	(void)lxc_container_put(c);
}

static void never_there_nor_copied(void)
{
	struct lxc_container *c = object("a");

	REFUSED(c, !c->clone(c, "b", NULL, 0, NULL, NULL, 0, NULL), ENOENT, "a is not defined");
	REFUSED(c, !c->rename(c, "b"), ENOENT, "a is not defined");
	(void)lxc_container_put(c);
}

static void nothing_runs(void)
{
	struct lxc_container *c = container("a", "", "");
	struct lxc_console_log log = { 0 };
	uint64_t most = 0;
	int tty = 1, fd = -1;
	pid_t pid = -1;

	log.read_max = &most;
	log.read = true;
	EXPECT(c->get_cgroup_item(c, "pids.max", NULL, 0) < 0 && !c->set_cgroup_item(c, "pids.max", "1"));
	EXPECT(c->console_getfd(c, &tty, &fd) < 0 && c->console(c, 1, 0, 1, 2, 1) < 0);
	EXPECT(c->console_log(c, &log) < 0 && !log.data);
	EXPECT(c->attach(c, lxc_attach_run_shell, NULL, NULL, &pid) < 0 &&
	       c->attach_run_wait(c, NULL, "true", NULL) < 0);
	EXPECT(!c->add_device_node(c, "/dev/null", NULL) && !c->remove_device_node(c, "/dev/null", NULL));
	EXPECT(!c->attach_interface(c, "no-such0", "b"));
	EXPECT(!c->detach_interface(c, "no-such0", NULL));
	EXPECT(c->mount(c, "/", "/mnt", NULL, 0, NULL, NULL) < 0 && c->umount(c, "/mnt", 0, NULL) != 0);
	EXPECT(c->seccomp_notify_fd(c) < 0 && c->seccomp_notify_fd_active(c) < 0);
	EXPECT(c->devpts_fd(c) < 0 && c->init_pidfd(c) < 0 && c->init_pid(c) == -1);
	EXPECT(!c->get_running_config_item(c, "lxc.uts.name") && !c->get_interfaces(c));
	EXPECT(!c->get_ips(c, NULL, NULL, 0) && !c->get_ips(c, "eth0", "inet", 0));
	EXPECT(!c->checkpoint(c, (char *)below("dump"), false, false) && c->init_pid(c) == -1);
	EXPECT(!c->freeze(c) && c->unfreeze(c));
#if LXC_VERSION_MAJOR >= 6
	EXPECT(c->set_timeout(c, 5) && c->set_timeout(c, -1) && !c->set_timeout(c, 0));
#endif
	(void)lxc_container_put(c);
}

static void empty_words(void)
{
	struct lxc_container *c = container("a", "", "");

	EXPECT(!c->wait(c, NULL, 0) && !c->wait(c, "", 0) && !c->wait(c, "RUNNING|NONSENSE", 0));
	EXPECT(c->get_cgroup_item(c, NULL, NULL, 0) < 0 && c->get_cgroup_item(c, "", NULL, 0) < 0);
	EXPECT(!c->set_cgroup_item(c, NULL, NULL) && !c->set_cgroup_item(c, "", ""));
	EXPECT(!c->get_running_config_item(c, NULL) && !c->add_device_node(c, NULL, NULL));
	EXPECT(!c->snapshot_restore(c, NULL, NULL) && !c->snapshot_restore(c, "", NULL) && c->is_defined(c));
	EXPECT(!c->snapshot_destroy(c, NULL) && !c->snapshot_destroy(c, ""));
	EXPECT(c->console_getfd(c, NULL, NULL) < 0 && c->attach_run_wait(c, NULL, NULL, NULL) < 0);
	EXPECT(!c->rename(c, NULL) && !c->rename(c, "") && c->is_defined(c));
	EXPECT(!c->attach_interface(c, NULL, NULL) && !c->detach_interface(c, NULL, NULL));
	EXPECT(c->console_log(c, NULL) < 0);
	EXPECT(c->snapshot_list(c, NULL) < 0);
	EXPECT(c->mount(c, NULL, NULL, NULL, 0, NULL, NULL) < 0 && c->umount(c, NULL, 0, NULL) < 0);
	EXPECT(!c->checkpoint(c, NULL, false, false) && !c->restore(c, NULL, false));
	EXPECT(c->migrate(c, MIGRATE_DUMP, NULL, 0) != 0);
	(void)lxc_container_put(c);
}

static void destroyed_under_ones_hands(void)
{
	struct lxc_container *mine = container("a", "", ""), *other = object("a");

	MUST(other, other->destroy(other));
	EXPECT(!mine->is_defined(mine) && access(below("a"), F_OK) < 0);
	EXPECT(mine->get_config_item(mine, "lxc.uts.name", NULL, 0) == 1);
	EXPECT(strcmp(mine->state(mine), "STOPPED") == 0 && !mine->is_running(mine));
	EXPECT(!mine->start(mine, 0, NULL) && !mine->destroy(mine) && mine->snapshot(mine, NULL) < 0);
	MUST(mine, mine->save_config(mine, NULL));
	EXPECT(other->is_defined(other));
	(void)lxc_container_put(mine);
	(void)lxc_container_put(other);
}

static void two_handles_are_two_configs(void)
{
	struct lxc_container *a = container("a", "", ""), *b = object("a");

	MUST(a, a->set_config_item(a, "lxc.uts.name", "other"));
	EXPECT(b->get_config_item(b, "lxc.uts.name", NULL, 0) == 1);
	MUST(a, a->save_config(a, NULL));
	b->clear_config(b);
	MUST(b, b->load_config(b, NULL));
	EXPECT(b->get_config_item(b, "lxc.uts.name", NULL, 0) == 5);
	(void)lxc_container_put(a);
	(void)lxc_container_put(b);
}

const struct test stopped_tests[] = {
	{ "no_object", no_object },
	{ "no_object_to_save_or_restore", no_object_to_save_or_restore, "crashes on NULL" },
	{ "never_there", never_there },
	{ "never_there_nor_copied", never_there_nor_copied },
	{ "nothing_runs", nothing_runs, NULL, true },
	{ "empty_words", empty_words, "crashes on NULL", true },
	{ "destroyed_under_ones_hands", destroyed_under_ones_hands, NULL, true },
	{ "two_handles_are_two_configs", two_handles_are_two_configs },
	{ 0 },
};
