/* SPDX-License-Identifier: MIT */
/* What a config answers through the table: items, keys, files, and places that cannot be written. */
#include "parity.h"

#include <sched.h>

static void items(void)
{
	struct lxc_container *c = object("a");
	char buf[64] = "";

	EXPECT(c->get_config_item(c, "lxc.uts.name", buf, sizeof(buf)) == -1);
	EXPECT(!c->clear_config_item(c, "lxc.uts.name"));
	MUST(c, c->set_config_item(c, "lxc.uts.name", "alpha"));
	EXPECT(c->lxc_conf && c->get_config_item(c, "lxc.uts.name", NULL, 0) == 5);
	EXPECT(c->get_config_item(c, "lxc.uts.name", buf, sizeof(buf)) == 5 && strcmp(buf, "alpha") == 0);
	MUST(c, c->set_config_item(c, "lxc.cap.drop", "mknod chown"));
	EXPECT(c->get_config_item(c, "lxc.cap.drop", buf, sizeof(buf)) == 12 && strcmp(buf, "mknod\nchown\n") == 0);
	MUST(c, c->set_config_item(c, "lxc.cap.drop", "setuid"));
	EXPECT(c->get_config_item(c, "lxc.cap.drop", NULL, 0) == 19);
	MUST(c, c->clear_config_item(c, "lxc.cap.drop"));
	EXPECT(c->get_config_item(c, "lxc.cap.drop", NULL, 0) == 0);
	EXPECT(c->get_config_item(c, "lxc.nonsense", NULL, 0) == -EINVAL);
	EXPECT(c->get_config_item(c, "lxc.include", NULL, 0) == -ENOSYS);
	REFUSED(c, !c->set_config_item(c, "lxc.nonsense", "1"), EINVAL, "unknown key lxc.nonsense");
	REFUSED(c, !c->set_config_item(c, "lxc.tty.max", "many"), EINVAL,
		"bad value \"many\" of lxc.tty.max: allowed is a number");
	EXPECT(!c->clear_config_item(c, "lxc.nonsense"));
	c->clear_config(c);
	EXPECT(!c->lxc_conf && c->get_config_item(c, "lxc.uts.name", NULL, 0) == -1);
	(void)lxc_container_put(c);
}

static void buffers_of_no_and_one_byte(void)
{
	struct lxc_container *c = object("a");
	char buf[8] = "abcdefg";

	MUST(c, c->set_config_item(c, "lxc.uts.name", "alpha"));
	EXPECT(c->get_config_item(c, "lxc.uts.name", buf, 0) == 5 && strcmp(buf, "abcdefg") == 0);
	EXPECT(c->get_config_item(c, "lxc.uts.name", buf, 1) == 5 && strcmp(buf + 1, "bcdefg") == 0);
	EXPECT(c->get_config_item(c, "lxc.uts.name", NULL, 100) == 5);
	EXPECT(c->get_config_item(c, "lxc.uts.name", buf, 6) == 5 && strcmp(buf, "alpha") == 0);
	EXPECT(c->get_keys(c, "lxc.uts", NULL, 0) == 5);
	memcpy(buf, "abcdefg", 8);
	EXPECT(c->get_keys(c, "lxc.uts", buf, 1) == 5 && strcmp(buf + 1, "bcdefg") == 0);
	(void)lxc_container_put(c);
}

static void no_key_and_no_value(void)
{
	struct lxc_container *c = object("a");

	MUST(c, c->set_config_item(c, "lxc.uts.name", "a"));
	MUST(c, c->set_config_item(c, "lxc.uts.name", NULL));
	EXPECT(c->get_config_item(c, "lxc.uts.name", NULL, 0) == 0);
	MUST(c, c->set_config_item(c, "lxc.uts.name", ""));
	EXPECT(!c->set_config_item(c, NULL, "a") && !c->set_config_item(c, "", "a"));
	EXPECT(!c->clear_config_item(c, NULL) && c->get_config_item(c, NULL, NULL, 0) < 0);
	EXPECT(c->get_config_item(c, "", NULL, 0) < 0 && c->get_keys(c, "", NULL, 0) < 0);
	(void)lxc_container_put(c);
}

static void a_value_holds_no_line(void)
{
	struct lxc_container *c = object("a");

	EXPECT(!c->set_config_item(c, "lxc.uts.name", "a\nlxc.hook.start = /bin/evil"));
	(void)lxc_container_put(c);
}

static void keys(void)
{
	struct lxc_container *c = object("a");
	char buf[8192] = "";

	EXPECT(c->get_keys(c, "lxc.net.0", buf, sizeof(buf)) == -1);
	EXPECT(c->get_keys(c, NULL, buf, sizeof(buf)) > 1000 && strstr(buf, "lxc.uts.name\n"));
	MUST(c, c->set_config_item(c, "lxc.net.0.type", "veth"));
	EXPECT(c->get_keys(c, "lxc.net.0", buf, sizeof(buf)) > 50 && strstr(buf, "veth.pair\n"));
	EXPECT(c->get_keys(c, "lxc.nope", buf, sizeof(buf)) == -EINVAL);
	(void)lxc_container_put(c);
}

static void saved_and_loaded(void)
{
	struct lxc_container *c = object("a"), *again;
	char buf[64] = "";
	char *file = c->config_file_name(c);

	EXPECT(file && strcmp(file, below("a/config")) == 0);
	free(file);
	MUST(c, c->set_config_item(c, "lxc.uts.name", "kept"));
	MUST(c, c->save_config(c, NULL));
	EXPECT(c->is_defined(c));
	MUST(c, c->save_config(c, below("elsewhere")));
	again = object("a");
	EXPECT(again->get_config_item(again, "lxc.uts.name", buf, sizeof(buf)) == 4 && strcmp(buf, "kept") == 0);
	again->clear_config(again);
	MUST(again, again->load_config(again, below("elsewhere")));
	EXPECT(again->get_config_item(again, "lxc.uts.name", NULL, 0) == 4);
	EXPECT(!again->load_config(again, below("missing")));
	EXPECT(again->get_config_item(again, "lxc.uts.name", NULL, 0) == 4);
	(void)lxc_container_put(c);
	(void)lxc_container_put(again);
}

static void a_place_that_cannot_be_written(void)
{
	struct lxc_container *c;

	write_file(below("file"), "");
	c = lxc_container_new("a", below("file/below"));
	if (!c)
		return;
	MUST(c, c->set_config_item(c, "lxc.uts.name", "a"));
	EXPECT(!c->save_config(c, NULL));
	EXPECT(!c->save_config(c, "/proc/no/such/file"));
	EXPECT(!c->create(c, NULL, NULL, NULL, 0, NULL));
	EXPECT(on_lxc || (c->error_string && strlen(c->error_string) > 10));
	EXPECT(!c->is_defined(c));
	(void)lxc_container_put(c);
}

/* A file system of 16 pages, full to the last. */
static void a_full_disk_keeps_the_old_file(void)
{
	struct lxc_container *c;
	static char page[4096];
	int fd;

	EXPECT(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	EXPECT(mount("none", lxcpath, "tmpfs", 0, "size=64k") == 0);
	c = object("a");
	MUST(c, c->set_config_item(c, "lxc.uts.name", "kept"));
	MUST(c, c->save_config(c, NULL));
	fd = open(below("filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, page, sizeof(page)) > 0)
		;
	(void)close(fd);
	for (int i = 0; i < 200; i++)
		EXPECT(c->set_config_item(c, "lxc.environment", "A=a variable that makes the file larger than a page"));
	EXPECT(!c->save_config(c, NULL));
	EXPECT(on_lxc || errno == ENOSPC);
	(void)lxc_container_put(c);
	c = object("a");
	EXPECT(c->get_config_item(c, "lxc.uts.name", NULL, 0) == 4);
	(void)lxc_container_put(c);
	(void)umount2(lxcpath, MNT_DETACH);
}

static void paths(void)
{
	struct lxc_container *c = object("a");
	char *file;

	EXPECT(strcmp(c->get_config_path(c), lxcpath) == 0);
	MUST(c, c->set_config_path(c, "/tmp/keg-elsewhere"));
	EXPECT(strcmp(c->get_config_path(c), "/tmp/keg-elsewhere") == 0);
	file = c->config_file_name(c);
	EXPECT(file && strcmp(file, "/tmp/keg-elsewhere/a/config") == 0);
	free(file);
	(void)lxc_container_put(c);
}

static void no_path(void)
{
	struct lxc_container *c = object("a");

	EXPECT(!c->set_config_path(c, NULL));
	EXPECT(strcmp(c->get_config_path(c), lxcpath) == 0);
	(void)lxc_container_put(c);
}

const struct test config_tests[] = {
	{ "items", items },
	{ "buffers_of_no_and_one_byte", buffers_of_no_and_one_byte },
	{ "no_key_and_no_value", no_key_and_no_value, "crashes on a NULL key" },
	{ "a_value_holds_no_line", a_value_holds_no_line, "a newline in a value is another line of the saved file" },
	{ "keys", keys },
	{ "saved_and_loaded", saved_and_loaded },
	{ "a_place_that_cannot_be_written", a_place_that_cannot_be_written },
	{ "a_full_disk_keeps_the_old_file", a_full_disk_keeps_the_old_file, "the file is truncated first", true },
	{ "paths", paths },
	{ "no_path", no_path, "crashes on NULL" },
	{ 0 },
};
