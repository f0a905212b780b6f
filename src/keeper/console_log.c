/* SPDX-License-Identifier: MIT */
/*
 * What the idle stage gives to the writer of the console's log. The container never waits long for our disk: what the
 * writer does not take is kept, the newest of it, and what gives way is counted, and told in the log, when it takes
 * again.
 */
#include "base/own.h"
#include "keeper/idle.h"
#include "keeper/writer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

/* A writer that is merely slower than the container is waited for, a tenth of the time and not longer at once. */
enum { PATIENCE_NS = 100 * 1000000, SHARE = 10, KEEP = 1 << 16, ANSWER_MS = 1000, QUEUE = 212992 };
static const long long second = 1000000000;

static long long now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * second + t.tv_nsec;
}

/* --- the writer -------------------------------------------------------------------------------- */

/* It was killed, or could not go on: there is another, but not again and again. */
static bool have_writer(void)
{
	static long long last;

	if (hand.writer_fd >= 0)
		return true;
	if (last && now_ns() - last < second)
		return false;
	last = now_ns();
	return writer_start(&hand, "/proc/self/exe") == 0;
}

static int give(char what, const void *data, size_t n)
{
	int x = -EPIPE;

	/* once more to another, where it shows only now that it is dead */
	for (int tries = 0; x == -EPIPE && tries < 2 && have_writer(); tries++) {
		x = writer_send(hand.writer_fd, what, data, n);
		if (x < 0 && x != -EAGAIN)
			close_fd(&hand.writer_fd);
	}
	return x;
}

static bool await_room(long long ns)
{
	struct pollfd p = { .fd = hand.writer_fd, .events = POLLOUT };

	return poll(&p, 1, (int)(ns / 1000000)) > 0;
}

/* 0 or -EAGAIN where the time that may be spent on waiting is over. */
static int give_patiently(const char *data, size_t n)
{
	static long long credit = PATIENCE_NS, since;
	long long begin;
	int x = give(WRITER_DATA, data, n);

	if (x != -EAGAIN)
		return x;
	begin = now_ns();
	credit += (begin - since) / SHARE;
	credit = credit < PATIENCE_NS ? credit : PATIENCE_NS;
	since = begin;
	if (credit >= PATIENCE_NS / SHARE && await_room(credit))
		x = give(WRITER_DATA, data, n);
	since = now_ns();
	credit -= since - begin;
	return x;
}

/* --- what it has not taken --------------------------------------------------------------------- */

static void drop_kept(void)
{
	struct ring *r = &live->kept;

	if (!r->data)
		return;
	(void)munmap(r->data, r->size);
	(void)close(live->kept_fd);
	*r = (struct ring){ 0 };
	live->kept_fd = 0;
}

static void keep(const char *data, size_t n)
{
	struct ring *r = &live->kept;

	if (!r->data && ring_make(r, KEEP, &live->kept_fd) < 0) {
		r->data = NULL;
		live->lost += n;
		return;
	}
	if (r->used + n > r->size)
		live->lost += r->used + n - r->size;
	ring_add(r, data, n);
}

/* "\n(keg: 4711 bytes are missing here: the disk of this log did not take them)\n" */
static int tell_lost(void)
{
	static const char begin[] = "\n(keg: ",
			  end[] = " bytes are missing here: the disk of this log did not take them)\n";
	char text[sizeof(begin) + sizeof(end) + 20], digits[20];
	size_t at = sizeof(begin) - 1, i = sizeof(digits);
	unsigned long long n = live->lost;
	int x;

	if (!n)
		return 0;
	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	memcpy(text, begin, at);
	memcpy(text + at, digits + i, sizeof(digits) - i);
	at += sizeof(digits) - i;
	memcpy(text + at, end, sizeof(end) - 1);
	x = give(WRITER_DATA, text, at + sizeof(end) - 1);
	if (x == 0)
		live->lost = 0;
	return x;
}

void log_push(void)
{
	struct ring *r = &live->kept;
	int x = tell_lost();

	while (x == 0 && r->used) {
		size_t n = r->size - r->first;

		n = n < r->used ? n : r->used;
		n = n < WRITER_MOST ? n : WRITER_MOST;
		x = give(WRITER_DATA, r->data + r->first, n);
		if (x == 0)
			ring_drop(r, n);
	}
	if (!r->used)
		drop_kept();
}

int log_wait_fd(void)
{
	return live->kept.used || live->lost ? hand.writer_fd : -1;
}

/* --- the stage's ------------------------------------------------------------------------------- */

void log_begin_console(void)
{
	close_fd(&hand.console_log_fd); /* of a keeper that wrote itself */
	live->kept.data = NULL;		/* of another program's memory */
	if (live->kept_fd <= 0 || ring_map(&live->kept, live->kept_fd) < 0) {
		live->kept = (struct ring){ 0 };
		live->kept_fd = 0;
	}
}

void log_console(const char *data, size_t n)
{
	if (!hand.console_log[0])
		return;
	if ((live->kept.used || live->lost) && have_writer())
		log_push();
	if (live->kept.used || live->lost || give_patiently(data, n) < 0)
		keep(data, n);
}

/* All in one go: the queue may be twice as long for that. */
void log_drain(void)
{
	const int queue = QUEUE;

	if (hand.writer_fd < 0 || !(live->kept.used || live->lost))
		return;
	(void)setsockopt(hand.writer_fd, SOL_SOCKET, SO_SNDBUF, &queue, sizeof(queue));
	log_push();
}

static int give_shown(long long until)
{
	const struct ring *r = &live->shown;

	for (size_t done = 0; done < r->used;) {
		size_t at = (r->first + done) % r->size, n = r->size - at;
		int x;

		n = n < r->used - done ? n : r->used - done;
		n = n < WRITER_MOST ? n : WRITER_MOST;
		x = give(WRITER_DATA, r->data + at, n);
		if (x == 0)
			done += n;
		else if (x != -EAGAIN || now_ns() >= until || !await_room(until - now_ns()))
			return x == -EAGAIN ? -ETIMEDOUT : x;
	}
	return 0;
}

int log_shown(void)
{
	static int32_t number;
	long long until = now_ns() + ANSWER_MS * (second / 1000);
	int x = live->kept.used || live->lost ? -ETIMEDOUT : give(WRITER_ANEW, NULL, 0);

	if (x == 0)
		x = give_shown(until);
	number++;
	if (x == 0)
		x = give(WRITER_SYNC, &number, sizeof(number));
	return x < 0 ? x : writer_answer(hand.writer_fd, number, ANSWER_MS);
}
