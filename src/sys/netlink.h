/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Builds netlink requests and reads their answers. Our own because the keeper is linked statically and
 * Debian ships no static libmnl; it is all that links, addresses and routes need.
 * A request that does not fit is remembered in the message and told once, by nl_talk() (-EMSGSIZE).
 */
#include "base/err.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <unistd.h>

enum { NL_REQUEST = 4096, NL_TIMEOUT_MS = 5000 };

struct nl {
	int fd;
	uint32_t seq;
	char said[256]; /* the extended ACK's text of the last request that was refused; "" if none */
};

#define NL_CLOSED                                                                                                      \
	{                                                                                                              \
		.fd = -1                                                                                               \
	}

struct nl_msg {
	union {
		struct nlmsghdr head;
		char data[NL_REQUEST];
	};
	size_t len;
	bool full;
};

/* A NETLINK_ROUTE socket in the caller's network namespace. */
int nl_open(struct nl *n, struct err *e) _must_check;
static inline void nl_close(struct nl *n)
{
	if (n->fd >= 0)
		(void)close(n->fd);
	n->fd = -1;
}
#define _own_nl __attribute__((cleanup(nl_close)))

/* type: RTM_*; flags beside NLM_F_REQUEST; family: struct ifinfomsg and the like */
void nl_begin(struct nl_msg *m, uint16_t type, uint16_t flags, const void *family, size_t size);
/* Raw bytes behind what is there, aligned: the ifinfomsg of a veth's peer. */
void nl_append(struct nl_msg *m, const void *data, size_t size);
void nl_put(struct nl_msg *m, uint16_t attr, const void *data, size_t size);
void nl_put_u8(struct nl_msg *m, uint16_t attr, uint8_t v);
void nl_put_u16(struct nl_msg *m, uint16_t attr, uint16_t v);
void nl_put_u32(struct nl_msg *m, uint16_t attr, uint32_t v);
void nl_put_text(struct nl_msg *m, uint16_t attr, const char *s);
size_t nl_nest(struct nl_msg *m, uint16_t attr);
void nl_nest_end(struct nl_msg *m, size_t nest);

/* One message of an answer; negative ends the reading and is returned. */
typedef int nl_seen(const struct nlmsghdr *h, void *arg);
/* Sends and reads up to the ACK or the end of the dump. 0 or -errno, the kernel's words in n->said. */
int nl_talk(struct nl *n, struct nl_msg *m, nl_seen *seen, void *arg) _must_check;
/* The kernel's words of the last refusal, where there were any. */
void nl_said(const struct nl *n, struct err *e);

/* Attributes by number out of a message whose family header is `size` bytes; absent ones are NULL. */
void nl_attrs(const struct nlmsghdr *h, size_t size, const struct rtattr **table, unsigned most);
void nl_nested(const struct rtattr *nest, const struct rtattr **table, unsigned most);
/* 0 where the attribute is absent or too short. */
uint32_t nl_u32(const struct rtattr *a);
/* A copy, always ended by NUL; "" where it is absent. */
void nl_text(const struct rtattr *a, char *to, size_t size);
