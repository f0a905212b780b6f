/* SPDX-License-Identifier: MIT */
/* Walks every row of every feature: its examples, its text form, its clearing, its way through an exec. */
#include "spec/key.h"

#include "base/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct origin here = { .file = "test", .line = 7 };

/* The name and value of an example: "name=value" fills the '*' of a named key, '#' becomes 3. */
static char *full_name(const struct key *k, const char *example, const char **value)
{
	_own_buf struct buf b = { 0 };
	const char *equals = strchr(k->name, '*') ? strchr(example, '=') : NULL;

	*value = equals ? equals + 1 : example;
	for (const char *c = k->name; *c; c++) {
		if (*c == '#')
			buf_addf(&b, "3");
		else if (*c == '*')
			buf_add(&b, equals ? example : "x", equals ? (size_t)(equals - example) : 1);
		else
			buf_add(&b, c, 1);
	}
	return buf_take(&b);
}

/* Keys of one kind of network device need that kind first. */
static void prepare(struct spec *s, const char *name)
{
	struct err e = { 0 };
	const char *kind = strstr(name, "macvlan")			       ? "macvlan"
			   : strstr(name, "ipvlan")			       ? "ipvlan"
			   : strstr(name, ".vlan.id") && !strstr(name, "veth") ? "vlan"
									       : "veth";

	if (strncmp(name, "lxc.net.3.", 10) == 0 && strcmp(name, "lxc.net.3.type") != 0)
		assert_int_equal(spec_set(s, "lxc.net.3.type", kind, here, &e), 0);
}

static char *get(const struct spec *s, const char *name)
{
	struct buf b = { 0 };

	if (spec_get(s, name, &b) < 0) {
		buf_free(&b);
		return strdup("(none)");
	}
	return buf_take(&b);
}

static void good_example(const struct key *k, const char *example)
{
	const char *value;
	_own_free char *name = full_name(k, example, &value), *before = NULL, *set = NULL, *cleared = NULL,
		       *again = NULL;
	_own_spec struct spec *s = NULL, *other = NULL;
	_own_problems struct problems p = { 0 };
	_own_buf struct buf wire = { 0 };
	struct err e = { 0 };

	assert_int_equal(spec_new(&s, &e), 0);
	prepare(s, name);
	before = get(s, name);
	if (spec_set(s, name, value, here, &e) < 0)
		fail_msg("%s = %s: %s", name, value, e.object);
	set = get(s, name);
	assert_int_equal(spec_print(s, &wire), 0);
	assert_int_equal(spec_new(&other, &e), 0);
	if (spec_read_text(other, wire.s ? wire.s : "", wire.len, "wire", SPEC_WIRE, &p) < 0)
		fail_msg("%s = %s does not survive an exec: %s\n%s", name, value, p.n ? p.v[0].object : "", wire.s);
	again = get(other, name);
	if (strcmp(set, again) != 0)
		fail_msg("%s = %s became \"%s\", then \"%s\"\n%s", name, value, set, again, wire.s);
	assert_int_equal(spec_clear(s, name, &e), 0);
	cleared = get(s, name);
	if (strcmp(cleared, before) != 0 && strcmp(cleared, "(none)") != 0 && !strstr(name, ".type"))
		fail_msg("%s: was \"%s\", after clearing \"%s\"", name, before, cleared);
}

static void bad_example(const struct key *k, const char *example)
{
	const char *value;
	_own_free char *name = full_name(k, example, &value);
	_own_spec struct spec *s = NULL;
	struct err e = { 0 };

	assert_int_equal(spec_new(&s, &e), 0);
	prepare(s, name);
	if (spec_set(s, name, value, here, &e) == 0)
		fail_msg("%s = %s was taken", name, value);
	assert_string_equal(e.key, name);
	assert_string_equal(e.file, "test");
	assert_int_equal(e.line, 7);
	assert_true(e.object[0]);
}

static void test_every_row(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const struct key *k = &features[f]->keys[i];

			if (!k->help || !k->since || !k->values)
				fail_msg("%s lacks its help, its values or its version", k->name);
			for (size_t g = 0; g < ARRAY_SIZE(k->good) && k->good[g]; g++)
				good_example(k, k->good[g]);
			for (size_t b = 0; b < ARRAY_SIZE(k->bad) && k->bad[b]; b++)
				bad_example(k, k->bad[b]);
		}
	}
}

static void test_no_name_twice(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++)
			for (unsigned g = 0; g < FEATURE_COUNT; g++)
				for (size_t j = 0; j < features[g]->n_keys; j++)
					if ((f != g || i != j) &&
					    strcmp(features[f]->keys[i].name, features[g]->keys[j].name) == 0)
						fail_msg("%s has two rows", features[f]->keys[i].name);
}

/* keg help --where, and the manual's headings. */
static void test_every_feature_says_its_file(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		if (!features[f]->file || !features[f]->title || !features[f]->about)
			fail_msg("the feature %s lacks its FEATURE_TEXT()", features[f]->name);
		if (strncmp(feature_where(features[f]), "src/features/", 13) != 0)
			fail_msg("the feature %s lies in %s", features[f]->name, feature_where(features[f]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_no_name_twice),
		cmocka_unit_test(test_every_feature_says_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
