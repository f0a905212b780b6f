/* SPDX-License-Identifier: MIT */
#pragma once
/* What writing (translate.c) and reading (translate_back.c) in the other version's words share. */
#include "cgroup/inside.h"

enum meaning {
	SAME,	    /* the value is the same text */
	LIMIT,	    /* -1 and "max" are no limit */
	PROTECTION, /* v1's soft limit, v2's memory.low: "none" is -1 there and 0 here */
	SWAP,	    /* v1 limits memory and swap together, v2 swap alone */
	SHARES,	    /* 1024 shares are a weight of 100 (kernel: sched_weight_from_cgroup()) */
	QUOTA,	    /* first and second word of cpu.max */
	PERIOD,
	WEIGHT,	       /* 10..1000, normally 500; v2: 1..10000, normally 100 */
	DEVICE_WEIGHT, /* the same for one device */
	THROTTLE,      /* "8:0 N"; v2: "8:0 WORD=N ..." */
	FREEZER,       /* FROZEN and THAWED; 1 and 0 */
	COUNTER,       /* read only; v2: after WORD in a file of several; times `scale` */
};

struct row {
	const char *v1, *v2; /* '*' stands for the same text in both */
	enum meaning meaning;
	const char *word;
	unsigned scale;
};

/* What only v1's names tell apart (QUOTA, PERIOD ...) is looked up from there. NULL: no twin. */
const struct row *row_find(const char *file, bool from_v1, char *other, size_t size);
/* A file's "4096" or "max"; -1: no limit. */
int row_read_bytes(int dir, const char *file, int64_t *out) _must_check;
/* A whole text that is a decimal number. */
int row_number(const char *text, int64_t *out) _must_check;
/* The two words of cpu.max; without it, the kernel's own defaults. */
void row_read_cpu_max(int dir, char quota[32], char period[32]);
/* "8:0 VALUE": the device in front, and the value behind; NULL: it has another form. */
const char *row_split_device(const char *text, char device[24]);
int64_t row_clamp(int64_t v, int64_t min, int64_t max);
int64_t row_shares_to_weight(int64_t v);
int64_t row_weight_to_shares(int64_t v);
int64_t row_blkio_to_io(int64_t v);
int64_t row_io_to_blkio(int64_t v);
