/* SPDX-License-Identifier: MIT */
/* base/err: the first to know fills it, others only add; how it is shown. */
#include "unit.h"

#include "base/err.h"

/* What err_print() writes to stderr; "lxc-start" prints it, of container web1. */
static char *printed(const struct err *e, const char *name)
{
	static char text[4096];
	int keep = dup(2), at[2];
	ssize_t n;

	assert_int_equal(pipe(at), 0);
	dup2(at[1], 2);
	err_print(e, "lxc-start", name);
	fflush(stderr);
	dup2(keep, 2);
	close(keep);
	close(at[1]);
	n = read(at[0], text, sizeof(text) - 1);
	close(at[0]);
	text[n < 0 ? 0 : n] = 0;
	return text;
}

static void a_system_error_says_what_on_what_and_why(void **state)
{
	struct err e = { 0 };
	char text[256];

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "mount", "%s on %s", "/srv/data", "data"), -ENOENT);
	err_text(&e, text, sizeof(text));
	assert_string_equal(text, "cannot mount /srv/data on data: No such file or directory");
}

static void a_sentence_has_no_errno(void **state)
{
	struct err e = { 0 };
	char text[256];

	(void)state;
	assert_int_equal(err_say(&e, EBUSY, "%s is already running", "web1"), -EBUSY);
	err_text(&e, text, sizeof(text));
	assert_string_equal(text, "web1 is already running");
}

static void the_first_to_know_is_not_overwritten(void **state)
{
	struct err e = { 0 };
	char text[256];

	(void)state;
	assert_int_equal(err_num(&e, EPERM, "open", "a"), -EPERM);
	assert_int_equal(err_num(&e, EIO, "close", "b"), -EIO);
	err_hint(&e, "first");
	err_hint(&e, "second");
	err_text(&e, text, sizeof(text));
	assert_string_equal(text, "cannot open a: Operation not permitted");
	assert_string_equal(e.hint, "first");
}

static void nothing_is_added_where_nothing_went_wrong(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_hint(&e, "hint");
	err_said(&e, "said");
	err_step(&e, "step", "keeper");
	err_key(&e, "lxc.uts.name", (struct origin){ "file", 1 });
	assert_false(e.set);
	assert_string_equal(e.hint, "");
	assert_string_equal(e.said, "");
	assert_string_equal(e.step, "");
	assert_string_equal(e.key, "");
}

static void errno_0_still_is_an_error(void **state)
{
	struct err e = { 0 };

	(void)state;
	errno = 0;
	assert_int_equal(err_sys(&e, "read", "x"), -EIO);
}

static void nobody_needs_to_listen(void **state)
{
	(void)state;
	assert_int_equal(err_num(NULL, EPERM, "open", "a"), -EPERM);
	assert_int_equal(err_say(NULL, EBUSY, "b"), -EBUSY);
	err_hint(NULL, "c");
	err_step(NULL, "d", "e");
}

static void all_that_is_known_is_shown(void **state)
{
	struct err e = { 0 };

	(void)state;
	(void)err_num(&e, ENOENT, "mount", "/srv/data on data");
	err_key(&e, "lxc.mount.entry", (struct origin){ "/var/lib/lxc/web1/config", 17 });
	err_step(&e, "mount.entries", "container init");
	err_said(&e, "the kernel's words");
	assert_string_equal(printed(&e, "web1"),
			    "lxc-start: web1: cannot mount /srv/data on data: No such file or directory\n"
			    "  set by  /var/lib/lxc/web1/config:17  lxc.mount.entry\n"
			    "  step    mount.entries (container init)\n"
			    "  said    the kernel's words\n");
	err_hint(&e, "create it"); /* four lines at most */
	assert_string_equal(printed(&e, "web1"),
			    "lxc-start: web1: cannot mount /srv/data on data: No such file or directory\n"
			    "  set by  /var/lib/lxc/web1/config:17  lxc.mount.entry\n"
			    "  said    the kernel's words\n"
			    "  try     create it\n");
}

static void what_is_not_known_is_left_out(void **state)
{
	struct err e = { 0 };

	(void)state;
	(void)err_say(&e, EINVAL, "no");
	assert_string_equal(printed(&e, NULL), "lxc-start: no\n");
	err_key(&e, "lxc.group", (struct origin){ 0 }); /* set through the API: no file */
	assert_string_equal(printed(&e, NULL), "lxc-start: no\n  set by  lxc.group\n");
}

static void long_words_are_cut_not_overrun(void **state)
{
	struct err e = { 0 };
	char text[64];

	(void)state;
	(void)err_say(&e, EINVAL, "%02000d", 1);
	assert_int_equal(strlen(e.object), sizeof(e.object) - 1);
	err_text(&e, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_system_error_says_what_on_what_and_why),
		cmocka_unit_test(a_sentence_has_no_errno),
		cmocka_unit_test(the_first_to_know_is_not_overwritten),
		cmocka_unit_test(nothing_is_added_where_nothing_went_wrong),
		cmocka_unit_test(errno_0_still_is_an_error),
		cmocka_unit_test(nobody_needs_to_listen),
		cmocka_unit_test(all_that_is_known_is_shown),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(long_words_are_cut_not_overrun),
	};

	return RUN(tests);
}
