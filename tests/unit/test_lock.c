/* SPDX-License-Identifier: MIT */
/* base/lock: the lock that means "running". */
#include "unit.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"

#include <signal.h>
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

static void one_holds_it_and_all_see_that(void **state)
{
	struct fixture *f = *state;
	_own_fd int fd = lock_take(f->dir, "lock");

	assert_true(fd >= 0);
	assert_int_equal(lock_held(f->dir, "lock"), 1);
	assert_int_equal(lock_take(f->dir, "lock"), -EAGAIN);
	close_fd(&fd);
	assert_int_equal(lock_held(f->dir, "lock"), 0);
}

static void no_file_is_no_lock(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(lock_held(f->dir, "lock"), 0);
	assert_int_equal(faccessat(f->dir, "lock", F_OK, 0), -1);
}

static void it_lives_as_long_as_any_copy_of_the_fd(void **state)
{
	struct fixture *f = *state;
	int fd = lock_take(f->dir, "lock"), copy = dup(fd);

	close(fd);
	assert_int_equal(lock_held(f->dir, "lock"), 1);
	close(copy);
	assert_int_equal(lock_held(f->dir, "lock"), 0);
}

static void the_kernel_drops_it_when_its_holder_dies(void **state)
{
	struct fixture *f = *state;
	int at[2], status;
	char c;
	pid_t pid;

	assert_int_equal(pipe(at), 0);
	pid = fork();
	if (pid == 0) {
		int fd = lock_take(f->dir, "lock");

		(void)!write(at[1], fd >= 0 ? "y" : "n", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(at[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(lock_held(f->dir, "lock"), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(lock_held(f->dir, "lock"), 0);
	close(at[0]);
	close(at[1]);
}

/* The holder removes the file before it lets go: a lock on the old file means nothing. */
static void a_removed_lock_file_is_made_anew(void **state)
{
	struct fixture *f = *state;
	_own_fd int old = lock_take(f->dir, "lock"), new = -1;

	assert_true(old >= 0);
	assert_int_equal(unlinkat(f->dir, "lock", 0), 0);
	assert_int_equal(lock_held(f->dir, "lock"), 0);
	new = lock_take(f->dir, "lock");
	assert_true(new >= 0);
	assert_int_equal(lock_held(f->dir, "lock"), 1);
}

static void a_link_is_not_followed(void **state)
{
	struct fixture *f = *state;

	unit_write(f->dir, "elsewhere", "");
	assert_int_equal(symlinkat("elsewhere", f->dir, "lock"), 0);
	assert_int_equal(lock_take(f->dir, "lock"), -ELOOP);
	assert_int_equal(lock_held(f->dir, "lock"), -ELOOP);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(one_holds_it_and_all_see_that),	   T(no_file_is_no_lock),
		T(it_lives_as_long_as_any_copy_of_the_fd), T(the_kernel_drops_it_when_its_holder_dies),
		T(a_removed_lock_file_is_made_anew),	   T(a_link_is_not_followed),
	};

	return RUN(tests);
}
