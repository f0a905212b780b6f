/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Messages over SOCK_SEQPACKET: a fixed header, a body whose size is checked before anybody looks at
 * it, and at most MSG_FDS fds, close-on-exec from their birth. Every wait has a deadline.
 */
#include "base/err.h"

#include <stdint.h>

enum { MSG_MAGIC = 0x6b656731, MSG_FDS = 8, MSG_MOST = 16384 };

struct msg_head {
	uint32_t magic;
	uint16_t type; /* the protocol's own enum */
	uint16_t fds;  /* how many ride along */
	uint32_t size; /* of the body */
};

struct msg {
	struct msg_head head;
	int fd[MSG_FDS]; /* owned by the receiver; -1 where there is none */
	unsigned char body[MSG_MOST];
};

enum { MSG_FOREVER = -1 };

/* Sends one message; fds stay the caller's. 0 or -errno (-EPIPE: the peer is gone). */
int msg_send(int sock, uint16_t type, const void *body, size_t size, const int *fds, size_t n_fds) _must_check;
/*
 * Receives one message within timeout_ms. 1: there it is; 0: the peer has closed; -ETIMEDOUT;
 * -EBADMSG: not a message of ours (nothing of it is kept); other -errno.
 */
int msg_recv(int sock, struct msg *m, int timeout_ms) _must_check;
void msg_close_fds(struct msg *m);
