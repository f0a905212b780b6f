/* SPDX-License-Identifier: MIT */
/* Maps what will be touched, at once. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

enum { PAGE = 4096, STACK = 10 * PAGE, HEAP = 12 * PAGE };

/* By the linker, of the program that this is linked into; a shared library has no begin of its own. */
extern char __executable_start[] __attribute__((weak)), etext[], end[];
extern char data_start[] __attribute__((weak));

static void populate(const void *from, const void *to, int how)
{
	uintptr_t a = (uintptr_t)from & ~(uintptr_t)(PAGE - 1), b = ((uintptr_t)to + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

	if (a < b)
		(void)madvise((void *)a, b - a, how);
}

static char *heap; /* where it begins; NULL: mem_populate() was not called */

void mem_unshare(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	char *heap_end = sbrk(0);

	if (!heap) /* of liblxc's caller nothing is known */
		return;
	if (data_start)
		populate(data_start, end, MADV_POPULATE_WRITE);
	populate((void *)(here - STACK), (void *)here, MADV_POPULATE_WRITE);
	populate(heap, heap_end - heap > HEAP ? heap + HEAP : heap_end, MADV_POPULATE_WRITE);
}

void mem_populate(void)
{
	heap = sbrk(0);
	free(malloc(1)); /* makes the heap */
	populate(__executable_start, etext, MADV_POPULATE_READ);
	mem_unshare();
}
