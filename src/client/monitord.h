/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * LXC's monitor channel, which lxc-monitord serves for programs that speak it: where it is, and one record of it. Keg's
 * own commands have engine/event.h.
 */
#include "base/err.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum monitord_type { MONITORD_STATE, MONITORD_PRIORITY, MONITORD_EXIT };

/* As it is read from the socket, and written into the fifo. */
struct monitord_msg {
	int32_t type; /* enum monitord_type */
	char name[256];
	int32_t value; /* a state's number; a wait status */
};
_Static_assert(sizeof(struct monitord_msg) == 264, "LXC's clients read so many bytes");

static const char monitord_quit_word[] = "quit";

/* The abstract address for an lxcpath's containers; a long one is cut. Returns its length. */
socklen_t monitord_address(const char *lxcpath, struct sockaddr_un *a);
/* RUNDIR/lxc/LXCPATH/monitor-fifo, the caller's to free; NULL: no memory. */
char *monitord_fifo(const char *lxcpath);
/* Tells the daemon of that lxcpath to end. -ECONNREFUSED: there is none. */
int monitord_quit(const char *lxcpath) _must_check;
