/* SPDX-License-Identifier: MIT */
/* base/msg: what is not a message of ours is refused, and no fd of it stays open. */
#include "unit.h"

#include "base/msg.h"
#include "base/own.h"

#include <dirent.h>
#include <sys/socket.h>

static int pair[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int tear_down(void **state)
{
	(void)state;
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	return 0;
}

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void a_message_arrives_as_it_was_sent(void **state)
{
	static struct msg m;
	int fds[2] = { 0, 2 };

	(void)state;
	assert_int_equal(msg_send(pair[0], 7, "body", 5, fds, 2), 0);
	assert_int_equal(msg_recv(pair[1], &m, 1000), 1);
	assert_int_equal(m.head.type, 7);
	assert_int_equal(m.head.size, 5);
	assert_string_equal((char *)m.body, "body");
	assert_true(m.fd[0] >= 0 && m.fd[1] >= 0);
	assert_true(fcntl(m.fd[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(m.fd[2], -1);
	msg_close_fds(&m);
	assert_int_equal(m.fd[0], -1);
}

static void an_empty_body_and_a_full_one(void **state)
{
	static struct msg m;
	static unsigned char most[MSG_MOST + 1];

	(void)state;
	assert_int_equal(msg_send(pair[0], 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(msg_recv(pair[1], &m, 1000), 1);
	assert_int_equal(m.head.size, 0);
	memset(most, 'x', sizeof(most));
	assert_int_equal(msg_send(pair[0], 1, most, MSG_MOST, NULL, 0), 0);
	assert_int_equal(msg_recv(pair[1], &m, 1000), 1);
	assert_memory_equal(m.body, most, MSG_MOST);
	assert_int_equal(msg_send(pair[0], 1, most, MSG_MOST + 1, NULL, 0), -EMSGSIZE);
}

static void a_closed_peer_is_0_and_silence_times_out(void **state)
{
	static struct msg m;

	(void)state;
	assert_int_equal(msg_recv(pair[1], &m, 10), -ETIMEDOUT);
	close_fd(&pair[0]);
	assert_int_equal(msg_recv(pair[1], &m, 1000), 0);
	assert_int_equal(msg_send(pair[1], 1, "x", 1, NULL, 0), -EPIPE);
}

/*
 * A peer that ends with something of ours unread makes the kernel say ECONNRESET once, before what the
 * peer sent last, which is its error and must not be lost.
 */
static void the_last_words_of_a_peer_that_did_not_listen_are_heard(void **state)
{
	static struct msg m;

	(void)state;
	assert_int_equal(msg_send(pair[1], 1, "unread", 6, NULL, 0), 0);
	assert_int_equal(msg_send(pair[0], 2, "last words", 10, NULL, 0), 0);
	close_fd(&pair[0]);
	assert_int_equal(msg_recv(pair[1], &m, 1000), 1);
	assert_int_equal(m.head.type, 2);
	assert_int_equal(msg_recv(pair[1], &m, 1000), 0);
}

static void what_is_not_a_message_is_refused(void **state)
{
	static struct msg m;
	struct msg_head good = { .magic = MSG_MAGIC, .type = 1, .size = 0 };
	struct msg_head bad[] = { good, good, good, good };

	(void)state;
	bad[0].magic = 1;
	bad[1].size = 1; /* it holds none */
	bad[2].size = UINT32_MAX;
	bad[3].fds = 1; /* there is none */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(send(pair[0], &bad[i], sizeof(bad[i]), 0), sizeof(bad[i]));
		assert_int_equal(msg_recv(pair[1], &m, 1000), -EBADMSG);
	}
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	assert_int_equal(msg_recv(pair[1], &m, 1000), -EBADMSG);
}

static void send_with_fds(const void *data, size_t len, int n)
{
	struct iovec iov = { (void *)data, len };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 64)];
	} control = { 0 };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
	for (int i = 0; i < n; i++)
		((int *)(void *)CMSG_DATA(c))[i] = 0;
	assert_true(sendmsg(pair[0], &mh, 0) >= 0);
}

static void fds_of_a_refused_message_are_closed(void **state)
{
	static struct msg m;
	struct msg_head head = { .magic = MSG_MAGIC, .type = 1, .fds = 64 };
	int before = open_fds();

	(void)state;
	send_with_fds("not a message", 13, 3);
	assert_int_equal(msg_recv(pair[1], &m, 1000), -EBADMSG);
	assert_int_equal(open_fds(), before);
	send_with_fds(&head, sizeof(head), 64); /* more than a message may have */
	assert_int_equal(msg_recv(pair[1], &m, 1000), -EBADMSG);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_message_arrives_as_it_was_sent),	     T(an_empty_body_and_a_full_one),
		T(a_closed_peer_is_0_and_silence_times_out), T(the_last_words_of_a_peer_that_did_not_listen_are_heard),
		T(what_is_not_a_message_is_refused),	     T(fds_of_a_refused_message_are_closed),
	};

	return RUN(tests);
}
