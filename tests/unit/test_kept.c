/* SPDX-License-Identifier: MIT */
/* Configs that are remembered: one for all who read it, read anew when any of its files is another one. */
#include "unit.h"

#include "base/io.h"
#include "base/own.h"
#include "client/container.h"
#include "client/kept.h"

enum { SETTLE_US = 2100 * 1000 }; /* a file that was written a moment ago is not remembered */

static char *folder, config[64];
static int dir;

static int setup(void **state)
{
	char text[256];

	(void)state;
	dir = unit_folder(&folder);
	(void)snprintf(config, sizeof(config), "%s/config", folder);
	assert_int_equal(mkdirat(dir, "confs", 0700), 0);
	(void)snprintf(text, sizeof(text), "lxc.uts.name = a\nlxc.include = %s/more\nlxc.include = %s/confs\n", folder,
		       folder);
	unit_write(dir, "more", "lxc.tty.max = 1\n");
	unit_write(dir, "config", text);
	(void)usleep(SETTLE_US);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(dir);
	assert_int_equal(io_remove_tree(AT_FDCWD, folder, NULL), 0);
	free(folder);
	return 0;
}

static struct kept *read_it(void)
{
	_own_problems struct problems p = { 0 };
	struct kept *k;

	assert_int_equal(kept_read(config, &k, &p), 0);
	return k;
}

static void assert_says(const struct kept *k, const char *key, const char *value)
{
	_own_buf struct buf b = { 0 };

	assert_int_equal(spec_get(kept_spec(k), key, &b), 0);
	assert_string_equal(b.len ? b.s : "", value);
}

static void one_for_all(void **state)
{
	struct kept *a = read_it(), *b = read_it();

	(void)state;
	assert_ptr_equal(a, b);
	kept_put(a);
	assert_says(b, "lxc.tty.max", "1");
	kept_put(b);
}

/* Of an include, of an included folder's names. What was read before stays with its reader. */
static void every_file_counts(void **state)
{
	struct kept *before = read_it(), *now;
	(void)state;
	unit_write(dir, "more", "lxc.tty.max = 2\n"); /* in place, as long as before */
	now = read_it();
	assert_says(now, "lxc.tty.max", "2");
	assert_says(before, "lxc.tty.max", "1");
	kept_put(before);

	before = now;
	unit_write(dir, "confs/x.conf", "lxc.pty.max = 7\n");
	now = read_it();
	assert_says(now, "lxc.pty.max", "7");
	kept_put(before);
	kept_put(now);
}

/* Its time says nothing yet: a write right behind the reading could leave the same. */
static void fresh_is_not_remembered(void **state)
{
	struct kept *a, *b;

	(void)state;
	unit_write(dir, "more", "lxc.tty.max = 3\n");
	a = read_it();
	b = read_it();
	assert_ptr_not_equal(a, b);
	kept_put(a);
	kept_put(b);
}

static void drawn_macs_are_not(void **state)
{
	struct kept *k;

	(void)state;
	unit_write(dir, "more", "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n");
	k = read_it();
	assert_null(k);
}

static void wrong_is_told(void **state)
{
	_own_problems struct problems p = { 0 };
	struct kept *k;

	(void)state;
	unit_write(dir, "more", "lxc.tty.max = many\n");
	assert_int_equal(kept_read(config, &k, &p), -EINVAL);
	assert_null(k);
	assert_int_equal(p.n, 1);
	unit_write(dir, "more", "lxc.tty.max = 1\n");
}

/* Who changes a config changes his own, and begins with what the file says by then. */
static void a_change_is_ones_own(void **state)
{
	_own_container struct container *a = NULL, *b = NULL;
	_own_problems struct problems p = { 0 };
	struct err e = { 0 };
	_own_buf struct buf v = { 0 };

	(void)state;
	assert_int_equal(container_open(&a, strrchr(folder, '/') + 1, "/tmp", &e), 0);
	assert_int_equal(container_open(&b, strrchr(folder, '/') + 1, "/tmp", &e), 0);
	assert_int_equal(container_recall(a, &p), 0);
	assert_int_equal(container_recall(b, &p), 0);
	assert_int_equal(container_set(a, "lxc.uts.name", "changed", &e), 0);
	assert_int_equal(spec_get(b->spec, "lxc.uts.name", &v), 0);
	assert_string_equal(v.s, "a");
	assert_int_equal(spec_get(a->spec, "lxc.tty.max", &v), 0);
	assert_string_equal(v.s, "a1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_for_all),
		cmocka_unit_test(every_file_counts),
		cmocka_unit_test(fresh_is_not_remembered),
		cmocka_unit_test(drawn_macs_are_not),
		cmocka_unit_test(wrong_is_told),
		cmocka_unit_test(a_change_is_ones_own),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
