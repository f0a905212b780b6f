/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A policy as the kernel takes it: one program of classic BPF for every kind of program that the machine
 * runs. It is made before there is a container, and loaded by one system call inside. We build it ourselves
 * out of libseccomp's numbers: a binary search over ranges of calls, where libseccomp takes 20 ms for 500
 * rules and the kernel then walks a list.
 */
#include "seccomp/policy.h"

#include <linux/filter.h>

/* One block of memory, so that it can be written to a file as it is. */
struct filter {
	uint32_t magic, n;
	uint32_t notifies; /* it has a rule that asks a listener */
	uint32_t reserved;
	struct sock_filter insn[];
};

/* warnings: what was left out, and why. -E2BIG: the kernel takes no program of that size. */
int filter_compile(const struct policy *p, struct filter **out, struct strv *warnings, struct err *e) _must_check;
/* Bytes in memory and in a file. */
size_t filter_size(const struct filter *f);
/* Checks what came from a file. -EBADMSG. */
int filter_check(const struct filter *f, size_t size) _must_check;
/*
 * Loads it into the calling process, which has CAP_SYS_ADMIN in its user namespace or no_new_privs.
 * *listener: an fd where the filter notifies, else -1. -errno.
 */
int filter_load(const struct filter *f, int *listener) _must_check;
