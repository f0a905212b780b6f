/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The writer of a console's log: a process of its own, keg-idle log, so that a disk which does not answer holds nobody
 * but it. It gets packets by a socket pair, and ends when its keeper's end of that is closed. It outlives stages and
 * programs of the keeper, so the packets are a contract, as the hand-over is.
 */
#include "keeper/handover.h"

#include <stdbool.h>
#include <stddef.h>

enum { WRITER_MOST = 4096, WRITER_OPEN_MS = 2000 };

/* What a packet's first byte says; the request's number comes back with its answer. */
enum {
	WRITER_DATA = 'd', /* goes into the file */
	WRITER_ANEW = 'n', /* begin a file anew, where old ones are kept */
	WRITER_OPEN = 'o', /* open it by its name again; answered */
	WRITER_SYNC = 's'  /* answered when all before is written */
};

struct writer_answer {
	int32_t number; /* 0: of the begin */
	int32_t error;	/* 0 or an errno value, also of what was written since the last one */
};

/* --- the keeper's side: no heap --- */
/* Starts one by the path of its program; h->writer_fd, h->writer_pid. 0 or -errno; the file is not open yet. */
int writer_start(struct handover *h, const char *program) _must_check;
/* -EAGAIN: it has not taken what was sent before; any other error: it is gone. */
int writer_send(int fd, char what, const void *data, size_t n) _must_check;
/* The answer to that number: 0, its error as -errno, -ETIMEDOUT. */
int writer_answer(int fd, int32_t number, int timeout_ms) _must_check;
/* Lets it write what it has, and end; not longer than that. */
void writer_end(struct handover *h, int timeout_ms);
/* After SIGCHLD. */
void writer_reap(struct handover *h);

/* --- the process: keg-idle log FILE SIZE OLD --- */
int writer_main(char **words);
