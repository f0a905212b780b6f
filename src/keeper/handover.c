/* SPDX-License-Identifier: MIT */
/* Reads and writes the hand-over; for the idle stage, too: without a heap. */
#include "keeper/handover.h"

#include "base/own.h"
#include "base/version.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Up to the last field of the first version; nothing shorter is whole. */
enum { SIZE_LEAST = offsetof(struct handover, cookie) + NOTIFY_COOKIE };

int handover_read(int fd, struct handover *h)
{
	ssize_t n = pread(fd, h, sizeof(*h), 0);

	if (n < 0)
		return -errno;
	if (n < SIZE_LEAST || h->magic != HANDOVER_MAGIC || h->size < SIZE_LEAST || h->size > HANDOVER_WORDS)
		return -EBADMSG;
	if (h->size < sizeof(*h))
		memset((char *)h + h->size, 0, sizeof(*h) - h->size);
	if (h->ready_fd == 0) /* no keeper hears by it: its own stdin */
		h->ready_fd = -1;
	if (h->writer_fd == 0)
		h->writer_fd = -1;
	if (h->begun_fd == 0)
		h->begun_fd = -1;
	return 0;
}

int handover_write(int fd, const struct handover *h)
{
	ssize_t n = pwrite(fd, h, sizeof(*h), 0);

	return n == (ssize_t)sizeof(*h) ? 0 : n < 0 ? -errno : -ENOSPC;
}
