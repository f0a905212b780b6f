/* SPDX-License-Identifier: MIT */
/* base/beneath: whatever a rootfs holds, nothing outside of it is reached. */
#include "unit.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <sys/sysmacros.h>

struct fixture {
	char *path;
	int dir, root; /* root: the folder "root" in dir; "secret" lies beside it */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = unit_folder(&f->path);
	assert_int_equal(mkdirat(f->dir, "root", 0755), 0);
	unit_write(f->dir, "secret", "of the host");
	f->root = openat(f->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return f->root < 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->root);
	close(f->dir);
	assert_int_equal(io_remove_tree(AT_FDCWD, f->path, NULL), 0);
	free(f->path);
	free(f);
	return 0;
}

static void the_way_out_ends_at_the_root(void **state)
{
	struct fixture *f = *state;
	static const char *const out[] = { "../secret", "/../secret", "a/../../secret", "link", "up/secret", "abs" };
	_own_free char *abs = str_fmt("%s/secret", f->path);

	assert_int_equal(mkdirat(f->root, "a", 0755), 0);
	assert_int_equal(symlinkat("../secret", f->root, "link"), 0);
	assert_int_equal(symlinkat("..", f->root, "up"), 0);
	assert_int_equal(symlinkat(abs, f->root, "abs"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(out); i++)
		assert_int_equal(beneath_open(f->root, out[i], O_RDONLY, 0), -ENOENT);
}

static void an_absolute_link_starts_at_the_root(void **state)
{
	struct fixture *f = *state;
	_own_fd int fd = -1;
	char c;

	unit_write(f->root, "inside", "i");
	assert_int_equal(mkdirat(f->root, "etc", 0755), 0);
	assert_int_equal(symlinkat("/inside", f->root, "etc/link"), 0);
	fd = beneath_open(f->root, "/etc/link", O_RDONLY, 0);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, 'i');
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void folders_are_not_made_through_a_link_that_leads_out(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int fd;

	assert_int_equal(symlinkat("../", f->root, "up"), 0);
	fd = beneath_mkdir_p(f->root, "up/made/here", 0755);
	assert_true(fd >= 0); /* "up" is the root itself */
	close(fd);
	assert_int_equal(fstatat(f->root, "made/here", &st, 0), 0);
	assert_int_equal(fstatat(f->dir, "made", &st, 0), -1);
}

static void a_dangling_link_is_not_created_through(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int fd;

	assert_int_equal(symlinkat("../made", f->root, "link"), 0);
	fd = beneath_create(f->root, "link");
	if (fd >= 0)
		close(fd);
	assert_int_equal(fstatat(f->dir, "made", &st, 0), -1);
}

static void what_is_there_is_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	_own_fd int fd = -1, again = -1;
	struct stat st;

	fd = beneath_mkdir_p(f->root, "a/b", 0700);
	assert_true(fd >= 0);
	again = beneath_mkdir_p(f->root, "a/b", 0755);
	assert_true(again >= 0);
	assert_int_equal(fstatat(f->root, "a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	unit_write(f->root, "file", "text");
	close_fd(&again);
	again = beneath_create(f->root, "file");
	assert_true(again >= 0);
	assert_int_equal(fstatat(f->root, "file", &st, 0), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(beneath_mkdir_p(f->root, "file/x", 0755), -ENOTDIR);
}

static void files_are_made_with_their_parents(void **state)
{
	struct fixture *f = *state;
	_own_fd int fd = beneath_create(f->root, "run/lock/file");
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstatat(f->root, "run/lock/file", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void a_node_gets_its_mode_whatever_the_umask(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	mode_t old = umask(077);
	int r = beneath_mknod(f->root, "null", S_IFCHR | 0666, makedev(1, 3));

	umask(old);
	if (r == -EPERM)
		skip(); /* not root */
	assert_int_equal(r, 0);
	assert_int_equal(fstatat(f->root, "null", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0666);
	assert_int_equal(beneath_mknod(f->root, "null", S_IFCHR | 0666, makedev(1, 3)), -EEXIST);
}

static void links_are_made_and_removed(void **state)
{
	struct fixture *f = *state;
	char to[16] = "";

	assert_int_equal(beneath_symlink(f->root, "/proc/self/fd", "fd"), 0);
	assert_int_equal(readlinkat(f->root, "fd", to, sizeof(to) - 1), 13);
	assert_int_equal(beneath_symlink(f->root, "x", "fd"), -EEXIST);
	assert_int_equal(beneath_unlink(f->root, "fd", 0), 0);
	assert_int_equal(beneath_unlink(f->root, "fd", 0), -ENOENT);
}

static void the_last_word_must_be_a_name(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(beneath_symlink(f->root, "x", ".."), -EINVAL);
	assert_int_equal(beneath_unlink(f->root, "/", 0), -EINVAL);
	assert_int_equal(beneath_unlink(f->root, ".", AT_REMOVEDIR), -EINVAL);
}

/* /proc/self/root and its like jump over every wall; RESOLVE_NO_MAGICLINKS refuses them. */
static void magic_links_are_refused(void **state)
{
	_own_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(beneath_open(proc, "self/root/etc/passwd", O_RDONLY, 0), -ELOOP);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_way_out_ends_at_the_root),
		T(an_absolute_link_starts_at_the_root),
		T(folders_are_not_made_through_a_link_that_leads_out),
		T(a_dangling_link_is_not_created_through),
		T(what_is_there_is_left_as_it_is),
		T(files_are_made_with_their_parents),
		T(a_node_gets_its_mode_whatever_the_umask),
		T(links_are_made_and_removed),
		T(the_last_word_must_be_a_name),
		cmocka_unit_test(magic_links_are_refused),
	};

	return RUN(tests);
}
