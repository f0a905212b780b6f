/* SPDX-License-Identifier: MIT */
/* The layout by which keepers of different versions follow each other. Numbers here are never changed, only added. */
#include "keeper/handover.h"
#include "keeper/live.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define AT(s, field, n) _Static_assert(offsetof(struct s, field) == (n), #field)

AT(handover, init_pid, 8);
AT(handover, live_fd, 92);
AT(handover, tty, 104);
AT(handover, console_log_size, 616);
AT(handover, argv_words, 632);
AT(handover, outlives, 639);
AT(handover, version, 640);
AT(handover, cookie, 6684);
AT(handover, restarts, 7708);
AT(handover, notifies, 7713);
AT(handover, ready_fd, 7716);
AT(handover, began, 7720);
AT(handover, writer_fd, 7728);
AT(handover, writer_pid, 7732);
AT(handover, begun_fd, 7736);
AT(live, client, 20);
AT(live, shown, 408);
AT(live, pending, 440);
AT(live, notify, 4544);
AT(live, kept, LIVE_LEAST);
AT(notify_state, listener, 8);
AT(notify_state, notif, 288);

static void a_shorter_one_is_filled_with_zeros(void **state)
{
	struct handover h = { .magic = HANDOVER_MAGIC, .size = offsetof(struct handover, cookie) + NOTIFY_COOKIE }, got;
	int fd = memfd_create("handover", MFD_CLOEXEC);

	(void)state;
	h.config_fd = 7;
	assert_int_equal(handover_write(fd, &h), 0);
	assert_int_equal(handover_read(fd, &got), 0);
	assert_int_equal(got.config_fd, 7);
	assert_int_equal(got.ready_fd, -1); /* an older one, which has none */
	assert_int_equal(got.writer_fd, -1);
	h.size--; /* less than the first version's */
	assert_int_equal(handover_write(fd, &h), 0);
	assert_int_equal(handover_read(fd, &got), -EBADMSG);
	h.size = sizeof(h) + 64; /* a newer one, of which we know the begin */
	assert_int_equal(handover_write(fd, &h), 0);
	assert_int_equal(handover_read(fd, &got), 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(handover_read(fd, &got), -EBADMSG);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_shorter_one_is_filled_with_zeros) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
