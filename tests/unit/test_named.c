/* SPDX-License-Identifier: MIT */
/* Lists by name: lxc.prlimit.*, lxc.sysctl.*, lxc.proc.*; and the names of kernel parameters. */
#include "unit.h"

#include "base/own.h"
#include "features/sysctl.h"
#include "spec/key.h"

#include <errno.h>

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

static void set(const char *key, const char *value)
{
	struct err e = { 0 };

	if (spec_set(spec, key, value, (struct origin){ 0 }, &e) < 0)
		fail_msg("%s = %s: %s %s", key, value, e.op, e.object);
}

static void refuse(const char *key, const char *value)
{
	struct err e = { 0 };

	if (spec_set(spec, key, value, (struct origin){ 0 }, &e) != -EINVAL || !e.set)
		fail_msg("%s = %s is taken", key, value);
}

static void says(const char *key, const char *want)
{
	_own_buf struct buf b = { 0 };

	assert_int_equal(spec_get(spec, key, &b), 0);
	assert_string_equal(b.s ? b.s : "", want);
}

static void limits_are_told_as_lxc_tells_them(void **state)
{
	static const struct {
		const char *value, *text;
	} as[] = {
		{ "100", "100" },
		{ "100:", "100" },
		{ "100:100", "100" },
		{ "100 : 200", "100:200" },
		{ " 5 ", "5" },
		{ "007", "7" },
		{ "0", "0" },
		{ "-1", "unlimited" },
		{ "unlimited:unlimited", "unlimited" },
		{ "5:unlimited", "5:unlimited" },
		{ "18446744073709551615", "unlimited" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(as); i++) {
		set("lxc.prlimit.nofile", as[i].value);
		says("lxc.prlimit.nofile", as[i].text);
	}
}

static void what_is_no_limit_is_refused(void **state)
{
	static const char *const bad[] = { "x",
					   "5x",
					   "0x10",
					   "+5",
					   "-2",
					   ":5",
					   "1:2:3",
					   "1:x",
					   "infinity",
					   "2:1",
					   "unlimited:5",
					   "18446744073709551616",
					   "99999999999999999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse("lxc.prlimit.nofile", bad[i]);
	refuse("lxc.prlimit.bogus", "1");
	refuse("lxc.prlimit", "1");
	says("lxc.prlimit", "");
}

static void a_name_holds_one_value_in_its_first_place(void **state)
{
	(void)state;
	set("lxc.sysctl.a", "1");
	set("lxc.sysctl.b", "2");
	set("lxc.sysctl.a", "3");
	says("lxc.sysctl", "lxc.sysctl.a = 3\nlxc.sysctl.b = 2\n");
	says("lxc.sysctl.a", "3");
	says("lxc.sysctl.c", "");
	set("lxc.sysctl.a", "");
	says("lxc.sysctl", "lxc.sysctl.b = 2\n");
	set("lxc.sysctl", "");
	says("lxc.sysctl", "");
}

static void a_file_of_proc_holds_all_of_them(void **state)
{
	(void)state;
	set("lxc.proc.a", "1");
	set("lxc.proc.b", "2");
	set("lxc.proc.a", "3");
	says("lxc.proc", "lxc.proc.a = 1\nlxc.proc.b = 2\nlxc.proc.a = 3\n");
	says("lxc.proc.a", "13");
	assert_int_equal(spec_clear(spec, "lxc.proc.a", NULL), 0);
	says("lxc.proc", "lxc.proc.b = 2\n");
	assert_int_equal(spec_clear(spec, "lxc.proc", NULL), 0);
	says("lxc.proc", "");
}

static void a_namespace_that_is_not_shared_is_told_as_lxc_does(void **state)
{
	(void)state;
	says("lxc.namespace.share.net", "(null)");
	set("lxc.namespace.share.net", "web1");
	says("lxc.namespace.share.net", "web1");
	says("lxc.namespace.share.uts", "(null)");
	set("lxc.namespace.share.net", "");
	says("lxc.namespace.share.net", "(null)");
}

static void a_line_of_several_is_taken_whole_or_not_at_all(void **state)
{
	(void)state;
	set("lxc.init.groups", "1,2");
	refuse("lxc.init.groups", "10,20,foo,40");
	says("lxc.init.groups", "1,2");
	set("lxc.init.groups", "3");
	says("lxc.init.groups", "1,2,3");
}

static void offsets_of_clocks_are_told_as_lxc_7_tells_them(void **state)
{
	static const struct {
		const char *value, *text;
	} as[] = {
		{ "-1234s", "-1234s" },
		{ "2m", "120s" },
		{ "1h", "3600s" },
		{ "1000000000000000us", "1000000000000000000ns" },
		{ "-1000000000000000us", "-1000000000000000000ns" },
		{ "", "0ns" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(as); i++) {
		set("lxc.time.offset.boot", as[i].value);
		says("lxc.time.offset.boot", as[i].text);
	}
	refuse("lxc.time.offset.boot", "10000000000000000us");
	refuse("lxc.time.offset.monotonic", "9223372036854775807s");
}

static void names_of_parameters_are_read_as_sysctl_reads_them(void **state)
{
	static const struct {
		const char *name, *path;
	} as[] = {
		{ "kernel", "kernel" },
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(as); i++) {
		char name[64];

		assert_int_equal(str_copy(name, sizeof(name), as[i].name), 0);
		sysctl_path(name);
		assert_string_equal(name, as[i].path);
	}
}

static void a_parameter_is_below_proc_sys(void **state)
{
	static const char *const bad[] = { "lxc.sysctl.../x",	   "lxc.sysctl.a..b",  "lxc.sysctl./a",
					   "lxc.sysctl.a/../../b", "lxc.sysctl.a/./b", "lxc.sysctl.a/",
					   "lxc.sysctl.a." };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse(bad[i], "1");
	refuse("lxc.proc.../x", "1");
	refuse("lxc.proc./x", "1");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(limits_are_told_as_lxc_tells_them),
		T(what_is_no_limit_is_refused),
		T(a_name_holds_one_value_in_its_first_place),
		T(a_file_of_proc_holds_all_of_them),
		T(a_namespace_that_is_not_shared_is_told_as_lxc_does),
		T(a_line_of_several_is_taken_whole_or_not_at_all),
		T(offsets_of_clocks_are_told_as_lxc_7_tells_them),
		T(names_of_parameters_are_read_as_sysctl_reads_them),
		T(a_parameter_is_below_proc_sys),
	};

	return RUN(tests);
}
