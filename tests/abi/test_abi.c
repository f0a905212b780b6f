/* SPDX-License-Identifier: MIT */
/* liblxc.so.1: what its functions answer, and that every one of the table can be called. */
#include "../unit/unit.h"

#include <lxc/lxccontainer.h>
#include <lxc/version.h>

static char *lxcpath;

static struct lxc_container *new (const char *name)
{
	struct lxc_container *c = lxc_container_new(name, lxcpath);

	assert_non_null(c);
	return c;
}

static void gives(struct lxc_container *c, const char *key, const char *want)
{
	char buf[4096] = "";
	int n = c->get_config_item(c, key, NULL, 0);

	assert_int_equal(n, strlen(want));
	assert_int_equal(c->get_config_item(c, key, buf, sizeof(buf)), n);
	assert_string_equal(buf, want);
}

static void an_object_is_counted(void **state)
{
	struct lxc_container *c = new ("a");

	(void)state;
	assert_string_equal(c->name, "a");
	assert_string_equal(c->config_path, lxcpath);
	assert_true(c->daemonize);
	assert_null(c->lxc_conf);
	assert_int_equal(lxc_container_get(c), 1);
	assert_int_equal(lxc_container_put(c), 0);
	assert_int_equal(lxc_container_put(c), 1);
	assert_int_equal(lxc_container_put(NULL), -1);
	assert_int_equal(lxc_container_get(NULL), 0);
	assert_null(lxc_container_new(NULL, NULL));
	assert_null(lxc_container_new("a/b", lxcpath));
}

static void every_place_of_the_table_is_filled(void **state)
{
	struct lxc_container *c = new ("a");
	void *const *from = (void *const *)(const void *)&c->is_defined;
	void *const *to = (void *const *)(const void *)&c->rcv_timeout;

	(void)state;
	for (; from < to; from++)
		assert_non_null(*from);
	assert_non_null(c->set_timeout);
	lxc_container_put(c);
}

static void what_is_not_there_yet_says_so(void **state)
{
	struct lxc_container *c = new ("a");

	(void)state;
	errno = 0;
	assert_false(c->rename(c, "b"));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(c->error_string, "a is not defined");
	assert_null(c->clone(c, "b", NULL, 0, NULL, NULL, 0, NULL));
	assert_int_equal(c->migrate(c, MIGRATE_DUMP, NULL, 0), -ENOTSUP);
	assert_int_equal(c->mount(c, "/", "/", NULL, 0, NULL, NULL), -ESRCH);
	assert_string_equal(c->error_string, "Container a is not running");
	assert_int_equal(c->seccomp_notify_fd(c), -EBADF);
	lxc_container_put(c);
}

static void no_object_is_an_error_not_a_crash(void **state)
{
	struct lxc_container *c = new ("a");

	(void)state;
	assert_false(c->is_defined(NULL));
	assert_false(c->is_running(NULL));
	assert_null(c->state(NULL));
	assert_false(c->start(NULL, 0, NULL));
	assert_false(c->stop(NULL));
	assert_false(c->set_config_item(NULL, "lxc.uts.name", "a"));
	assert_int_equal(c->get_config_item(NULL, "lxc.uts.name", NULL, 0), -1);
	assert_int_equal(c->get_cgroup_item(NULL, "pids.max", NULL, 0), -1);
	assert_null(c->get_ips(NULL, NULL, NULL, 0));
	assert_false(c->rename(NULL, "b"));
	assert_int_equal(c->snapshot(NULL, NULL), -1);
	assert_false(c->want_daemonize(NULL, true));
	c->clear_config(NULL);
	lxc_container_put(c);
}

static void a_stopped_container_answers(void **state)
{
	struct lxc_container *c = new ("a");

	(void)state;
	assert_string_equal(c->state(c), "STOPPED");
	assert_false(c->is_running(c));
	assert_int_equal(c->init_pid(c), -1);
	assert_true(c->init_pidfd(c) < 0);
	assert_true(c->stop(c));
	assert_true(c->shutdown(c, 1));
	assert_true(c->wait(c, "STOPPED", 0));
	assert_false(c->wait(c, "RUNNING", 0));
	assert_false(c->wait(c, "stopped", 0));
	assert_false(c->reboot(c));
	assert_true(c->reboot2(c, 1));
	assert_true(c->may_control(c));
	assert_false(c->freeze(c));
	assert_null(c->get_ips(c, NULL, NULL, 0));
	assert_null(c->get_running_config_item(c, "lxc.uts.name"));
	assert_false(c->start(c, 0, NULL));
	assert_string_equal(c->error_string, "a is not defined");
	assert_int_equal(c->error_num, 1);
	lxc_container_put(c);
}

static void items_are_set_got_and_cleared(void **state)
{
	struct lxc_container *c = new ("a");

	(void)state;
	assert_int_equal(c->get_config_item(c, "lxc.uts.name", NULL, 0), -1);
	assert_false(c->clear_config_item(c, "lxc.uts.name"));
	assert_true(c->set_config_item(c, "lxc.uts.name", "alpha"));
	assert_non_null(c->lxc_conf);
	gives(c, "lxc.uts.name", "alpha");
	assert_true(c->set_config_item(c, "lxc.cap.drop", "mknod chown"));
	gives(c, "lxc.cap.drop", "mknod\nchown\n");
	assert_true(c->set_config_item(c, "lxc.uts.name", NULL));
	gives(c, "lxc.uts.name", "");
	assert_true(c->clear_config_item(c, "lxc.cap.drop"));
	gives(c, "lxc.cap.drop", "");
	assert_false(c->set_config_item(c, "lxc.utsname", "a"));
	assert_string_equal(c->error_string, "unknown key lxc.utsname");
	assert_int_equal(c->get_config_item(c, "lxc.nonsense", NULL, 0), -EINVAL);
	assert_int_equal(c->get_config_item(c, "lxc.include", NULL, 0), -ENOSYS);
	c->clear_config(c);
	assert_null(c->lxc_conf);
	assert_int_equal(c->get_config_item(c, "lxc.uts.name", NULL, 0), -1);
	lxc_container_put(c);
}

static void a_small_buffer_is_left_alone(void **state)
{
	struct lxc_container *c = new ("a");
	char buf[4] = "abc";

	(void)state;
	assert_true(c->set_config_item(c, "lxc.uts.name", "alpha"));
	assert_int_equal(c->get_config_item(c, "lxc.uts.name", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "abc");
	lxc_container_put(c);
}

static char *slurp(const char *path)
{
	char *text = calloc(1, 4096);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, 4095) >= 0);
	close(fd);
	return text;
}

static void a_save_keeps_the_users_file(void **state)
{
	struct lxc_container *c = new ("kept");
	char *file = c->config_file_name(c), folder[256], *text;
	int dir;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/kept", lxcpath);
	assert_int_equal(mkdir(folder, 0755), 0);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unit_write(dir, "config", "# mine\n\nlxc.uts.name = a\nnot a key\n\n# end\n");
	close(dir);
	assert_true(c->is_defined(c));
	assert_true(c->load_config(c, NULL));
	assert_true(c->set_config_item(c, "lxc.uts.name", "b"));
	assert_true(c->set_config_item(c, "lxc.mount.entry", "a b none bind"));
	assert_true(c->save_config(c, NULL));
	text = slurp(file);
	assert_string_equal(text, "# mine\n\nlxc.uts.name = b\nnot a key\n\n# end\nlxc.mount.entry = a b none bind\n");
	free(text);
	lxc_container_put(c);
	c = new ("kept");
	gives(c, "lxc.uts.name", "b");
	gives(c, "lxc.mount.entry", "a b none bind\n");
	lxc_container_put(c);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(folder), 0);
	free(file);
}

static void keys_are_told(void **state)
{
	struct lxc_container *c = new ("a");
	char buf[8192] = "";

	(void)state;
	assert_int_equal(c->get_keys(c, "lxc.net.0", NULL, 0), -1);
	assert_true(c->get_keys(c, NULL, buf, sizeof(buf)) > 1000);
	assert_non_null(strstr(buf, "lxc.uts.name\n"));
	assert_non_null(strstr(buf, "lxc.net\n"));
	assert_null(strstr(buf, "#"));
	assert_true(c->set_config_item(c, "lxc.net.0.type", "empty"));
	assert_int_equal(c->get_keys(c, "lxc.net.0", buf, sizeof(buf)), 27);
	assert_string_equal(buf, "type\nscript.up\nscript.down\n");
	assert_true(c->set_config_item(c, "lxc.net.0.type", "vlan"));
	assert_true(c->get_keys(c, "lxc.net.0", buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, "vlan.id\n"));
	assert_null(strstr(buf, "veth.pair\n"));
	assert_true(c->get_keys(c, "lxc.uts", buf, sizeof(buf)) == 5);
	assert_string_equal(buf, "name\n");
	assert_int_equal(c->get_keys(c, "lxc.nope", buf, sizeof(buf)), -EINVAL);
	lxc_container_put(c);
}

static void the_path_can_be_changed(void **state)
{
	struct lxc_container *c = new ("a");
	char *file;

	(void)state;
	assert_true(c->set_config_path(c, "/tmp/keg-elsewhere"));
	assert_string_equal(c->get_config_path(c), "/tmp/keg-elsewhere");
	assert_string_equal(c->config_path, "/tmp/keg-elsewhere");
	file = c->config_file_name(c);
	assert_string_equal(file, "/tmp/keg-elsewhere/a/config");
	free(file);
	lxc_container_put(c);
}

static void lists_are_sorted_and_owned(void **state)
{
	struct lxc_container **objects = NULL;
	char **names = NULL, folder[256];
	int dir;

	(void)state;
	for (const char *n = "ba"; *n; n++) {
		snprintf(folder, sizeof(folder), "%s/%c", lxcpath, *n);
		assert_int_equal(mkdir(folder, 0755), 0);
		dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		unit_write(dir, "config", "");
		close(dir);
	}
	assert_int_equal(list_all_containers(lxcpath, &names, &objects), 2);
	assert_string_equal(names[0], "a");
	assert_string_equal(objects[1]->name, "b");
	for (int i = 0; i < 2; i++) {
		free(names[i]);
		assert_int_equal(lxc_container_put(objects[i]), 1);
	}
	free(names);
	free(objects);
	assert_int_equal(list_active_containers(lxcpath, &names, NULL), 0);
	assert_null(names);
	for (const char *n = "ba"; *n; n++) {
		snprintf(folder, sizeof(folder), "%s/%c/config", lxcpath, *n);
		assert_int_equal(unlink(folder), 0);
		*strrchr(folder, '/') = 0;
		assert_int_equal(rmdir(folder), 0);
	}
	assert_int_equal(list_defined_containers("/nonexistent", &names, NULL), -1);
}

static void what_the_library_can_do(void **state)
{
	const char *states[8];

	(void)state;
	assert_string_equal(lxc_get_version(), LXC_VERSION);
	assert_int_equal(lxc_get_wait_states(NULL), 8);
	assert_int_equal(lxc_get_wait_states(states), 8);
	assert_string_equal(states[2], "RUNNING");
	assert_true(lxc_config_item_is_supported("lxc.net"));
	assert_true(lxc_config_item_is_supported("lxc.cgroup2"));
	assert_false(lxc_config_item_is_supported("lxc.net.0.type"));
	assert_false(lxc_config_item_is_supported("lxc"));
	assert_false(lxc_config_item_is_supported(NULL));
	assert_true(lxc_has_api_extension("mount_injection_file"));
	assert_false(lxc_has_api_extension("init_pidfd"));
	errno = 0;
	assert_null(lxc_get_global_config_item("lxc.nonsense"));
	assert_int_equal(errno, EINVAL);
	assert_non_null(lxc_get_global_config_item("lxc.lxcpath"));
	assert_ptr_equal(lxc_get_global_config_item("lxc.lxcpath"), lxc_get_global_config_item("lxc.lxcpath"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_counted),
		cmocka_unit_test(every_place_of_the_table_is_filled),
		cmocka_unit_test(what_is_not_there_yet_says_so),
		cmocka_unit_test(no_object_is_an_error_not_a_crash),
		cmocka_unit_test(a_stopped_container_answers),
		cmocka_unit_test(items_are_set_got_and_cleared),
		cmocka_unit_test(a_small_buffer_is_left_alone),
		cmocka_unit_test(a_save_keeps_the_users_file),
		cmocka_unit_test(keys_are_told),
		cmocka_unit_test(the_path_can_be_changed),
		cmocka_unit_test(lists_are_sorted_and_owned),
		cmocka_unit_test(what_the_library_can_do),
	};
	int dir = unit_folder(&lxcpath), r;

	close(dir);
	r = RUN(tests);
	(void)rmdir(lxcpath);
	free(lxcpath);
	return r;
}
