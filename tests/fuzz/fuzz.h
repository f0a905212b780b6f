/* SPDX-License-Identifier: MIT */
#pragma once
/* What a fuzz target is: a function that libFuzzer, or driver.c with the files of a corpus, calls. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that does not hold ends the program, in every kind of build. */
static inline void fuzz_assert(int holds)
{
	if (!holds)
		abort();
}
