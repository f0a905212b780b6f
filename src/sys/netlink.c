/* SPDX-License-Identifier: MIT */
/* Netlink messages: built, sent, acknowledged. */
#include "sys/netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { NL_ANSWER = 32768 }; /* what the kernel fills at most in one go of a dump */

int nl_open(struct nl *n, struct err *e)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int on = 1, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_sys(e, "open", "a netlink socket");
	/* Linux 4.12 and 4.3; strict checking (4.20) is what makes a dump honour its filters. None is vital. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int r = err_sys(e, "bind", "a netlink socket");

		(void)close(fd);
		return r;
	}
	*n = (struct nl){ .fd = fd };
	return 0;
}

void nl_append(struct nl_msg *m, const void *data, size_t size)
{
	size_t whole = NLMSG_ALIGN(size);

	if (m->full || m->len + whole > sizeof(m->data)) {
		m->full = true;
		return;
	}
	memset(m->data + m->len, 0, whole);
	if (size)
		memcpy(m->data + m->len, data, size);
	m->len += whole;
}

void nl_begin(struct nl_msg *m, uint16_t type, uint16_t flags, const void *family, size_t size)
{
	m->full = false;
	m->len = NLMSG_HDRLEN;
	m->head = (struct nlmsghdr){ .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags };
	nl_append(m, family, size);
}

void nl_put(struct nl_msg *m, uint16_t attr, const void *data, size_t size)
{
	struct rtattr a = { .rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = attr };

	nl_append(m, &a, sizeof(a));
	nl_append(m, data, size);
}

void nl_put_u8(struct nl_msg *m, uint16_t attr, uint8_t v)
{
	nl_put(m, attr, &v, sizeof(v));
}

void nl_put_u16(struct nl_msg *m, uint16_t attr, uint16_t v)
{
	nl_put(m, attr, &v, sizeof(v));
}

void nl_put_u32(struct nl_msg *m, uint16_t attr, uint32_t v)
{
	nl_put(m, attr, &v, sizeof(v));
}

void nl_put_text(struct nl_msg *m, uint16_t attr, const char *s)
{
	nl_put(m, attr, s, strlen(s) + 1);
}

size_t nl_nest(struct nl_msg *m, uint16_t attr)
{
	size_t at = m->len;

	nl_put(m, attr | NLA_F_NESTED, NULL, 0);
	return at;
}

void nl_nest_end(struct nl_msg *m, size_t nest)
{
	if (!m->full)
		((struct rtattr *)(m->data + nest))->rta_len = (unsigned short)(m->len - nest);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Keeps the extended ACK's text. With NETLINK_CAP_ACK the refused request is not sent back before it. */
static int refusal(struct nl *n, const struct nlmsghdr *h)
{
	const struct nlmsgerr *x = NLMSG_DATA(h);
	const struct rtattr *a = (const struct rtattr *)(x + 1);
	int left;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*x)))
		return -EBADMSG;
	left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*x)));
	if (!x->error || !(h->nlmsg_flags & NLM_F_ACK_TLVS) || !(h->nlmsg_flags & NLM_F_CAPPED))
		return x->error;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == NLMSGERR_ATTR_MSG)
			nl_text(a, n->said, sizeof(n->said));
	return x->error;
}

/* 1: there is more to read; 0: acknowledged, or the dump is over. */
static int read_answer(struct nl *n, const char *buf, size_t len, nl_seen *seen, void *arg)
{
	const struct nlmsghdr *h;

	for (size_t at = 0; at + sizeof(*h) <= len; at += NLMSG_ALIGN(h->nlmsg_len)) {
		int r;

		h = (const struct nlmsghdr *)(buf + at);
		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > len - at)
			return -EBADMSG;
		if (h->nlmsg_seq != n->seq) /* a late answer to a request that ran into its deadline */
			continue;
		if (h->nlmsg_type == NLMSG_ERROR)
			return refusal(n, h);
		if (h->nlmsg_type == NLMSG_DONE)
			return h->nlmsg_len >= NLMSG_LENGTH(sizeof(int)) ? *(const int *)NLMSG_DATA(h) : 0;
		r = seen ? seen(h, arg) : 0;
		if (r < 0)
			return r;
	}
	return 1;
}

static int wait_readable(int fd, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = until - now_ms();
	int r = poll(&p, 1, left > 0 ? (int)left : 0);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r ? 1 : -ETIMEDOUT;
}

static int send_request(struct nl *n, struct nl_msg *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (m->full)
		return -EMSGSIZE;
	n->said[0] = 0;
	m->head.nlmsg_len = (uint32_t)m->len;
	m->head.nlmsg_seq = ++n->seq;
	if ((m->head.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) /* NLM_F_EXCL of other requests is half of it */
		m->head.nlmsg_flags |= NLM_F_ACK;
	/* waits: the kernel takes it at once */
	if (sendto(n->fd, m->data, m->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

int nl_talk(struct nl *n, struct nl_msg *m, nl_seen *seen, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[NL_ANSWER];
	int64_t until;
	int r = send_request(n, m);

	if (r < 0)
		return r;
	until = now_ms() + NL_TIMEOUT_MS;
	for (r = 1; r == 1;) {
		/* The kernel has mostly answered before sendto() returned: only then is there a need to wait. */
		ssize_t len = recv(n->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);

		if (len > (ssize_t)sizeof(buf))
			return -EMSGSIZE;
		if (len >= 0) {
			r = read_answer(n, buf, (size_t)len, seen, arg);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_readable(n->fd, until);
		if (r == 0)
			r = 1;
	}
	return r;
}

void nl_said(const struct nl *n, struct err *e)
{
	if (n->said[0])
		err_said(e, "%s", n->said);
}

static void fill_table(const struct rtattr *a, int left, const struct rtattr **table, unsigned most)
{
	memset(table, 0, (most + 1) * sizeof(*table));
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		unsigned type = a->rta_type & NLA_TYPE_MASK;

		if (type <= most)
			table[type] = a;
	}
}

void nl_attrs(const struct nlmsghdr *h, size_t size, const struct rtattr **table, unsigned most)
{
	const char *at = (const char *)NLMSG_DATA(h) + NLMSG_ALIGN(size);

	fill_table((const struct rtattr *)at, (int)h->nlmsg_len - (int)NLMSG_SPACE(size), table, most);
}

void nl_nested(const struct rtattr *nest, const struct rtattr **table, unsigned most)
{
	fill_table(RTA_DATA(nest), (int)RTA_PAYLOAD(nest), table, most);
}

uint32_t nl_u32(const struct rtattr *a)
{
	uint32_t v = 0;

	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

void nl_text(const struct rtattr *a, char *to, size_t size)
{
	size_t n = a ? strnlen(RTA_DATA(a), RTA_PAYLOAD(a)) : 0;

	if (n >= size)
		n = size - 1;
	if (n)
		memcpy(to, RTA_DATA(a), n);
	to[n] = 0;
}
