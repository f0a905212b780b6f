/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* It is ready some time after it runs. */
bool ready_is_awaited(const struct plan *p);
int ready_listen(struct run *r, struct err *e); /* INIT */
/* NOTIFY_SOCKET, where it is ready by that. */
int ready_environ(const struct spec *s, struct strv *out) _must_check;

/* The parts of it, for one that is made from outside: a socket, bound to a short path or to the kernel's words; -errno.
 */
int ready_socket(bool notify) _must_check;
int ready_bind(int fd, const char *path) _must_check;
int ready_subscribe(int fd) _must_check;
/* --- ready_again.c: of a keeper that adopts; leaves SLOT_READY --- */
int ready_listen_again(struct run *r, struct err *e) _must_check;
