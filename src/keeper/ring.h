/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The last bytes that a console has shown (lxc.console.buffer.size): mapped once, older ones give way. They lie in a
 * memfd, so that they outlive the program that holds them: a reboot, an upgrade.
 */
#include "base/err.h"

#include <stddef.h>

struct ring {
	char *data; /* NULL: there is none */
	size_t size, first, used;
};

/* *fd: the memfd, not close-on-exec. */
int ring_make(struct ring *r, size_t size, int *fd) _must_check;
/* Another program's ring, by its size, first and used. */
int ring_map(struct ring *r, int fd) _must_check;
void ring_add(struct ring *r, const char *data, size_t n);
/* Writes the first n bytes (at most what there is) to an fd. 0 or -errno. */
int ring_write(const struct ring *r, size_t n, int fd) _must_check;
void ring_drop(struct ring *r, size_t n);
/* All of it, into room for r->used bytes. */
void ring_copy(const struct ring *r, char *to);
