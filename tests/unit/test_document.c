/* SPDX-License-Identifier: MIT */
/* spec/document: a config file is changed by the line, and all else of it stays. */
#include "unit.h"

#include "spec/document.h"

static struct document *parse(const char *text)
{
	struct document *d;
	struct err e = { 0 };

	assert_int_equal(document_parse(&d, text, strlen(text), NULL, &e), 0);
	return d;
}

static void holds(const struct document *d, const char *want)
{
	size_t len;
	char *got = document_text(d, &len);

	assert_non_null(got);
	assert_string_equal(got, want);
	assert_int_equal(len, strlen(want));
	free(got);
}

static void set_gives(const char *text, const char *key, const char *value, const char *want)
{
	struct document *d = parse(text);
	struct err e = { 0 };

	if (document_set(d, key, value, &e) < 0)
		fail_msg("%s = %s: %s", key, value, e.object);
	assert_true(document_changed(d));
	holds(d, want);
	document_free(d);
}

static void clear_gives(const char *text, const char *key, const char *want)
{
	struct document *d = parse(text);
	struct err e = { 0 };

	if (document_clear(d, key, &e) < 0)
		fail_msg("%s: %s", key, e.object);
	holds(d, want);
	document_free(d);
}

static void every_byte_is_kept(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"\n\n\n",
		"lxc.uts.name = a",
		"# c\r\n\r\nlxc.uts.name=a\r\n",
		"\t lxc.x\nnot lxc = y\n  # z",
		"=\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct document *d = parse(texts[i]);

		assert_false(document_changed(d));
		holds(d, texts[i]);
		document_free(d);
	}
}

static void a_scalar_is_replaced_where_it_stands(void **state)
{
	(void)state;
	set_gives("# c\n\nlxc.uts.name = a\nlxc.tty.max = 1\n", "lxc.uts.name", "b",
		  "# c\n\nlxc.uts.name = b\nlxc.tty.max = 1\n");
	set_gives(" lxc.uts.name=a\n#lxc.uts.name = c\nlxc.uts.name = d", "lxc.uts.name", "b",
		  " lxc.uts.name=a\n#lxc.uts.name = c\nlxc.uts.name = b");
	set_gives("lxc.tty.max = 1", "lxc.uts.name", "b", "lxc.tty.max = 1\nlxc.uts.name = b\n");
	set_gives("", "lxc.uts.name", "b", "lxc.uts.name = b\n");
	set_gives("lxc.net.0.type = veth\nlxc.net.1.type = veth\n", "lxc.net.0.type", "empty",
		  "lxc.net.0.type = empty\nlxc.net.1.type = veth\n");
}

static void the_files_own_line_ending_is_used(void **state)
{
	(void)state;
	set_gives("# c\r\nlxc.uts.name = a\r\n", "lxc.uts.name", "b", "# c\r\nlxc.uts.name = b\r\n");
	set_gives("# c\r\nlxc.uts.name = a\r\n", "lxc.tty.max", "2", "# c\r\nlxc.uts.name = a\r\nlxc.tty.max = 2\r\n");
	set_gives("# c\r\nlxc.uts.name = a", "lxc.tty.max", "2", "# c\r\nlxc.uts.name = a\r\nlxc.tty.max = 2\r\n");
}

static void a_list_grows_at_the_end(void **state)
{
	(void)state;
	set_gives("lxc.mount.entry = a b c\n# c\n", "lxc.mount.entry", "d e f",
		  "lxc.mount.entry = a b c\n# c\nlxc.mount.entry = d e f\n");
}

static void what_an_include_could_overrule_goes_behind_it(void **state)
{
	(void)state;
	set_gives("lxc.uts.name = a\nlxc.include = /nowhere/\n# c\n", "lxc.uts.name", "b",
		  "lxc.include = /nowhere/\n# c\nlxc.uts.name = b\n");
	set_gives("lxc.include = /nowhere/\nlxc.uts.name = a\n# c\n", "lxc.uts.name", "b",
		  "lxc.include = /nowhere/\nlxc.uts.name = b\n# c\n");
}

static void a_value_with_outer_blanks_or_quotes_is_quoted(void **state)
{
	(void)state;
	set_gives("", "lxc.init.cmd", " a ", "lxc.init.cmd = \" a \"\n");
	set_gives("", "lxc.init.cmd", "'a'", "lxc.init.cmd = \"'a'\"\n");
	set_gives("", "lxc.init.cmd", "sh -c 'a'", "lxc.init.cmd = sh -c 'a'\n");
}

static void clearing_takes_every_line_of_the_key(void **state)
{
	static const char net[] = "lxc.net.0.type = veth\n# c\nlxc.net.0.link = x\nlxc.net.1.type = empty\n";

	(void)state;
	clear_gives("lxc.uts.name = a\n\nlxc.uts.name = b\n#\n", "lxc.uts.name", "\n#\n");
	clear_gives(net, "lxc.net.0.link", "lxc.net.0.type = veth\n# c\nlxc.net.1.type = empty\n");
	clear_gives(net, "lxc.net.0", "# c\nlxc.net.1.type = empty\n");
	clear_gives(net, "lxc.net", "# c\n");
	clear_gives("lxc.cgroup2.cpu.max = 1\nlxc.cgroup.dir = a\nlxc.cgroup2.cpu.weight = 1\n", "lxc.cgroup2.cpu.max",
		    "lxc.cgroup.dir = a\nlxc.cgroup2.cpu.weight = 1\n");
	clear_gives("lxc.environment = A=1\n#x\n", "lxc.environment", "#x\n");
}

/* lxc.autodev is on by itself, but to empty it is to turn it off. */
static void emptied_autodev_is_off(void **state)
{
	(void)state;
	set_gives("lxc.autodev = 1\n", "lxc.autodev", "", "lxc.autodev = 0\n");
	clear_gives("lxc.autodev = 0\n", "lxc.autodev", "");
}

static void what_an_include_sets_is_cleared_at_the_end(void **state)
{
	char *folder, *text, *want;
	int dir = unit_folder(&folder);

	(void)state;
	unit_write(dir, "inc", "lxc.uts.name = a\nlxc.cap.drop = kill\nlxc.autodev = 0\n");
	assert_true(asprintf(&text, "lxc.include = %s/inc\nlxc.cap.drop = chown\n", folder) > 0);
	assert_true(asprintf(&want, "lxc.include = %s/inc\nlxc.cap.drop =\n", folder) > 0);
	clear_gives(text, "lxc.cap.drop", want);
	free(want);
	assert_true(asprintf(&want, "%slxc.autodev = 1\n", text) > 0);
	clear_gives(text, "lxc.autodev", want);
	clear_gives(text, "lxc.tty.max", text);
	free(want);
	free(text);
	unlinkat(dir, "inc", 0);
	close(dir);
	rmdir(folder);
	free(folder);
}

static void refuses(const char *key, const char *value, const char *words, const char *hint)
{
	struct document *d = parse("# c\n");
	struct err e = { 0 };

	assert_int_equal(document_set(d, key, value, &e), -EINVAL);
	assert_string_equal(e.object, words);
	assert_string_equal(e.hint, hint);
	assert_false(document_changed(d));
	document_free(d);
}

static void unknown_keys_and_newlines_are_refused(void **state)
{
	(void)state;
	refuses("lxc.uts.nam", "a", "unknown key lxc.uts.nam", "did you mean lxc.uts.name?");
	refuses("lxc.uts.name", "a\nb", "a value of lxc.uts.name cannot hold a newline", "");
}

static void a_save_keeps_mode_and_link(void **state)
{
	char *folder, path[256], link[256], text[64] = "";
	int dir = unit_folder(&folder), fd;
	struct document *d;
	struct err e = { 0 };
	struct stat st, later;

	(void)state;
	unit_write(dir, "real", "# c\n");
	assert_int_equal(fchmodat(dir, "real", 0604, 0), 0);
	assert_int_equal(symlinkat("real", dir, "config"), 0);
	snprintf(path, sizeof(path), "%s/real", folder);
	snprintf(link, sizeof(link), "%s/config", folder);
	assert_int_equal(document_read(&d, link, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(document_save(d, NULL, &e), 0);
	assert_int_equal(stat(path, &later), 0);
	assert_int_equal(later.st_ino, st.st_ino); /* unchanged: not touched */
	assert_int_equal(document_set(d, "lxc.uts.name", "a", &e), 0);
	assert_int_equal(document_save(d, NULL, &e), 0);
	assert_false(document_changed(d));
	assert_int_equal(lstat(link, &later), 0);
	assert_true(S_ISLNK(later.st_mode));
	assert_int_equal(stat(path, &later), 0);
	assert_int_equal(later.st_mode & 07777, 0604);
	assert_int_not_equal(later.st_ino, st.st_ino);
	fd = openat(dir, "real", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_string_equal(text, "# c\nlxc.uts.name = a\n");
	document_free(d);
	unlinkat(dir, "config", 0);
	unlinkat(dir, "real", 0);
	close(dir);
	assert_int_equal(rmdir(folder), 0); /* nothing beside was left */
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_is_kept),
		cmocka_unit_test(a_scalar_is_replaced_where_it_stands),
		cmocka_unit_test(the_files_own_line_ending_is_used),
		cmocka_unit_test(a_list_grows_at_the_end),
		cmocka_unit_test(what_an_include_could_overrule_goes_behind_it),
		cmocka_unit_test(a_value_with_outer_blanks_or_quotes_is_quoted),
		cmocka_unit_test(clearing_takes_every_line_of_the_key),
		cmocka_unit_test(emptied_autodev_is_off),
		cmocka_unit_test(what_an_include_sets_is_cleared_at_the_end),
		cmocka_unit_test(unknown_keys_and_newlines_are_refused),
		cmocka_unit_test(a_save_keeps_mode_and_link),
	};

	return RUN(tests);
}
