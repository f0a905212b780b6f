/* SPDX-License-Identifier: MIT */
#pragma once
/* The numbers that a system call has for each kind of program that this machine's kernel runs. */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { ABIS_MOST = 3, CALL_NUMBERS = 3 };

struct abi {
	uint32_t audit; /* AUDIT_ARCH_*, as struct seccomp_data has it; x32 shares it with x86_64 */
	uint32_t token; /* libseccomp's name for it */
	bool wide;	/* arguments have 64 bits */
};

/* The machine's own first. */
extern const struct abi abis[];
extern const unsigned abis_n;

/* One way to make the call: by its own number, or by a multiplexer whose first argument is `mux`. */
struct call {
	uint32_t nr;
	uint32_t mux; /* 0: by its own number */
};

/* Every way in that ABI, at most CALL_NUMBERS; 0: that ABI has no such call; -ENOENT: no ABI ever had one. */
int call_numbers(const struct abi *a, const char *name, struct call out[CALL_NUMBERS]) _must_check;
