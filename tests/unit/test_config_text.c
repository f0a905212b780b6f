/* SPDX-License-Identifier: MIT */
/* client/config_text: a config file is changed by the line, and all else of it stays. */
#include "unit.h"

#include "client/disk.h"

static void check(char *got, const char *want)
{
	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void a_key_is_replaced_where_it_stands(void **state)
{
	(void)state;
	check(config_text_set("# c\n\nlxc.uts.name = a\nlxc.tty.max = 1\n", "lxc.uts.name", "b"),
	      "# c\n\nlxc.uts.name = b\nlxc.tty.max = 1\n");
	check(config_text_set(" lxc.uts.name=a\n#lxc.uts.name = c\nlxc.uts.name = d", "lxc.uts.name", "b"),
	      "lxc.uts.name = b\n#lxc.uts.name = c\n");
	check(config_text_set("lxc.uts.names = a", "lxc.uts.name", "b"), "lxc.uts.names = a\nlxc.uts.name = b\n");
	check(config_text_set("", "lxc.uts.name", "b"), "lxc.uts.name = b\n");
}

static void a_line_is_added_behind_a_last_one_without_newline(void **state)
{
	(void)state;
	check(config_text_add("a", "k", "v"), "a\nk = v\n");
	check(config_text_add("a\n", "k", "v"), "a\nk = v\n");
	check(config_text_add("", "k", "v"), "k = v\n");
}

static void x_becomes_a_random_digit_in_hwaddr_only(void **state)
{
	char *got = config_text_macs("# xx\nlxc.net.0.hwaddr = xx:16:3e:Xx:xx:xx\nlxc.net.0.name = xx\n", false);
	unsigned b[6];

	(void)state;
	assert_non_null(got);
	assert_int_equal(
		sscanf(got, "# xx\nlxc.net.0.hwaddr = %2x:%2x:%2x:%2x:%2x:%2x\n", b, b + 1, b + 2, b + 3, b + 4, b + 5),
		6);
	assert_int_equal(b[1], 0x16);
	assert_int_equal(b[0] & 1, 0);
	assert_non_null(strstr(got, "\nlxc.net.0.name = xx\n"));
	free(got);
}

static void a_copy_keeps_the_makers_part_of_its_address(void **state)
{
	char *got = config_text_macs("lxc.net.12.hwaddr=10:66:6a:01:02:03", true);

	(void)state;
	assert_non_null(got);
	assert_memory_equal(got, "lxc.net.12.hwaddr=10:66:6a:", 27);
	assert_int_equal(strlen(got), strlen("lxc.net.12.hwaddr=10:66:6a:01:02:03\n"));
	assert_string_not_equal(got, "lxc.net.12.hwaddr=10:66:6a:01:02:03\n"); /* one in 2^24 */
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_replaced_where_it_stands),
		cmocka_unit_test(a_line_is_added_behind_a_last_one_without_newline),
		cmocka_unit_test(x_becomes_a_random_digit_in_hwaddr_only),
		cmocka_unit_test(a_copy_keeps_the_makers_part_of_its_address),
	};

	return RUN(tests);
}
