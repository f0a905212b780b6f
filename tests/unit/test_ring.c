/* SPDX-License-Identifier: MIT */
/* The console's ring buffer. */
#include "base/io.h"
#include "base/own.h"
#include "keeper/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static void holds(const struct ring *r, size_t n, const char *want)
{
	_own_free char *text = NULL;
	_own_fd int fd = memfd_create("ring", MFD_CLOEXEC);

	assert_int_equal(ring_write(r, n, fd), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(io_read_fd(fd, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, want);
}

static void the_oldest_gives_way(void **state)
{
	struct ring r = { 0 };
	int fd = -1;

	(void)state;
	ring_add(&r, "nowhere", 7); /* none was made */
	assert_int_equal(r.used, 0);
	assert_int_equal(ring_make(&r, 8, &fd), 0);
	ring_add(&r, "abcdef", 6);
	holds(&r, 100, "abcdef");
	ring_add(&r, "ghij", 4);
	holds(&r, 100, "cdefghij");
	holds(&r, 3, "cde");
	holds(&r, 7, "cdefghi");
	ring_drop(&r, 3);
	holds(&r, 100, "fghij");
	ring_add(&r, "0123456789abcdef", 16);
	holds(&r, 100, "89abcdef");
	ring_drop(&r, 100);
	holds(&r, 100, "");
	ring_add(&r, "x", 1);
	holds(&r, 100, "x");
	assert_int_equal(munmap(r.data, 8), 0);
	assert_int_equal(close(fd), 0);
}

static void another_program_goes_on_with_it(void **state)
{
	struct ring r = { 0 }, next;
	_own_fd int fd = -1;

	(void)state;
	assert_int_equal(ring_make(&r, 8, &fd), 0);
	ring_add(&r, "abcdefghij", 10);
	ring_drop(&r, 1);
	assert_int_equal(munmap(r.data, 8), 0);
	next = (struct ring){ .size = r.size, .first = r.first, .used = r.used };
	assert_int_equal(ring_map(&next, fd), 0);
	ring_add(&next, "k", 1);
	holds(&next, 100, "defghijk");
	assert_int_equal(munmap(next.data, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_oldest_gives_way),
					    cmocka_unit_test(another_program_goes_on_with_it) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
