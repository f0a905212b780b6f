/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Serves the listeners of a container: each notification goes to the proxy and waits for its answer, one
 * at a time. For the idle stage: no heap, no wait of its own, no wake-up while nothing is asked. Without
 * a proxy, with one that is gone, silent or talks nonsense, a call fails with ENOSYS.
 *
 * The message is LXC's: struct notify_head, the kernel's seccomp_notif and seccomp_notif_resp (with its
 * id filled in), the cookie; beside it three fds: /proc/PID, /proc/PID/mem, the listener. The answer is
 * the same without the cookie.
 */
#include "base/err.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { NOTIFY_ADDRESS = 108, NOTIFY_COOKIE = 1024, NOTIFY_LISTENERS = 64, NOTIFY_FDS = NOTIFY_LISTENERS + 1 };

struct notify_head {
	uint64_t reserved; /* 0 */
	pid_t keeper_pid, init_pid;
	struct seccomp_notif_sizes sizes; /* 3 x u16, and 2 bytes to fill up */
	uint64_t cookie_len;
};
_Static_assert(sizeof(struct notify_head) == 32, "a contract of LXC's");

/* "/path" or "@name"; never waits. The connection, or -errno. */
int notify_connect(const char *address) _must_check;

/* What is under way, as plain bytes that another stage of the keeper goes on with. Zeros: nothing. */
enum { NOTIFY_LARGEST = 256 }; /* room for what later kernels add to the two structs: they tell their size */
struct notify_state {
	uint32_t begun; /* 0: the fds below mean nothing yet */
	int32_t proxy;
	int32_t listener[NOTIFY_LISTENERS]; /* -1: free; the first is init's */
	int32_t asked;			    /* the listener whose notification waits for its answer; -1: none */
	int64_t until;			    /* it may wait; CLOCK_MONOTONIC, ms */
	uint8_t given;			    /* somebody else answers for init's */
	uint8_t again;			    /* it was sent to a second connection */
	union {
		struct seccomp_notif it;
		char room[NOTIFY_LARGEST];
	} notif;
};

/* State and texts must stay. address "": no proxy; proxy_fd: a connection to it, or -1. A state that has begun goes on.
 */
void notify_begin(struct notify_state *s, const char *address, const char *cookie, pid_t init_pid, int proxy_fd);
/* Lets go of all: init has ended. */
void notify_end(void);
/* Takes the listener over; -ENOSPC: there are NOTIFY_LISTENERS already, it stays the caller's. */
int notify_add(int listener) _must_check;
/* init's listener, for another program that answers: from now on this one does not. -1: none. */
int notify_give(void);

/* Fills the NOTIFY_FDS entries of a poll set, and looks at what came of it. */
void notify_poll(struct pollfd *p);
void notify_serve(const struct pollfd *p);
/* For how long poll(2) may sleep, in ms; -1: for ever. */
int notify_timeout(void);
