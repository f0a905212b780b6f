/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A short-lived process is mostly its page faults, above all in a virtual machine, where each costs
 * some 15 us: what is sure to be touched is mapped by one call instead (madvise(2) MADV_POPULATE_*,
 * Linux 5.14; without it nothing changes).
 */

/* This program's code, data, heap and the stack right below the caller; for the begin of main(). */
void mem_populate(void);
/* Its data, heap and stack, which are the parent's until written to; for a child behind its fork. */
void mem_unshare(void);
