/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One row for each pair of files that mean the same in the two versions of cgroups, in translate.c. A row's
 * `how` is four functions: what to write for a value, either way, and what to show for a read, either way.
 */
#include "cgroup/inside.h"

struct row;

/* One question: the row, the cgroup of the other version, and how the file is called there. */
struct ask {
	const struct row *row;
	int dir;
	const char *there;
};

/* -EOPNOTSUPP (or NULL): it cannot be said there; -EINVAL: the value is wrong in its own words already. */
struct how {
	int (*to_v2)(const struct ask *a, const char *value, struct cgroup_writes *w);
	int (*to_v1)(const struct ask *a, const char *value, struct cgroup_writes *w);
	int (*as_v1)(const struct ask *a, struct buf *out); /* v1's text, out of v2's files */
	int (*as_v2)(const struct ask *a, struct buf *out);
};

struct row {
	const char *v1, *v2; /* '*' stands for the same text in both; NULL: no file there */
	const struct how *how;
	const char *word; /* counters: the word in v2's file; io.max: "rbps"; fixed: the value that is always so */
	unsigned scale;	  /* counters: v1's unit in v2's */
};

/* --- translate_plain.c --- */
extern const struct how how_same;    /* the same text */
extern const struct how how_counter; /* read only; v2 has several in one file, a word before each */
extern const struct how how_fixed;   /* the other version has no such file, for it is always so */
extern const struct how how_freezer; /* FROZEN, THAWED; 1, 0 */

/* --- translate_memory.c --- */
extern const struct how how_limit;	/* -1 and "max" are no limit */
extern const struct how how_memory_max; /* the same; on v1, the limit of memory and swap moves along */
extern const struct how how_protection; /* "none" is -1 (or all) for v1's soft limit, 0 for v2's memory.low */
extern const struct how how_swap;	/* v1 limits memory and swap together, v2 swap alone */
extern const struct how how_swap_usage;
extern const struct how how_oom; /* v1's memory.oom_control, v2's memory.events */

/* --- translate_cpu.c --- */
extern const struct how how_shares;	  /* 1024 shares are a weight of 100 (kernel: sched_weight_from_cgroup()) */
extern const struct how how_nice;	  /* v2's cpu.weight.nice: shares are the weight of a nice value */
extern const struct how how_quota;	  /* the first word of cpu.max */
extern const struct how how_period;	  /* the second */
extern const struct how how_cpuacct_stat; /* user and system in hundredths of a second */

/* --- translate_io.c --- */
extern const struct how how_weight;	   /* 10..1000, normally 500; v2: 1..10000, normally 100 */
extern const struct how how_weight_device; /* the same for one device */
extern const struct how how_bfq;	   /* 1..1000, normally 100, in both; only v2 has a "default" before it */
extern const struct how how_bfq_device;
extern const struct how how_io_bfq;    /* v1's bfq weight, v2's io.weight: 100 is normal in both */
extern const struct how how_blkio_bfq; /* v1's blkio.weight where v2 has only io.bfq.weight */
extern const struct how how_throttle;  /* "8:0 N"; v2: "8:0 WORD=N ..." */
extern const struct how how_served;    /* io.stat, counted by device */

/* --- translate.c --- */
/* The table's rows with that how, one after another; NULL behind the last. i begins with 0. */
const struct row *row_next(const struct how *how, size_t *i);
int row_put(struct cgroup_writes *w, const char *file, const char *fmt, ...) _printf(3, 4) _must_check;
/* A whole text that is a decimal number. */
int row_number(const char *text, int64_t *out) _must_check;
/* "4096", "4M", "max", "-1"; -1: no limit. */
int row_bytes(const char *text, int64_t *out) _must_check;
/* The same out of a file; v1's largest number is no limit. */
int row_read_bytes(int dir, const char *file, int64_t *out) _must_check;
/* v * to / from, rounded, within the limits. */
int64_t row_ratio(int64_t v, int64_t to, int64_t from, int64_t min, int64_t max);
/* "8:0 VALUE": the device in front, and the value behind; NULL: it has another form. */
const char *row_split_device(const char *text, char device[24]);
/* The number behind WORD= in a line of io.max or io.stat. "max" is 0. -ENOENT. */
int row_word_of(const char *line, const char *word, int64_t *out) _must_check;
