/* SPDX-License-Identifier: MIT */
/* spec: the config language, and every row of every feature by its own examples. */
#include "unit.h"

#include "base/io.h"
#include "base/own.h"
#include "spec/key.h"

static struct spec *spec;

static int set_up(void **state)
{
	(void)state;
	return spec_new(&spec, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	spec_free(spec);
	return 0;
}

static void read_text(const char *text, struct problems *p)
{
	int r = spec_read_text(spec, text, strlen(text), "web1/config", 0, p);

	assert_int_equal(r, p->n ? -EINVAL : 0);
}

static void assert_value(const char *key, const char *value)
{
	_own_buf struct buf b = { 0 };

	assert_int_equal(spec_get(spec, key, &b), 0);
	if (strcmp(b.s ? b.s : "", value) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", key, b.s ? b.s : "", value);
}

static void lines_are_read_as_lxc_reads_them(void **state)
{
	_own_problems struct problems p = { 0 };

	(void)state;
	read_text("# a comment\n\n  lxc.uts.name =  alpha \t\nnot a key of ours\nlxc.environment=A=b "
		  "c\nlxc.environment = \"D=e\"\n"
		  "lxc.cap.drop = sys_time sys_module\nlxc.cap.drop = mknod",
		  &p);
	assert_int_equal(p.n, 0);
	assert_value("lxc.uts.name", "alpha");
	assert_value("lxc.environment", "A=b c\nD=e\n");
	assert_value("lxc.cap.drop", "sys_time\nsys_module\nmknod\n");
}

static void the_last_value_counts_and_an_empty_one_clears(void **state)
{
	_own_problems struct problems p = { 0 };

	(void)state;
	read_text("lxc.uts.name = a\nlxc.uts.name = b\nlxc.environment = A=b\nlxc.environment =\n", &p);
	assert_value("lxc.uts.name", "b");
	assert_value("lxc.environment", "");
	read_text("lxc.uts.name =\n", &p);
	assert_value("lxc.uts.name", "");
}

static void all_mistakes_are_told_with_their_lines(void **state)
{
	_own_problems struct problems p = { 0 };
	char text[256];

	(void)state;
	read_text("lxc.uts.nam = a\nlxc.uts.name = fine\nlxc.start.auto = often\nlxc.group\n", &p);
	assert_int_equal(p.n, 3);
	err_text(&p.v[0], text, sizeof(text));
	assert_string_equal(text, "unknown key lxc.uts.nam");
	assert_string_equal(p.v[0].hint, "did you mean lxc.uts.name?");
	assert_string_equal(p.v[0].file, "web1/config");
	assert_int_equal(p.v[0].line, 1);
	assert_string_equal(p.v[1].key, "lxc.start.auto");
	assert_int_equal(p.v[1].line, 3);
	assert_int_equal(p.v[2].line, 4);
	assert_value("lxc.uts.name", "fine");
}

static void a_nul_byte_is_refused(void **state)
{
	_own_problems struct problems p = { 0 };
	const char text[] = "lxc.uts.name = a\0b\n";

	(void)state;
	assert_int_equal(spec_read_text(spec, text, sizeof(text) - 1, "f", 0, &p), -EINVAL);
	assert_int_equal(p.n, 1);
}

static void a_value_with_a_newline_is_refused(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(spec_set(spec, "lxc.uts.name", "a\nlxc.init.cmd = /evil", (struct origin){ 0 }, &e), -EINVAL);
	assert_value("lxc.uts.name", "");
}

static void included_files_and_folders_are_read(void **state)
{
	_own_problems struct problems p = { 0 };
	_own_free char *path = NULL, *main_file = NULL, *text = NULL;
	_own_fd int dir = unit_folder(&path);

	(void)state;
	assert_int_equal(mkdirat(dir, "conf.d", 0755), 0);
	unit_write(dir, "conf.d/20-b.conf", "lxc.environment = B=2\n");
	unit_write(dir, "conf.d/10-a.conf", "lxc.environment = A=1\n");
	unit_write(dir, "conf.d/readme", "lxc.environment = NO=0\n");
	unit_write(dir, "one.conf", "lxc.uts.name = one\nlxc.nosuch = x\n");
	text = str_fmt("lxc.include = %s/one.conf\nlxc.include = %s/conf.d\n", path, path);
	unit_write(dir, "config", text);
	main_file = str_fmt("%s/config", path);
	assert_int_equal(spec_read_file(spec, main_file, &p, NULL), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_true(str_ends(p.v[0].file, "/one.conf"));
	assert_int_equal(p.v[0].line, 2);
	assert_value("lxc.uts.name", "one");
	assert_value("lxc.environment", "A=1\nB=2\n");
	assert_int_equal(io_remove_tree(AT_FDCWD, path, NULL), 0);
}

static void a_file_that_includes_itself_is_told_once(void **state)
{
	_own_problems struct problems p = { 0 };
	_own_free char *path = NULL, *file = NULL, *text = NULL, *want = NULL;
	_own_fd int dir = unit_folder(&path);

	(void)state;
	file = str_fmt("%s/config", path);
	text = str_fmt("lxc.uts.name = a\nlxc.include = %s\n", file);
	want = str_fmt("%s includes itself", file);
	unit_write(dir, "config", text);
	assert_int_equal(spec_read_file(spec, file, &p, NULL), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.v[0].object, want);
	assert_string_equal(p.v[0].key, "lxc.include");
	assert_string_equal(p.v[0].file, file);
	assert_int_equal(p.v[0].line, 2);
	assert_int_equal(io_remove_tree(AT_FDCWD, path, NULL), 0);
}

/* Twelve files, each including the next one four times: 4 to the 11th. */
static void a_flood_of_includes_ends(void **state)
{
	_own_problems struct problems p = { 0 };
	_own_free char *path = NULL, *file = NULL;
	_own_fd int dir = unit_folder(&path);

	(void)state;
	for (int i = 0; i < 12; i++) {
		_own_free char *name = str_fmt("%d", i);
		_own_free char *one = str_fmt("lxc.include = %s/%d\n", path, i + 1);
		_own_free char *text = str_fmt("%s%s%s%s", one, one, one, one);

		unit_write(dir, name, i < 11 ? text : "lxc.uts.name = a\n");
	}
	file = str_fmt("%s/0", path);
	assert_int_equal(spec_read_file(spec, file, &p, NULL), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.v[0].object, "more than 4096 files are included");
	assert_int_equal(io_remove_tree(AT_FDCWD, path, NULL), 0);
}

static void what_is_missing_names_the_line_that_asks(void **state)
{
	_own_problems struct problems p = { 0 };
	char text[256];

	(void)state;
	read_text("\nlxc.include = /nonexistent/file\nlxc.include = /nonexistent/folder/\nlxc.include =\n", &p);
	assert_int_equal(p.n, 1);
	err_text(&p.v[0], text, sizeof(text));
	assert_string_equal(text, "cannot read /nonexistent/file: No such file or directory");
	assert_string_equal(p.v[0].key, "lxc.include");
	assert_string_equal(p.v[0].file, "web1/config");
	assert_int_equal(p.v[0].line, 2);
}

/* What a user can put into a file by accident, or somebody on purpose. */
static void any_bytes_are_read_or_refused(void **state)
{
	enum { LONG = 1 << 20 };
	_own_problems struct problems p = { 0 };
	char *text = malloc(LONG + 64);
	unsigned seed = 1;

	(void)state;
	memset(text, 'x', LONG);
	memcpy(text, "lxc.init.cmd = ", 15);
	text[LONG] = 0;
	read_text(text, &p);
	assert_int_equal(p.n, 0);
	memcpy(text, "lxc.uts.name = ", 15);
	read_text(text, &p);
	assert_int_equal(p.n, 1);
	memset(text, '=', LONG);
	memcpy(text, "lxc.", 4);
	read_text(text, &p);
	assert_int_equal(p.n, 2);
	memset(text, 'l', LONG);
	memcpy(text, "lxc.", 4);
	read_text(text, &p);
	assert_int_equal(p.n, 3);
	for (int round = 0; round < 200; round++) {
		size_t n = 0;

		for (; n < 500; n++) {
			seed = seed * 1103515245 + 12345;
			text[n] = seed >> 28 ? (char)(seed >> 16) : "lxc.net.0=\n"[(seed >> 20) % 11];
		}
		problems_free(&p);
		(void)!spec_read_text(spec, text, n, "random", 0, &p);
		(void)!spec_read_text(spec, text, n, "random", SPEC_WIRE, &p);
	}
	free(text);
}

static void crlf_is_a_line_ending(void **state)
{
	_own_problems struct problems p = { 0 };

	(void)state;
	read_text("# c\r\nlxc.uts.name = alpha\r\n\r\nlxc.tty.max = 0x10\r\n", &p);
	assert_int_equal(p.n, 0);
	assert_value("lxc.uts.name", "alpha");
	assert_value("lxc.tty.max", "16");
}

static void one_pair_of_quotes_is_taken_away(void **state)
{
	_own_problems struct problems p = { 0 };

	(void)state;
	read_text("lxc.init.cmd = \"/sbin/init\"\n", &p);
	assert_value("lxc.init.cmd", "/sbin/init");
	read_text("lxc.init.cmd = '\"a\" b'\n", &p);
	assert_value("lxc.init.cmd", "\"a\" b");
	read_text("lxc.init.cmd = \"a' \n", &p);
	assert_value("lxc.init.cmd", "\"a'");
	read_text("lxc.init.cmd = \"\n", &p);
	assert_value("lxc.init.cmd", "\"");
	read_text("lxc.init.cmd = a = b # c\n", &p);
	assert_value("lxc.init.cmd", "a = b # c");
	assert_int_equal(p.n, 0);
	assert_int_equal(spec_set(spec, "lxc.init.cmd", "\"q\"", (struct origin){ 0 }, NULL), 0);
	assert_value("lxc.init.cmd", "\"q\"");
}

static void a_long_list_is_not_slow(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_int_equal(spec_set(spec, "lxc.environment", "A=1", (struct origin){ 0 }, NULL), 0);
}

/* Sets "lxc.net.3.link" or "lxc.sysctl.NAME" for a row with '#' or '*'; *value is what is set. */
static char *key_of(const struct key *k, const char *example, const char **value)
{
	_own_buf struct buf b = { 0 };

	*value = example;
	for (const char *c = k->name; *c; c++) {
		if (*c == '#') {
			buf_addf(&b, "3");
		} else if (*c == '*') {
			const char *equals = strchr(example, '=');

			assert_non_null(equals); /* the row's examples are "name=value" */
			buf_add(&b, example, (size_t)(equals - example));
			*value = equals + 1;
		} else {
			buf_add(&b, c, 1);
		}
	}
	return buf_take(&b);
}

static void every_row_is_told(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const struct key *k = &features[f]->keys[i];
			enum feature_id found;
			unsigned index;
			const char *rest, *value;
			_own_free char *key = key_of(k, "name=value", &value);

			if (!k->help || !k->since || !str_starts(k->name, "lxc."))
				fail_msg("%s: help, since or its name is missing", k->name);
			if (key_find(key, &found, &index, &rest) != k)
				fail_msg("%s leads to another row than %s", key, k->name);
		}
	}
}

static void what_is_printed_reads_back_equal(void **state)
{
	_own_problems struct problems p = { 0 };
	_own_buf struct buf first = { 0 }, second = { 0 };
	_own_spec struct spec *again = NULL;

	(void)state;
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const struct key *k = &features[f]->keys[i];
			const char *value;
			_own_free char *key = k->good[0] ? key_of(k, k->good[0], &value) : NULL;

			if (key)
				(void)!spec_set(spec, key, value,
						(struct origin){ spec_file(spec, "a \"b\"/c"), (unsigned)i }, NULL);
		}
	}
	assert_int_equal(spec_print(spec, &first), 0);
	assert_int_equal(spec_new(&again, NULL), 0);
	assert_int_equal(spec_read_text(again, first.s, first.len, "wire", SPEC_WIRE, &p), 0);
	assert_int_equal(spec_print(again, &second), 0);
	assert_string_equal(first.s, second.s);
	assert_non_null(strstr(first.s, "# 0 \"a \"b\"/c\"\n"));
}

static void clearing_gives_the_default_again(void **state)
{
	_own_buf struct buf first = { 0 }, second = { 0 };

	(void)state;
	assert_int_equal(spec_print(spec, &first), 0);
	assert_int_equal(spec_set(spec, "lxc.uts.name", "a", (struct origin){ 0 }, NULL), 0);
	assert_int_equal(spec_set(spec, "lxc.start.auto", "1", (struct origin){ 0 }, NULL), 0);
	assert_int_equal(spec_clear(spec, "lxc.uts.name", NULL), 0);
	assert_int_equal(spec_clear(spec, "lxc.start.auto", NULL), 0);
	assert_int_equal(spec_print(spec, &second), 0);
	assert_string_equal(second.s ? second.s : "", first.s ? first.s : "");
	assert_int_equal(spec_clear(spec, "lxc.nosuch", NULL), -EINVAL);
}

/* A device whose type, and one whose mode, was emptied are there still, and without it, where they are copied. */
static void an_emptied_device_is_copied(void **state)
{
	static const char text[] = "lxc.net.0.type = veth\nlxc.net.0.type =\nlxc.net.1.type = macvlan\n"
				   "lxc.net.1.macvlan.mode =\nlxc.net.1.link = eth0\n";
	_own_spec struct spec *s = NULL, *copy = NULL;
	_own_problems struct problems p = { 0 };
	_own_buf struct buf types = { 0 }, mode = { 0 }, link = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(spec_new(&s, &e), 0);
	assert_int_equal(spec_read_text(s, text, strlen(text), "f", 0, &p), 0);
	assert_int_equal(spec_copy(s, &copy, &e), 0);
	assert_int_equal(spec_get(copy, "lxc.net", &types), 0);
	assert_string_equal(types.s, "(invalid)\nmacvlan\n");
	assert_int_equal(spec_get(copy, "lxc.net.1.macvlan.mode", &mode), 0);
	assert_string_equal(mode.s, "(invalid)");
	assert_int_equal(spec_get(copy, "lxc.net.1.link", &link), 0);
	assert_string_equal(link.s, "eth0");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(lines_are_read_as_lxc_reads_them),
		T(the_last_value_counts_and_an_empty_one_clears),
		T(all_mistakes_are_told_with_their_lines),
		T(a_nul_byte_is_refused),
		T(a_value_with_a_newline_is_refused),
		T(included_files_and_folders_are_read),
		T(a_file_that_includes_itself_is_told_once),
		T(a_flood_of_includes_ends),
		T(what_is_missing_names_the_line_that_asks),
		T(any_bytes_are_read_or_refused),
		T(crlf_is_a_line_ending),
		T(one_pair_of_quotes_is_taken_away),
		T(a_long_list_is_not_slow),
		T(every_row_is_told),
		T(what_is_printed_reads_back_equal),
		T(clearing_gives_the_default_again),
		T(an_emptied_device_is_copied),
	};

	return RUN(tests);
}
