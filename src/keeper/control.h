/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The control protocol: what a running keeper answers. Messages are base/msg.h's: fixed header, size
 * checked before dispatch. Keepers outlive upgrades: numbers and bodies stay as they are. A connection speaks for one
 * tty at a time and holds it until it is closed.
 */
#include <stdint.h>

enum {
	CONTROL_PING = 1, /* no body; answered by the same */
	CONTROL_TTY,	  /* struct control_tty; answered by the same and the master's fd, or by error */
	CONTROL_WINCH,	  /* struct control_winch: the size of the console's terminal; no answer */
	CONTROL_SECCOMP, /* no body; struct control_error and the listener of init's filter, from then on the asker's to
			    serve */
	CONTROL_LISTENER, /* no body, one fd: a listener more to serve; answered by struct control_error */
	CONTROL_LOG,	  /* struct control_log: what the console has shown; answered by the same, with a memfd of it */
	CONTROL_UPGRADE,  /* struct control_upgrade; struct control_error, of the program that it has become */
};

struct control_tty {
	int32_t number; /* 1..N, 0: the console, -1: the first free tty */
	int32_t error;	/* of an answer: 0 or an errno value */
};

/* The programs to become: of both stages, by their absolute paths. */
struct control_upgrade {
	char idle[1024], keeper[1024];
};

struct control_error {
	int32_t error; /* 0 or an errno value */
};

struct control_winch {
	uint16_t rows, columns;
};

/* As LXC's console_log(): reading takes away what was read, clearing all, and neither as many bytes as `most`. */
struct control_log {
	uint64_t most; /* bytes; 0: all. Of an answer: how many there are */
	int32_t error; /* of an answer: EFAULT: there is no buffer; ENODATA: it is empty; EBADF: there is no log file */
	uint8_t read, clear, to_logfile;
	uint8_t stays; /* what is read is not taken away: all that was shown since there were `from` bytes */
	uint64_t from; /* 0: all that there is. Of an answer: how many the console has shown by now */
};
