/* SPDX-License-Identifier: MIT */
/* sd_notify(3)'s datagrams, or the kernel's words about addresses; see hear.h. */
#include "keeper/hear.h"

#include "base/own.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { LO = 1, MESSAGE = 4096, AT_ONCE = 16 };

static struct {
	int fd;
	bool notifies;
} h = { -1, false };

/* What is there already; what comes is told without asking. */
static void ask_addresses(void)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg body;
	} q = {
		.head = { .nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETADDR, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP }
	};

	(void)!send(h.fd, &q, sizeof(q), MSG_DONTWAIT);
}

void hear_begin(int fd, bool notifies)
{
	h.fd = fd;
	h.notifies = notifies;
	if (fd >= 0 && !notifies)
		ask_addresses();
}

int hear_fd(void)
{
	return h.fd;
}

/* Lines of NAME=VALUE. */
static bool says_ready(const char *text, size_t n)
{
	static const char word[] = "READY=1";
	const size_t len = sizeof(word) - 1;

	for (size_t at = 0; at + len <= n; at++) {
		bool begins = at == 0 || text[at - 1] == '\n', ends = at + len == n || text[at + len] == '\n';

		if (begins && ends && memcmp(text + at, word, len) == 0)
			return true;
	}
	return false;
}

/* An IPv6 address counts when it is seen to be nobody else's. */
static bool tells_address(const char *data, size_t n)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
		struct nlmsghdr m;
		struct ifaddrmsg a;

		memcpy(&m, data + at, sizeof(m));
		if (m.nlmsg_len < sizeof(m) || m.nlmsg_len > n - at)
			return false;
		if (m.nlmsg_type == RTM_NEWADDR && m.nlmsg_len >= NLMSG_LENGTH(sizeof(a))) {
			memcpy(&a, data + at + NLMSG_HDRLEN, sizeof(a));
			if (a.ifa_index != LO && a.ifa_scope < RT_SCOPE_LINK && !(a.ifa_flags & IFA_F_TENTATIVE))
				return true;
		}
		at += NLMSG_ALIGN(m.nlmsg_len);
	}
	return false;
}

bool hear_ready(void)
{
	char data[MESSAGE];
	bool is = false;

	for (int i = 0; i < AT_ONCE && !is; i++) {
		ssize_t n = recv(h.fd, data, sizeof(data), MSG_DONTWAIT);

		if (n < 0 && errno == ENOBUFS && !h.notifies)
			ask_addresses();
		else if (n < 0)
			break;
		else
			is = h.notifies ? says_ready(data, (size_t)n) : tells_address(data, (size_t)n);
	}
	if (is)
		close_fd(&h.fd);
	return is;
}
