/* SPDX-License-Identifier: MIT */
#pragma once
/* Asking a running keeper. Every answer has a deadline. */
#include "client/container.h"
#include "keeper/control.h"

/* A connection to the keeper; -errno. */
int control_connect(const struct container *c, struct err *e) _must_check;
/* *tty as CONTROL_TTY; the fd that came with the answer. */
int control_tty(int sock, int *tty, const char *name, struct err *e) _must_check;
/* A listener more for the keeper to serve; a copy of it. */
int control_add_listener(int sock, int listener, struct err *e) _must_check;
/* The listener of init's seccomp filter: from now on the caller serves it. -ENODEV: there is none. */
int control_listener(int sock, struct err *e) _must_check;
/* As CONTROL_LOG; *fd of what was read, -1: nothing. */
int control_log(int sock, struct control_log *l, int *fd, const char *name, struct err *e) _must_check;
void control_winch(int sock, unsigned rows, unsigned columns);
