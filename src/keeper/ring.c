/* SPDX-License-Identifier: MIT */
/* A ring of bytes without a heap; see ring.h. */
#include "keeper/ring.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_map(struct ring *r, int fd)
{
	char *data = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (data == MAP_FAILED)
		return -errno;
	r->data = data;
	return 0;
}

int ring_make(struct ring *r, size_t size, int *fd)
{
	/* pages are there from the first byte on that is put into them, not before */
	_own_fd int mem = memfd_create("keg-ring", 0);
	int x;

	*r = (struct ring){ .size = size };
	if (mem < 0 || ftruncate(mem, (off_t)size) < 0)
		return -errno;
	x = ring_map(r, mem);
	if (x == 0)
		*fd = take_fd(&mem);
	return x;
}

void ring_drop(struct ring *r, size_t n)
{
	n = n < r->used ? n : r->used;
	r->used -= n;
	r->first = r->used ? (r->first + n) % r->size : 0;
}

void ring_add(struct ring *r, const char *data, size_t n)
{
	size_t at, end;

	if (!r->data)
		return;
	if (n > r->size) {
		data += n - r->size;
		n = r->size;
	}
	if (r->used + n > r->size)
		ring_drop(r, r->used + n - r->size);
	at = (r->first + r->used) % r->size;
	end = n < r->size - at ? n : r->size - at;
	memcpy(r->data + at, data, end);
	memcpy(r->data, data + end, n - end);
	r->used += n;
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

int ring_write(const struct ring *r, size_t n, int fd)
{
	size_t end = r->size - r->first;
	int x;

	n = n < r->used ? n : r->used;
	end = n < end ? n : end;
	x = write_all(fd, r->data + r->first, end);
	return x < 0 ? x : write_all(fd, r->data, n - end);
}

void ring_copy(const struct ring *r, char *to)
{
	size_t end = r->size - r->first;

	end = r->used < end ? r->used : end;
	memcpy(to, r->data + r->first, end);
	memcpy(to + end, r->data, r->used - end);
}
