/* SPDX-License-Identifier: MIT */
/* Does a line of lxc.mount.entry mean what fstab(5), mount(8) and LXC say it means? */
#include "unit.h"

#include "base/own.h"
#include "features/mount_parts.h"

#include <linux/mount.h>

static void parse(const char *line, struct entry *n)
{
	struct err e = { 0 };

	memset(n, 0, sizeof(*n));
	assert_int_equal(entry_parse(line, n, &e), 0);
	assert_false(e.set);
}

static void all_fields_are_read(void **state)
{
	struct entry n;

	(void)state;
	parse("/srv/data srv/data none bind,ro,create=dir,optional 0 0", &n);
	assert_string_equal(n.source, "/srv/data");
	assert_string_equal(n.target, "srv/data");
	assert_string_equal(n.type, "none");
	assert_int_equal(n.kind, ENTRY_BIND);
	assert_int_equal(n.create, CREATE_DIR);
	assert_true(n.optional);
	assert_false(n.relative);
	assert_false(n.recursive);
	assert_int_equal(n.shape.set, MOUNT_ATTR_RDONLY);
	assert_int_equal(n.shape.clear, 0);
	assert_null(n.data);
	entry_free(&n);
}

static void options_dump_and_pass_may_be_missing(void **state)
{
	struct entry n;

	(void)state;
	parse("\ttmpfs   tmp\ttmpfs", &n);
	assert_string_equal(n.target, "tmp");
	assert_int_equal(n.kind, ENTRY_NEW);
	assert_null(n.data);
	entry_free(&n);
}

static void a_blank_is_written_in_octal(void **state)
{
	struct entry n;

	(void)state;
	parse("/a\\040b c\\011d\\134e none bind", &n);
	assert_string_equal(n.source, "/a b");
	assert_string_equal(n.target, "c\td\\e");
	entry_free(&n);
	parse("/a\\04 b\\999 none bind", &n); /* no such escapes */
	assert_string_equal(n.source, "/a\\04");
	assert_string_equal(n.target, "b\\999");
	entry_free(&n);
}

static void what_is_no_word_of_ours_goes_to_the_file_system(void **state)
{
	struct entry n;

	(void)state;
	parse("tmpfs t tmpfs size=1m,nosuid,mode=0710,nodev,create=dir,sync,ro", &n);
	assert_string_equal(n.data, "size=1m,mode=0710,sync,ro");
	assert_int_equal(n.shape.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY);
	entry_free(&n);
	parse("/x y none bind,size=1m", &n); /* a bind has no file system to tell */
	assert_null(n.data);
	entry_free(&n);
}

static void words_of_fstab_alone_are_dropped(void **state)
{
	struct entry n;

	(void)state;
	parse("tmpfs t tmpfs defaults,noauto,user,nofail,_netdev,x-systemd.automount,comment=a", &n);
	assert_null(n.data);
	assert_int_equal(n.shape.set, 0);
	entry_free(&n);
}

static void the_last_of_two_contrary_words_holds(void **state)
{
	struct entry n;

	(void)state;
	parse("/x y none bind,ro,rw", &n);
	assert_int_equal(n.shape.set, 0);
	assert_int_equal(n.shape.clear, 0); /* of a copied mount "rw" lifts nothing */
	entry_free(&n);
	parse("/x y none bind,rw,ro", &n);
	assert_int_equal(n.shape.set, MOUNT_ATTR_RDONLY);
	entry_free(&n);
	parse("/x y none bind,noatime,strictatime", &n);
	assert_int_equal(n.shape.set, MOUNT_ATTR_STRICTATIME);
	assert_int_equal(n.shape.clear, MOUNT_ATTR__ATIME);
	entry_free(&n);
	parse("/x y none bind,noatime,relatime", &n);
	assert_int_equal(n.shape.set, 0);
	assert_int_equal(n.shape.clear, 0);
	entry_free(&n);
}

static void a_remount_lifts_what_it_says(void **state)
{
	struct entry n;

	(void)state;
	parse("none y none remount,bind,rw,dev", &n);
	assert_int_equal(n.kind, ENTRY_REMOUNT);
	assert_int_equal(n.shape.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	entry_free(&n);
}

static void propagation_and_recursion(void **state)
{
	static const struct {
		const char *line;
		unsigned long propagation;
		bool recursive;
	} cases[] = {
		{ "/x y none bind", 0, false },
		{ "/x y none rbind", 0, true },
		{ "/x y none bind,rbind", 0, true },
		{ "/x y none bind,private", MS_PRIVATE, false },
		{ "/x y none rbind,rslave", MS_SLAVE | MS_REC, true },
		{ "/x y none bind,rshared", MS_SHARED | MS_REC, false },
		{ "/x y none bind,unbindable", MS_UNBINDABLE, false },
		{ "/x y none bind,slave,runbindable", MS_UNBINDABLE | MS_REC, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct entry n;

		parse(cases[i].line, &n);
		assert_int_equal(n.kind, ENTRY_BIND);
		assert_int_equal(n.shape.propagation, cases[i].propagation);
		assert_int_equal(n.recursive, cases[i].recursive);
		entry_free(&n);
	}
}

static void lxc_has_words_of_its_own(void **state)
{
	struct entry n;

	(void)state;
	parse("/x y none bind,relative,create=file,idmap=/proc/7/ns/user,idmap=container", &n);
	assert_true(n.relative);
	assert_int_equal(n.create, CREATE_FILE);
	assert_string_equal(n.idmap, "container");
	entry_free(&n);
	parse("/x y none move", &n);
	assert_int_equal(n.kind, ENTRY_MOVE);
	entry_free(&n);
}

static void bad_lines_are_refused_in_words(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{ "", "a mount entry needs SOURCE, TARGET and TYPE: " },
		{ "tmpfs mnt", "a mount entry needs SOURCE, TARGET and TYPE: tmpfs mnt" },
		{ "/x y none bind,create=link", "bad mount option create=link: allowed is create=dir or create=file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct entry n = { 0 };
		struct err e = { 0 };
		char text[256];

		assert_int_equal(entry_parse(cases[i].line, &n, &e), -EINVAL);
		err_text(&e, text, sizeof(text));
		assert_string_equal(text, cases[i].words);
		assert_null(n.source);
	}
}

static void of_each_class_the_last_auto_word_holds(void **state)
{
	struct item items[] = { { .text = (char[]){ "proc" } },
				{ .text = (char[]){ "cgroup:ro:force" } },
				{ .text = (char[]){ "sys:ro" } },
				{ .text = (char[]){ "proc:rw" } },
				{ .text = (char[]){ "shmounts:/a:/b" } } };
	struct mounts m = { .automatic = { items, ARRAY_SIZE(items) } };
	const struct item *item = NULL;
	const struct auto_word *w = auto_last(&m, AUTO_PROC, &item);

	(void)state;
	assert_string_equal(w->word, "proc:rw");
	assert_ptr_equal(item, &items[3]);
	w = auto_last(&m, AUTO_CGROUP, &item);
	assert_true(w->force && w->mode == AUTO_RO && w->tree == TREE_OWN);
	assert_non_null(auto_last(&m, AUTO_SHMOUNTS, &item));
	assert_null(auto_word("proc:ro"));
	assert_null(auto_word("cgroup2:rw"));
	assert_null(auto_word("cgroup:force:rw"));
	m.automatic.n = 1;
	assert_null(auto_last(&m, AUTO_SYS, &item));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_read),
		cmocka_unit_test(options_dump_and_pass_may_be_missing),
		cmocka_unit_test(a_blank_is_written_in_octal),
		cmocka_unit_test(what_is_no_word_of_ours_goes_to_the_file_system),
		cmocka_unit_test(words_of_fstab_alone_are_dropped),
		cmocka_unit_test(the_last_of_two_contrary_words_holds),
		cmocka_unit_test(a_remount_lifts_what_it_says),
		cmocka_unit_test(propagation_and_recursion),
		cmocka_unit_test(lxc_has_words_of_its_own),
		cmocka_unit_test(bad_lines_are_refused_in_words),
		cmocka_unit_test(of_each_class_the_last_auto_word_holds),
	};

	return RUN(tests);
}
