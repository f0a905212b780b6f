/* SPDX-License-Identifier: MIT */
/* client/macs: which digits of a hardware address become random. */
#include "unit.h"

#include "client/disk.h"

static void x_becomes_a_random_digit_in_hwaddr_only(void **state)
{
	char *got = config_macs("# xx\nlxc.net.0.hwaddr = xx:16:3e:Xx:xx:xx\nlxc.net.0.name = xx\n", false);
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
	char *got = config_macs("lxc.net.12.hwaddr=10:66:6a:01:02:03", true);

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
		cmocka_unit_test(x_becomes_a_random_digit_in_hwaddr_only),
		cmocka_unit_test(a_copy_keeps_the_makers_part_of_its_address),
	};

	return RUN(tests);
}
