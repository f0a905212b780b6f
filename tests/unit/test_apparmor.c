/* SPDX-License-Identifier: MIT */
/* The generated AppArmor profile: its "all but", and that apparmor_parser takes it. */
#include "unit.h"

#include "base/io.h"
#include "base/own.h"
#include "base/spawn.h"
#include "features/apparmor_text.h"

static void all_but_leaves_nothing_out(void **state)
{
	static const char *const prefixes[] = { "ab/", "ac" };
	_own_buf struct buf b = { 0 };

	(void)state;
	apparmor_all_but("/x/", prefixes, 2, "deny ", " w,", &b);
	assert_string_equal(b.s, "deny /x/[^a]** w,\n"
				 "deny /x/a[^bc]** w,\n"
				 "deny /x/ab[^/]** w,\n");
}

static void a_prefix_that_ends_where_another_goes_on_wins(void **state)
{
	static const char *const prefixes[] = { "abc", "a" };
	_own_buf struct buf b = { 0 };

	(void)state;
	apparmor_all_but("/", prefixes, 2, "", "", &b);
	assert_string_equal(b.s, "/[^a]**\n");
}

/* Whether the text is a profile; without the parser nobody can tell. */
static void parse(const struct apparmor_want *w)
{
	char *argv[] = { "apparmor_parser", "-Q", "-K", NULL };
	_own_buf struct buf b = { 0 };
	_own_fd int in = -1;
	struct spawn s = { .path = "/sbin/apparmor_parser", .argv = argv };
	int status = -1;
	pid_t pid;

	if (access(s.path, X_OK) < 0)
		skip();
	apparmor_text(w, &b);
	assert_false(b.failed);
	in = io_memfd("profile", b.s, b.len);
	assert_true(in >= 0);
	s.stdio = (const int[]){ in, -1, -1 };
	assert_int_equal(spawn(&s, &pid, NULL), 0);
	assert_int_equal(spawn_wait(pid, 60000, &status), 0);
	assert_int_equal(status, 0);
}

static void what_is_generated_is_a_profile(void **state)
{
	char *raw[] = { "deny /etc/shadow rw,", "# a remark", NULL };
	struct apparmor_want w = { .profile = "lxc-a_</var/lib/lxc>", .raw = raw };

	(void)state;
	parse(&w);
	w.nesting = true;
	w.space = "lxc-a_<-var-lib-lxc>";
	parse(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_but_leaves_nothing_out),
		cmocka_unit_test(a_prefix_that_ends_where_another_goes_on_wins),
		cmocka_unit_test(what_is_generated_is_a_profile),
	};

	return RUN(tests);
}
