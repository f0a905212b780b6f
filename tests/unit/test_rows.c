/* SPDX-License-Identifier: MIT */
/* Walks every row of every feature: its examples, its text form, its clearing, its way through an exec. */
#include "spec/key.h"

#include "base/own.h"
#include "spec/document.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

static void same(const struct spec *s, const char *name, const char *value, const char *want, const char *how)
{
	_own_free char *got = get(s, name);

	if (strcmp(want, got) != 0)
		fail_msg("%s = %s became \"%s\", then, %s, \"%s\"", name, value, want, how, got);
}

/* As the keeper gets it: a copy that says the same when the first is gone, with the value's own line. */
static void survives_an_exec(struct spec *s, const char *name, const char *value, const char *want)
{
	_own_spec struct spec *copy = NULL;
	_own_buf struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };

	if (spec_copy(s, &copy, &e) < 0)
		fail_msg("%s = %s cannot be copied: %s", name, value, e.object);
	same(copy, name, value, want, "copied");
	assert_int_equal(spec_print(s, &first), 0);
	assert_int_equal(spec_print(copy, &second), 0);
	if (first.len != second.len || (first.len && strcmp(first.s, second.s) != 0))
		fail_msg("%s = %s: a copy prints otherwise:\n%s\n%s", name, value, first.s, second.s);
}

/* As a save writes it, and a line ending of CR LF, and blanks around it. */
static void survives_a_file(const char *name, const char *value, const char *want)
{
	static const char *const forms[] = { "", "%s = %s\n", "\t%s=%s\r\n", "# c\n%s = \"%s\"" };
	struct err e = { 0 };

	if (strchr(name, '*') || strcmp(name, "lxc.include") == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_own_spec struct spec *s = NULL;
		_own_problems struct problems p = { 0 };
		_own_document struct document *d = NULL;
		_own_free char *text = NULL;

		assert_int_equal(spec_new(&s, &e), 0);
		prepare(s, name);
		assert_int_equal(document_new(&d, &e), 0);
		assert_int_equal(document_set(d, name, value, &e), 0);
		if (i == 0)
			text = document_text(d, NULL);
		else
			assert_true(asprintf(&text, forms[i], name, value) > 0);
		if (spec_read_text(s, text, strlen(text), "file", 0, &p) < 0)
			fail_msg("%s: %s", text, p.v[0].object);
		if (!strstr(name, ".hwaddr")) /* each x is another digit */
			same(s, name, value, want, "read from a file");
	}
}

static void good_example(const struct key *k, const char *example)
{
	const char *value;
	_own_free char *name = full_name(k, example, &value), *before = NULL, *set = NULL, *cleared = NULL;
	_own_spec struct spec *s = NULL;
	struct err e = { 0 };

	assert_int_equal(spec_new(&s, &e), 0);
	prepare(s, name);
	before = get(s, name);
	if (spec_set(s, name, value, here, &e) < 0)
		fail_msg("%s = %s: %s", name, value, e.object);
	set = get(s, name);
	survives_an_exec(s, name, value, set);
	survives_a_file(name, value, set);
	assert_int_equal(spec_clear(s, name, &e), 0);
	cleared = get(s, name);
	/* a device's type and modes are gone when they are cleared, as with LXC */
	if (strcmp(cleared, before) != 0 && strcmp(cleared, "(none)") != 0 && strcmp(cleared, "(invalid)") != 0 &&
	    !strstr(name, ".type"))
		fail_msg("%s: was \"%s\", after clearing \"%s\"", name, before, cleared);
}

/* Rows whose mistakes have words of their own; all others: bad value "..." of KEY: allowed is VALUES. */
static const char *const own_words[][2] = {
	{ "lxc.include", "cannot read /nonexistent: No such file or directory" },
	{ "lxc.prlimit.nofiles", "lxc.prlimit.nofiles: there is no resource nofiles" },
	{ "lxc.sysctl.", ": the name is that of a file below /proc/sys, such as net.ipv4.ip_forward" },
	{ "lxc.proc.", ": the name is that of a file in /proc/PID, without \"..\"" },
	{ "lxc.mount.entry", "a mount entry needs SOURCE, TARGET and TYPE: /srv/data data" },
	{ "lxc.mount.entry", "bad mount option create=link: allowed is create=dir or create=file" },
};

/* Rows that any text is right for: a command, a path, a name of somebody else's. */
static const char *const any_text[] = {
	"lxc.init.cmd",
	"lxc.execute.cmd",
	"lxc.init.cwd",
	"lxc.rootfs.path",
	"lxc.rootfs.mount",
	"lxc.mount.fstab",
	"lxc.console.path",
	"lxc.console.logfile",
	"lxc.cgroup2.*",
	"lxc.cgroup.*",
	"lxc.apparmor.profile",
	"lxc.apparmor.raw",
	"lxc.seccomp.profile",
	"lxc.selinux.context",
	"lxc.selinux.context.keyring",
	"lxc.seccomp.notify.cookie",
	"lxc.net.#.script.up",
	"lxc.net.#.script.down",
	"lxc.net.#.flags",
	"lxc.net.#.link",
	"lxc.hook.pre-start",
	"lxc.hook.pre-mount",
	"lxc.hook.mount",
	"lxc.hook.autodev",
	"lxc.hook.start-host",
	"lxc.hook.start",
	"lxc.hook.stop",
	"lxc.hook.post-stop",
	"lxc.hook.clone",
	"lxc.hook.destroy",
	"lxc.group",
	"lxc.log.file",
};

static bool takes_any(const struct key *k)
{
	for (size_t i = 0; i < ARRAY_SIZE(any_text); i++)
		if (strcmp(any_text[i], k->name) == 0)
			return true;
	return false;
}

static bool said_as_it_should(const struct key *k, const char *name, const char *value, const char *said)
{
	_own_free char *form = str_fmt("bad value \"%s\" of %s: allowed is %s", value, name, k->values);

	for (size_t i = 0; i < ARRAY_SIZE(own_words); i++)
		if (strncmp(own_words[i][0], name, strlen(own_words[i][0])) == 0 && str_ends(said, own_words[i][1]))
			return true;
	return strcmp(said, form) == 0;
}

/* Refused when it is set, or, where LXC takes it then, before a start. */
static void bad_example(const struct key *k, const char *example)
{
	const char *value;
	_own_free char *name = full_name(k, example, &value);
	_own_problems struct problems p = { 0 };
	_own_spec struct spec *s = NULL;
	struct err e = { 0 };
	char said[1024];

	assert_int_equal(spec_new(&s, &e), 0);
	prepare(s, name);
	if (spec_set(s, name, value, here, &e) == 0) {
		if (spec_check(s, &p) == 0)
			fail_msg("%s = %s was taken", name, value);
		e = p.v[0];
	}
	assert_string_equal(e.key, name);
	assert_true(e.errnum == 0 || e.errnum == EINVAL || strcmp(name, "lxc.include") == 0);
	assert_string_equal(e.file, "test");
	assert_int_equal(e.line, 7);
	err_text(&e, said, sizeof(said));
	if (!said_as_it_should(k, name, value, said))
		fail_msg("%s = %s: %s", name, value, said);
}

static void test_every_row(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const struct key *k = &features[f]->keys[i];

			if (!k->help || !k->since || !k->values)
				fail_msg("%s lacks its help, its values or its version", k->name);
			if (!k->bad[0] != takes_any(k))
				fail_msg("%s has bad examples and takes any text, or neither", k->name);
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

/* The hash must find what a look at every row finds, and nothing else. */
static void test_every_name_is_found(void **state)
{
	static const char *const none[] = { "",
					    "lxc",
					    "lxc.",
					    "lxc.net.",
					    "lxc.net.x.type",
					    "lxc.net.2147483647.type",
					    "lxc.net.0.",
					    "lxc.uts",
					    "lxc.uts.name.",
					    "lxc.uts.namee",
					    "lxc..uts.name",
					    "lxc.net.#.type",
					    "lxc.cgroup2.",
					    "lxc.net.99999999999999999999.type" };
	enum feature_id f;
	unsigned index;
	const char *rest;

	(void)state;
	for (unsigned i = 0; i < FEATURE_COUNT; i++) {
		for (size_t j = 0; j < features[i]->n_keys; j++) {
			const struct key *k = &features[i]->keys[j];
			const char *value;
			_own_free char *name = full_name(k, "a.7.b=x", &value);

			if (key_find(name, &f, &index, &rest) != k || f != i)
				fail_msg("%s is not found", name);
			assert_int_equal(index, strchr(k->name, '#') ? 3 : 0);
			if (strchr(k->name, '*'))
				assert_string_equal(rest, "a.7.b");
			else
				assert_null(rest);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (key_find(none[i], &f, &index, &rest))
			fail_msg("\"%s\" is found", none[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_no_name_twice),
		cmocka_unit_test(test_every_feature_says_its_file),
		cmocka_unit_test(test_every_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
