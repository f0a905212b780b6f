/* SPDX-License-Identifier: MIT */
/* Id maps: their text, their arithmetic, and what a config that maps ids must not say. */
#include "features/init.h"
#include "features/userns.h"
#include "spec/key.h"
#include "sys/idmap.h"

#include "base/own.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct origin here = { .file = "test", .line = 7 };

static void test_extent_of_text(void **state)
{
	static const char *const bad[] = { "",	     "0",      "0 0",	  "0 0 0 0", "0 0 0a",	       "0x1 0 1",
					   "-1 0 1", "0 -1 1", "1.0 0 1", "0,0,1",   "0 0 4294967296", "a b c" };
	struct idmap_extent x;

	(void)state;
	assert_int_equal(idmap_parse(" \t0\t100000  65536 ", &x), 0);
	assert_int_equal(x.inside, 0);
	assert_int_equal(x.outside, 100000);
	assert_int_equal(x.count, 65536);
	assert_int_equal(idmap_parse("4294967295 4294967295 0", &x), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(idmap_parse(bad[i], &x) < 0);
}

static void test_id_through_ranges_and_holes(void **state)
{
	static struct idmap m = { .v = { { 0, 100000, 1000 }, { 1000, 1000, 1 }, { 2000, 4294967000, 10 } }, .n = 3 };

	(void)state;
	assert_int_equal(idmap_out(&m, 0), 100000);
	assert_int_equal(idmap_out(&m, 999), 100999);
	assert_int_equal(idmap_out(&m, 1000), 1000);
	assert_int_equal(idmap_out(&m, 1001), -1);
	assert_int_equal(idmap_out(&m, 2009), 4294967009);
	assert_int_equal(idmap_out(&m, 2010), -1);
	assert_int_equal(idmap_out(&m, UINT32_MAX), -1);
}

static void test_overlap_has_its_place(void **state)
{
	static const struct idmap_extent a = { 0, 100000, 10 };
	static const struct idmap_extent inside = { 9, 5, 1 }, host = { 10, 100009, 5 }, none = { 10, 100010, 5 };

	(void)state;
	assert_string_equal(idmap_overlap(&a, &inside), "inside");
	assert_string_equal(idmap_overlap(&a, &host), "on the host");
	assert_null(idmap_overlap(&a, &none));
	assert_null(idmap_overlap(&none, &a));
}

static struct spec *spec_of(const char *const *lines)
{
	struct err e = { 0 };
	struct spec *s = NULL;

	assert_int_equal(spec_new(&s, &e), 0);
	for (; *lines; lines++)
		assert_int_equal(spec_set(s, "lxc.idmap", *lines, here, &e), 0);
	return s;
}

static void test_get_is_clean_and_joined(void **state)
{
	_own_spec struct spec *s = spec_of((const char *[]){ "u    0\t\t5000\t100000", "g 1 100000 10000000 ", NULL });
	_own_buf struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(spec_get(s, "lxc.idmap", &b), 0);
	assert_string_equal(b.s, "u 0 5000 100000\ng 1 100000 10000000");
	assert_int_equal(spec_set(s, "lxc.idmap", "", here, &e), 0);
	assert_false(userns_wanted(s));
}

static void test_ids_of_root_and_caller(void **state)
{
	_own_spec struct spec *s = spec_of((const char *[]){ "u 0 100000 10", "g 5 200000 10", NULL });
	struct err e = { 0 };
	uid_t uid;
	gid_t gid;

	(void)state;
	assert_int_equal(spec_set(s, "lxc.init.gid", "7", here, &e), 0);
	userns_root(s, &uid, &gid);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 7); /* 0 is not mapped */
	assert_int_equal(userns_host_uid(s, 3), 100003);
	assert_int_equal(userns_host_gid(s, 7), 200002);
	assert_int_equal(userns_host_gid(s, 0), -1);
	userns_caller(s, &uid, &gid);
	assert_int_equal(uid, 10); /* the first free ones */
	assert_int_equal(gid, 15);
}

static void test_too_many_ranges_are_one_problem(void **state)
{
	_own_spec struct spec *s = spec_of((const char *[]){ "g 0 0 1", NULL });
	_own_problems struct problems p = { 0 };
	struct err e = { 0 };

	(void)state;
	for (unsigned i = 0; i <= IDMAP_EXTENTS; i++) {
		_own_free char *line = str_fmt("u %u %u 1", i, 1000 + i);

		assert_int_equal(spec_set(s, "lxc.idmap", line, here, &e), 0);
	}
	assert_int_equal(spec_check(s, &p), -EINVAL);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.v[0].object, "u 340 1340 1 is one range too many: the kernel takes 340 of each kind");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extent_of_text),	       cmocka_unit_test(test_id_through_ranges_and_holes),
		cmocka_unit_test(test_overlap_has_its_place),  cmocka_unit_test(test_get_is_clean_and_joined),
		cmocka_unit_test(test_ids_of_root_and_caller), cmocka_unit_test(test_too_many_ranges_are_one_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
