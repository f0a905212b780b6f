/* SPDX-License-Identifier: MIT */
/* base/str: buffers, vectors of strings, distances between words. */
#include "unit.h"

#include "base/own.h"
#include "base/str.h"

static void an_empty_buffer_is_taken_as_an_empty_text(void **state)
{
	struct buf b = { 0 };
	_own_free char *s = buf_take(&b);

	(void)state;
	assert_string_equal(s, "");
	assert_null(b.s);
}

static void a_buffer_grows_over_many_additions(void **state)
{
	_own_buf struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%03d,", i);
	assert_int_equal(b.len, 4000);
	assert_memory_equal(b.s, "000,001,", 8);
	assert_string_equal(b.s + 3996, "999,");
}

static void a_buffer_keeps_nul_bytes(void **state)
{
	_own_buf struct buf b = { 0 };

	(void)state;
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.s, "a\0b", 4);
}

static void a_failed_buffer_gives_nothing(void **state)
{
	struct buf b = { .failed = true };

	(void)state;
	buf_addf(&b, "lost");
	assert_null(buf_take(&b));
}

static void a_vector_ends_with_null(void **state)
{
	_own_strv struct strv v = { 0 };

	(void)state;
	assert_int_equal(strv_add(&v, "a"), 0);
	assert_int_equal(strv_addf(&v, "%d", 7), 0);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[1], "7");
	assert_null(v.v[2]);
}

static void splitting_leaves_empty_words_out(void **state)
{
	_own_strv struct strv v = { 0 };

	(void)state;
	assert_int_equal(strv_split(&v, " \ta  bc\td ", " \t"), 0);
	assert_int_equal(v.n, 3);
	assert_string_equal(v.v[0], "a");
	assert_string_equal(v.v[1], "bc");
	assert_string_equal(v.v[2], "d");
	assert_int_equal(strv_split(&v, "", " "), 0);
	assert_int_equal(v.n, 3);
}

static void beginnings_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts("lxc.net", "lxc."));
	assert_false(str_starts("lx", "lxc."));
	assert_true(str_ends("a.conf", ".conf"));
	assert_false(str_ends("conf", ".conf"));
	assert_true(str_ends("x", ""));
}

static void a_copy_fits_whole_or_not_at_all(void **state)
{
	char to[4] = "old";

	(void)state;
	assert_int_equal(str_copy(to, sizeof(to), "abc"), 0);
	assert_string_equal(to, "abc");
	assert_int_equal(str_copy(to, sizeof(to), "abcd"), -ENAMETOOLONG);
	assert_string_equal(to, "");
}

/* The published vectors of FNV-1a, 64 bits. */
static void the_hash_is_fnv1a(void **state)
{
	(void)state;
	assert_true(str_fnv64("") == 0xcbf29ce484222325ULL);
	assert_true(str_fnv64("a") == 0xaf63dc4c8601ec8cULL);
	assert_true(str_fnv64("foobar") == 0x85944171f73967e8ULL);
}

static void distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(str_distance("name", "name"), 0);
	assert_int_equal(str_distance("nam", "name"), 1);
	assert_int_equal(str_distance("name", "nam"), 1);
	assert_int_equal(str_distance("name", "nams"), 1);
	assert_int_equal(str_distance("name", "naem"), 1); /* swapped neighbours */
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
}

static void distance_of_long_words_is_large(void **state)
{
	char a[100];

	(void)state;
	memset(a, 'a', sizeof(a) - 1);
	a[sizeof(a) - 1] = 0;
	assert_int_equal(str_distance(a, "a"), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_taken_as_an_empty_text),
		cmocka_unit_test(a_buffer_grows_over_many_additions),
		cmocka_unit_test(a_buffer_keeps_nul_bytes),
		cmocka_unit_test(a_failed_buffer_gives_nothing),
		cmocka_unit_test(a_vector_ends_with_null),
		cmocka_unit_test(splitting_leaves_empty_words_out),
		cmocka_unit_test(beginnings_and_ends),
		cmocka_unit_test(a_copy_fits_whole_or_not_at_all),
		cmocka_unit_test(the_hash_is_fnv1a),
		cmocka_unit_test(distance_counts_edits),
		cmocka_unit_test(distance_of_long_words_is_large),
	};

	return RUN(tests);
}
