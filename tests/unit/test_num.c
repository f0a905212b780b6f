/* SPDX-License-Identifier: MIT */
/* base/num: the whole text, in range, or nothing. */
#include "unit.h"

#include "base/num.h"

static void decimal_is_taken_whole_or_refused(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t v;
	} rows[] = {
		{ "0", 0, 0 },
		{ "42", 0, 42 },
		{ "-7", 0, -7 },
		{ "007", 0, 7 },
		{ "100", 0, 100 },
		{ "101", -ERANGE, 0 },
		{ "-101", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e2", -EINVAL, 0 },
		{ "--1", -EINVAL, 0 },
		{ "one", -EINVAL, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 12345;
		int r = num_i64(rows[i].text, -100, 100, &v);

		if (r != rows[i].r || v != (r ? 12345 : rows[i].v))
			fail_msg("num_i64(\"%s\"): %d, %lld", rows[i].text, r, (long long)v);
	}
}

static void the_ends_of_the_range_are_in_it(void **state)
{
	int64_t v;

	(void)state;
	assert_int_equal(num_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(num_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(num_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
}

static void literals_are_read_as_c_reads_them(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t v;
	} rows[] = {
		{ "10", 0, 10 },
		{ "0x10", 0, 16 },
		{ "010", 0, 8 },
		{ " 5", 0, 5 },
		{ "4294967295", 0, UINT32_MAX },
		{ "4294967296", -ERANGE, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "5 ", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t v = 12345;
		int r = num_u64_c(rows[i].text, UINT32_MAX, &v);

		if (r != rows[i].r || v != (r ? 12345 : rows[i].v))
			fail_msg("num_u64_c(\"%s\"): %d, %llu", rows[i].text, r, (unsigned long long)v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal_is_taken_whole_or_refused),
		cmocka_unit_test(the_ends_of_the_range_are_in_it),
		cmocka_unit_test(literals_are_read_as_c_reads_them),
	};

	return RUN(tests);
}
