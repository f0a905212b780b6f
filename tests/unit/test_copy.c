/* SPDX-License-Identifier: MIT */
/* client/rehome, client/dependents: what a copy's config and its lists become. */
#include "unit.h"

#include "client/disk.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void only_paths_of_the_folder_move(void **state)
{
	char *got = config_rehome("lxc.hook.mount = /c/a/h --x=/c/a/y '/c/a/z' /c/ab/h /x/c/a\n"
				  "#lxc.hook.mount = /c/a/h\n"
				  "lxc.rootfs.path = overlay:/c/a/rootfs:/c/a/overlay/delta\n"
				  "lxc.mount.entry = /s t overlay lowerdir=/s,upperdir=/c/a/d#1,workdir=/c/a/w#1\n"
				  "lxc.environment = X=/c/a\n"
				  "lxc.mount.fstab=/c/a/fstab",
				  &(struct rehome){ .from = "/c/a", .to = "/new" });

	(void)state;
	assert_non_null(got);
	assert_string_equal(got, "lxc.hook.mount = /new/h --x=/new/y '/new/z' /c/ab/h /x/c/a\n"
				 "#lxc.hook.mount = /c/a/h\n"
				 "lxc.rootfs.path = overlay:/new/rootfs:/new/overlay/delta\n"
				 "lxc.mount.entry = /s t overlay lowerdir=/s,upperdir=/new/d#1,workdir=/new/w#1\n"
				 "lxc.environment = X=/c/a\n"
				 "lxc.mount.fstab=/new/fstab");
	free(got);
}

static void a_folder_that_is_shared_stays(void **state)
{
	const struct rehome h = { .from = "/c/a", .to = "/new", .keep = "/c/a/rootfs" };
	char *got = config_rehome("lxc.hook.mount = /c/a/rootfs/h /c/a/rootfs2\n", &h);

	(void)state;
	assert_non_null(got);
	assert_string_equal(got, "lxc.hook.mount = /c/a/rootfs/h /new/rootfs2\n");
	free(got);
}

static void files_of_the_folder_are_found(void **state)
{
	_own_strv struct strv v = { 0 };

	(void)state;
	assert_int_equal(config_files("lxc.hook.mount = /c/a/h --x=/c/a/d/y /c/ab/h\nlxc.mount.fstab = /c/a/fstab\n"
				      "lxc.uts.name = /c/a/no\n",
				      "/c/a", &v),
			 0);
	assert_int_equal(v.n, 3);
	assert_string_equal(v.v[0], "h");
	assert_string_equal(v.v[1], "d/y");
	assert_string_equal(v.v[2], "fstab");
}

static void put(const char *folder, const char *file, const char *text)
{
	_own_free char *path = str_fmt("%s/%s", folder, file);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static int count(const char *folder)
{
	_own_strv struct strv v = { 0 };
	struct err e = { 0 };

	assert_int_equal(dependents_of(folder, &v, &e), 0);
	return (int)v.n / 2;
}

static void lists_change_once_and_go_when_empty(void **state)
{
	char top[] = "/tmp/keg-unit-XXXXXX";
	_own_free char *folder = NULL, *trash = NULL, *another = NULL, *list = NULL, *lines = NULL;
	_own_strv struct strv parents = { 0 };
	const struct dependent a = { top, "a" }, b = { top, "b" };
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(top));
	folder = str_fmt("%s/parent", top);
	trash = str_fmt("%s/.trash-a", top);
	another = str_fmt("%s/a", top);
	lines = str_fmt("%s\nparent\n", top);
	list = str_fmt("%s/" DEPENDENTS, folder);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(strv_add(&parents, top) | strv_add(&parents, "parent"), 0);
	assert_int_equal(strv_add(&parents, top) | strv_add(&parents, "gone"), 0);
	assert_int_equal(dependents_forget(&parents, trash, a, &e), 0);
	parents.n = 2;
	for (int i = 0; i < 2; i++)
		assert_int_equal(dependents_add(&parents, a, &e) | dependents_add(&parents, b, &e), 0);
	assert_int_equal(count(folder), 2);
	assert_int_equal(mkdir(trash, 0755), 0); /* a is being destroyed */
	put(trash, PARENTS, "x\ny\n");
	assert_int_equal(count(folder), 1);
	assert_int_equal(mkdir(another, 0755), 0); /* and another has its name, of the same parent */
	put(another, PARENTS, lines);
	assert_int_equal(dependents_forget(&parents, trash, a, &e), 0);
	assert_int_equal(count(folder), 2);
	put(another, PARENTS, "x\ny\n"); /* of another's */
	assert_int_equal(dependents_forget(&parents, trash, a, &e) | dependents_forget(&parents, trash, b, &e), 0);
	assert_int_equal(access(list, F_OK), -1);
	put(folder, DEPENDENTS, "2");
	assert_int_equal(count(folder), 1); /* LXC 1.0's */
	put(folder, DEPENDENTS, "/x\na\n/y\n");
	assert_int_equal(dependents_of(folder, &parents, &e), -EINVAL);
	assert_non_null(strstr(e.object, "is cut short: it has to have two lines for each container"));
	err_clear(&e);
	assert_int_equal(io_remove_tree(AT_FDCWD, top, &e), 0);
	parents.n = 4;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_paths_of_the_folder_move),
		cmocka_unit_test(a_folder_that_is_shared_stays),
		cmocka_unit_test(files_of_the_folder_are_found),
		cmocka_unit_test(lists_change_once_and_go_when_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
