/* SPDX-License-Identifier: MIT */
/* base/io: files are read whole, replaced by rename, and trees are removed without leaving them. */
#include "unit.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <sys/mman.h>
#include <sys/wait.h>

struct fixture {
	char *path;
	int dir;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = unit_folder(&f->path);
	*state = f;
	return f->dir < 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->dir);
	assert_int_equal(io_remove_tree(AT_FDCWD, f->path, NULL), 0);
	free(f->path);
	free(f);
	return 0;
}

static void a_file_is_read_whole(void **state)
{
	struct fixture *f = *state;
	_own_free char *big = malloc(100001), *text = NULL;
	size_t len;

	memset(big, 'x', 100000);
	big[100000] = 0;
	unit_write(f->dir, "big", big);
	assert_int_equal(io_read_file(f->dir, "big", 1 << 20, &text, &len), 0);
	assert_int_equal(len, 100000);
	assert_string_equal(text, big);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;

	unit_write(f->dir, "f", "12345");
	assert_int_equal(io_read_file(f->dir, "f", 4, &text, NULL), -EFBIG);
	assert_null(text);
	assert_int_equal(io_read_file(f->dir, "nosuch", 4, &text, NULL), -ENOENT);
}

static void a_line_ends_at_its_newline(void **state)
{
	struct fixture *f = *state;
	char line[8];

	unit_write(f->dir, "f", "one\ntwo\n");
	assert_int_equal(io_read_line(f->dir, "f", line, sizeof(line)), 3);
	assert_string_equal(line, "one");
}

static void replacing_gives_a_new_file_of_that_mode(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	_own_free char *text = NULL;
	struct err e = { 0 };

	unit_write(f->dir, "f", "old");
	assert_int_equal(fstatat(f->dir, "f", &before, 0), 0);
	assert_int_equal(io_replace_file(f->dir, "f", "new", 3, 0600, &e), 0);
	assert_int_equal(fstatat(f->dir, "f", &after, 0), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(after.st_mode & 0777, 0600);
	assert_int_equal(io_read_file(f->dir, "f", 100, &text, NULL), 0);
	assert_string_equal(text, "new");
}

static void replacing_takes_what_a_killed_writer_left(void **state)
{
	struct fixture *f = *state;
	_own_free char *text = NULL;

	unit_write(f->dir, "f", "old");
	unit_write(f->dir, "f.new", "of a killed one");
	assert_int_equal(io_replace_file(f->dir, "f", "new", 3, 0600, NULL), 0);
	assert_int_equal(io_read_file(f->dir, "f", 100, &text, NULL), 0);
	assert_string_equal(text, "new");
	assert_int_equal(faccessat(f->dir, "f.new", F_OK, 0), -1);
}

/* Each writes its own letter. */
static void write_often(int dir, char letter)
{
	char text[5000];

	memset(text, letter, sizeof(text));
	for (int i = 0; i < 300; i++)
		if (io_replace_file_fast(dir, "f", text, sizeof(text), 0600, NULL) < 0)
			_exit(1);
	_exit(0);
}

static void writers_of_one_file_do_not_mix(void **state)
{
	struct fixture *f = *state;
	int status, running = 3;

	unit_write(f->dir, "f", "a");
	for (int i = 0; i < running; i++)
		if (fork() == 0)
			write_often(f->dir, (char)('a' + i));
	while (running) {
		_own_free char *text = NULL;

		assert_int_equal(io_read_file(f->dir, "f", 10000, &text, NULL), 0);
		assert_int_equal(strspn(text, (char[]){ text[0], 0 }), strlen(text));
		while (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			running--;
		}
	}
	assert_int_equal(faccessat(f->dir, "f.new", F_OK, 0), -1);
}

/* A link that stands at the name is replaced itself; what it leads to is not written. */
static void replacing_does_not_follow_a_link(void **state)
{
	struct fixture *f = *state;
	_own_free char *text = NULL;
	struct err e = { 0 };

	unit_write(f->dir, "outside", "kept");
	assert_int_equal(symlinkat("outside", f->dir, "f"), 0);
	assert_int_equal(io_replace_file_fast(f->dir, "f", "new", 3, 0600, &e), 0);
	assert_int_equal(io_read_file(f->dir, "outside", 100, &text, NULL), 0);
	assert_string_equal(text, "kept");
}

static void a_replacement_that_fails_leaves_the_old_file_and_no_other(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_int_equal(mkdirat(f->dir, "f", 0755), 0); /* a rename cannot replace a folder */
	assert_int_equal(io_replace_file(f->dir, "f", "new", 3, 0600, &e), -EISDIR);
	assert_true(e.set);
	assert_int_equal(unlinkat(f->dir, "f", AT_REMOVEDIR), 0);
	assert_int_equal(rmdir(f->path), 0); /* so it was empty */
	assert_int_equal(mkdir(f->path, 0700), 0);
}

static void folders_are_made_with_their_parents(void **state)
{
	struct fixture *f = *state;
	_own_free char *path = str_fmt("%s/a/b/c", f->path);
	struct stat st;

	assert_int_equal(io_mkdir_p(path, 0755, NULL), 0);
	assert_int_equal(io_mkdir_p(path, 0755, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	unit_write(f->dir, "a/file", "");
	free(path);
	path = str_fmt("%s/a/file/d", f->path);
	assert_int_equal(io_mkdir_p(path, 0755, NULL), -ENOTDIR);
}

static void the_last_one_out_removes_the_folders(void **state)
{
	struct fixture *f = *state;
	_own_free char *top = str_fmt("%s/a", f->path), *one = str_fmt("%s/b/one", top),
		       *two = str_fmt("%s/b/two", top);

	assert_int_equal(io_mkdir_p(one, 0755, NULL), 0);
	assert_int_equal(io_mkdir_p(two, 0755, NULL), 0);
	io_rmdir_up(one, top);
	assert_int_equal(faccessat(f->dir, "a/b/one", F_OK, 0), -1);
	assert_int_equal(faccessat(f->dir, "a/b/two", F_OK, 0), 0);
	io_rmdir_up(two, top);
	assert_int_equal(faccessat(f->dir, "a", F_OK, 0), -1);
	assert_int_equal(access(f->path, F_OK), 0); /* above the top nothing goes */
}

/* Two processes make and remove below one folder: neither ever fails to make its own. */
static void folders_are_made_while_others_remove_them(void **state)
{
	struct fixture *f = *state;
	_own_free char *top = str_fmt("%s/a", f->path), *one = str_fmt("%s/b/c/one", top),
		       *two = str_fmt("%s/b/c/two", top);
	pid_t pid = fork();
	int bad = 0, status;

	for (int i = 0; i < 300 && !bad; i++) {
		bad = io_mkdir_p(pid ? one : two, 0755, NULL);
		io_rmdir_up(pid ? one : two, top);
	}
	if (pid == 0)
		_exit(bad ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(bad, 0);
	io_rmdir_up(top, top);
}

static void a_tree_is_removed_without_following_links(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(mkdirat(f->dir, "tree", 0755), 0);
	assert_int_equal(mkdirat(f->dir, "tree/sub", 0), 0); /* root opens it all the same */
	assert_int_equal(mkdirat(f->dir, "other", 0755), 0);
	unit_write(f->dir, "other/kept", "");
	assert_int_equal(symlinkat("../other", f->dir, "tree/link"), 0);
	unit_write(f->dir, "tree/file", "");
	assert_int_equal(io_remove_tree(f->dir, "tree", NULL), 0);
	assert_int_equal(fstatat(f->dir, "tree", &st, 0), -1);
	assert_int_equal(fstatat(f->dir, "other/kept", &st, 0), 0);
	assert_int_equal(io_remove_tree(f->dir, "tree", NULL), 0);
}

static void a_link_to_a_tree_is_no_tree(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(mkdirat(f->dir, "real", 0755), 0);
	assert_int_equal(symlinkat("real", f->dir, "link"), 0);
	assert_true(io_remove_tree(f->dir, "link", NULL) < 0);
	assert_int_equal(fstatat(f->dir, "real", &st, 0), 0);
}

static void a_memfd_cannot_be_changed(void **state)
{
	_own_fd int fd = io_memfd("plan", "text", 4);
	char text[8] = "";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "text");
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_file_is_read_whole),
		T(a_file_that_is_too_large_is_refused),
		T(a_line_ends_at_its_newline),
		T(replacing_gives_a_new_file_of_that_mode),
		T(replacing_takes_what_a_killed_writer_left),
		T(writers_of_one_file_do_not_mix),
		T(replacing_does_not_follow_a_link),
		T(a_replacement_that_fails_leaves_the_old_file_and_no_other),
		T(folders_are_made_with_their_parents),
		T(the_last_one_out_removes_the_folders),
		T(folders_are_made_while_others_remove_them),
		T(a_tree_is_removed_without_following_links),
		T(a_link_to_a_tree_is_no_tree),
		cmocka_unit_test(a_memfd_cannot_be_changed),
	};

	return RUN(tests);
}
