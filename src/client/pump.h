/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Moves bytes between a user's terminal (or pipes) and the other end of a console, both ways, until an
 * end is reached. The user's fds keep their flags; a terminal is put into raw mode and back.
 */
#include "base/err.h"

#include <termios.h>

struct pump {
	int in, out; /* the user's; in may end: then only output flows */
	int remote;  /* a pty's master or a stream; made non-blocking */
	int escape;  /* 1 = ctrl-a, then q ends it; 0: no escape */
	int also;    /* an fd watched beside; -1: none */
	/* Called when `also` is readable or hung up: 0: go on, 1: drain what is there and end. */
	int (*on_also)(void *arg);
	/* Called when the terminal's size changed, and at the begin. May be NULL. */
	void (*on_size)(void *arg, unsigned rows, unsigned columns);
	void *arg;
	int log_fd; /* gets a copy of the output; -1: none */
};

enum pump_end { PUMP_REMOTE_ENDED, PUMP_ESCAPED, PUMP_ALSO_ENDED };

/* Negative: -errno. */
int pump_run(struct pump *p, enum pump_end *end, struct err *e) _must_check;

/* Raw mode where fd is a terminal; *was is restored by pump_cook(). Returns whether it is one. */
bool pump_raw(int fd, struct termios *was);
void pump_cook(int fd, const struct termios *was);
