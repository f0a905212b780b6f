/* SPDX-License-Identifier: MIT */
/* The log's lines, byte by byte. */
#include "base/io.h"
#include "base/log.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <cmocka.h>

static int file = -1;

static void begin(const char *name, int level)
{
	file = memfd_create("log", MFD_CLOEXEC);
	assert_true(file >= 0);
	log_begin("lxc-start", name, level, dup(file));
}

static void wrote(const char *pattern)
{
	_own_free char *text = NULL;
	regex_t re;

	log_end();
	assert_true(lseek(file, 0, SEEK_SET) == 0);
	assert_int_equal(io_read_fd(file, 1 << 20, &text, NULL), 0);
	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match \"%s\"", text, pattern);
	regfree(&re);
	close_fd(&file);
}

static void a_line_is_lxcs(void **state)
{
	(void)state;
	begin("web1", LOG_DEBUG);
	log_at(LOG_INFO, "uts.name", "a %s", "message");
	wrote("^lxc-start web1 [0-9]{14}\\.[0-9]{3} INFO     uts.name - [^.][^ ]*test_log.c:a_line_is_lxcs:[0-9]+ - a "
	      "message\n$");
}

static void without_a_name_it_has_none(void **state)
{
	(void)state;
	begin(NULL, LOG_DEBUG);
	log_write(LOG_NOTICE, "c", "../src/x.c", "f", 7, "m");
	wrote("^lxc-start [0-9]{14}\\.[0-9]{3} NOTICE   c - src/x.c:f:7 - m\n$");
}

static void the_time_is_utc_now(void **state)
{
	time_t before = time(NULL), told;
	_own_free char *text = NULL;
	struct tm tm = { 0 };

	(void)state;
	begin("n", LOG_DEBUG);
	log_at(LOG_INFO, "c", "m");
	assert_true(lseek(file, 0, SEEK_SET) == 0);
	assert_int_equal(io_read_fd(file, 1 << 20, &text, NULL), 0);
	assert_non_null(strptime(text + strlen("lxc-start n "), "%Y%m%d%H%M%S", &tm));
	told = timegm(&tm);
	assert_true(told >= before && told <= time(NULL));
	log_end();
	close_fd(&file);
}

static void only_what_is_grave_enough(void **state)
{
	(void)state;
	begin("n", LOG_WARN);
	log_at(LOG_NOTICE, "c", "no");
	log_at(LOG_WARN, "c", "yes");
	log_set_level(LOG_ERROR);
	log_at(LOG_WARN, "c", "no");
	wrote("^[^\n]*yes\n$");
}

static void a_message_is_one_line(void **state)
{
	char long_one[5000];

	(void)state;
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = 0;
	begin("n", LOG_TRACE);
	log_at(LOG_INFO, "c", "two\nlines\x1b[31m");
	log_at(LOG_INFO, "c", "%s", long_one);
	wrote("^[^\n]*two lines\\?\\[31m\n[^\n]*x\n$");
}

static void an_error_has_all_its_fields(void **state)
{
	struct err e = { 0 };

	(void)state;
	begin("n", LOG_ERROR);
	(void)err_num(&e, ENOENT, "mount", "/a on b");
	err_key(&e, "lxc.mount.entry", (struct origin){ .file = "/c", .line = 17 });
	err_step(&e, "mount.entries", "container init");
	err_said(&e, "so");
	err_hint(&e, "that");
	log_err("start", &e);
	wrote(" ERROR    mount.entries - .* - cannot mount /a on b: No such file or directory; set by /c:17 "
	      "lxc.mount.entry; "
	      "step mount.entries of the container init; said so; try that\n$");
}

static void a_warning_is_one(void **state)
{
	struct err e = { .warning = true };

	(void)state;
	begin("n", LOG_TRACE);
	(void)err_say(&e, EINVAL, "odd");
	log_err("start", &e);
	wrote(" WARN     start - .* - odd\n$");
}

static void levels_have_names_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(log_level_of("debug"), LOG_DEBUG);
	assert_int_equal(log_level_of("8"), LOG_FATAL);
	assert_int_equal(log_level_of("9"), -1);
	assert_int_equal(log_level_of(""), -1);
	assert_string_equal(log_level_name(LOG_CRIT), "CRIT");
	assert_int_equal(log_facility_of("daemon"), 3);
	assert_int_equal(log_facility_of("local7"), 23);
	assert_int_equal(log_facility_of("local8"), -1);
	assert_int_equal(log_facility_of("mail"), -1);
}

static void without_a_log_nothing_is_wanted(void **state)
{
	(void)state;
	log_end();
	assert_false(log_wants(LOG_FATAL));
	assert_int_equal(log_fd(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_lxcs),
		cmocka_unit_test(without_a_name_it_has_none),
		cmocka_unit_test(the_time_is_utc_now),
		cmocka_unit_test(only_what_is_grave_enough),
		cmocka_unit_test(a_message_is_one_line),
		cmocka_unit_test(an_error_has_all_its_fields),
		cmocka_unit_test(a_warning_is_one),
		cmocka_unit_test(levels_have_names_and_numbers),
		cmocka_unit_test(without_a_log_nothing_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
