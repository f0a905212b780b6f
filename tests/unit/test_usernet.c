/* SPDX-License-Identifier: MIT */
/* What a file of lxc-usernet gives to whom. */
#include "unit.h"

#include "usernic/usernet.h"

static void expect(const char *text, const char *wanted)
{
	struct usernet_who who = { .name = "al" };
	_own_quotas struct quotas q = { 0 };
	_own_buf struct buf b = { 0 };

	assert_int_equal(strv_add(&who.groups, "@team"), 0);
	assert_int_equal(usernet_quotas(text, &who, "veth", "br1", &q), 0);
	for (size_t i = 0; i < q.n; i++)
		buf_addf(&b, "%s%s %u", i ? ", " : "", q.v[i].owner, q.v[i].most);
	assert_string_equal(b.s ? b.s : "", wanted);
	usernet_who_free(&who);
}

static void test_lines(void **state)
{
	(void)state;
	expect("", "");
	expect("al veth br1 3", "al 3");
	expect("\n\n \t al\tveth  br1 \t3 \n", "al 3");
	expect("al veth br1 3\r\n", "al 3");
	expect("al veth br1 3\nal veth br1 4\n", "al 7");
	expect("@team veth br1 2\nal veth br1 1\n@team veth br1 1", "@team 3, al 1");
	expect("alice veth br1 3\na veth br1 3\nAl veth br1 3", "");
	expect("al veth br 3\nal veth br10 3\nal vet br1 3\nal macvlan br1 3", "");
	expect("al veth br1\nal veth br1 3 #\nal veth br1 x\nal veth br1 -3\nal veth br1 +3\nal veth br1 3.0", "");
	expect("#al veth br1 3\n# al veth br1 3", "");
	expect("team veth br1 3\n@al veth br1 3\n@@team veth br1 3", "");
	expect("al veth br1 0", "al 0");
	expect("al veth br1 99999999999999999999\nal veth br1 1048577", "");
	expect("al veth br1 1048576\nal veth br1 1048576", "al 1048576");
}

/* A name that looks like a group's is no group's. */
static void test_a_name_is_no_group(void **state)
{
	struct usernet_who who = { .name = "@team" };
	_own_quotas struct quotas q = { 0 };

	(void)state;
	assert_int_equal(usernet_quotas("@team veth br1 3", &who, "veth", "br1", &q), 0);
	assert_int_equal(q.n, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_name_is_no_group),
	};

	return RUN(tests);
}
