/* SPDX-License-Identifier: MIT */
#pragma once
/* Asking a running keeper. Every answer has a deadline. */
#include "client/container.h"
#include "keeper/control.h"

enum { CONTROL_ANSWER_MS = 4500 }; /* whoever waits hears within five seconds, the command's own work among them */

/* -ETIME, with the words and the pid: it is stopped, or hangs. Its own number: commands exit with their own code. */
int control_silent(const struct container *c, struct err *e);
/* A connection to the keeper; -errno. */
int control_connect(const struct container *c, struct err *e) _must_check;
/* *tty as CONTROL_TTY; the fd that came with the answer. */
int control_tty(int sock, int *tty, const struct container *c, struct err *e) _must_check;
/* A listener more for the keeper to serve; a copy of it. */
int control_add_listener(int sock, int listener, const struct container *c, struct err *e) _must_check;
/* The listener of init's seccomp filter: from now on the caller serves it. -ENODEV: there is none. */
int control_listener(int sock, const struct container *c, struct err *e) _must_check;
/* As CONTROL_LOG; *fd of what was read, -1: nothing. */
int control_log(int sock, struct control_log *l, int *fd, const struct container *c, struct err *e) _must_check;
/* Answered by the program that it has become. */
int control_upgrade(int sock, const struct control_upgrade *u, const struct container *c, struct err *e) _must_check;
void control_winch(int sock, unsigned rows, unsigned columns);
