/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the idle stage knows beside the hand-over: it lies in a memfd from the begin, not in the program's own memory,
 * so that nothing has to be written out where the program is exchanged (a reboot, an upgrade) or killed. Its layout
 * grows as that of the hand-over does: at the end, by fields whose 0 is what an older keeper did.
 */
#include "keeper/handover.h"
#include "keeper/ring.h"
#include "seccomp/notify.h"

#include <stddef.h>

enum { LIVE_MAGIC = 0x6b65676c, LIVE_CLIENTS = 32, LIVE_CHUNK = 4096 };

/* Who is connected; a tty is theirs until they close. */
struct live_client {
	int32_t fd;  /* -1: free */
	int32_t tty; /* 0: none; N: holds ttyN */
	uint8_t console;
	uint8_t upgrading; /* has asked for another program, which is to answer */
};

struct live {
	uint32_t magic, size;
	int32_t peer_fd; /* stream to whoever has the console, -1: nobody */
	uint8_t foreground;
	uint8_t peer_mute;	/* a file as lxc.console.path, at its end: it goes on taking */
	uint16_t rows, columns; /* of the console's terminal; 0: nobody has said */
	struct live_client client[LIVE_CLIENTS];
	struct ring shown;
	/* Console output that the peer has not taken yet; while there is some, no more is read. */
	struct {
		uint32_t at, end;
		char data[LIVE_CHUNK];
	} pending;
	struct notify_state notify;
	struct ring kept; /* of the console's output: what the writer of its log has not taken yet */
	int32_t kept_fd;  /* its memfd; 0: there is none */
	uint64_t lost;	  /* bytes before it that have given way */
	uint64_t ever;	  /* bytes that the console has shown since there is a ring of them */
};

/* Up to the last field of the first version. */
enum { LIVE_LEAST = offsetof(struct live, notify) + sizeof(struct notify_state) };

/* What an earlier program of this keeper knew in *fd, or, where that is nothing, a new one, and its fd. */
struct live *live_map(int *fd);
/* Whether the clients' fds, and the stream to one, stay open across an exec. */
void live_inherit(const struct live *l, bool stay);
/* All that the hand-over in `fd` names, itself, and what live_fd's memory names: the one list of a keeper's fds. */
void handover_inherit(const struct handover *h, int fd, bool stay);
