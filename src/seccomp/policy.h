/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A seccomp policy as its file says it: names of system calls, what is done about each, and what is done
 * about all others. Nothing here knows numbers; see filter.h.
 */
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { POLICY_ARGS = 6 };

enum policy_op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

/* A condition: argument `index` OP value; of OP_MASKED_EQ both sides are masked first. */
struct policy_arg {
	unsigned index;
	enum policy_op op;
	uint64_t value, mask;
};

struct policy_rule {
	char *name;	 /* of the system call; NULL: number */
	uint32_t number; /* version 1 only: as the machine's own programs call it */
	uint32_t action; /* SECCOMP_RET_* with its data */
	struct policy_arg arg[POLICY_ARGS];
	unsigned n_args; /* conditions that must all hold */
	unsigned line;
};

struct policy {
	const char *file;   /* the caller's */
	unsigned version;   /* 1: for the machine's own programs only; others are killed */
	uint32_t otherwise; /* the action of calls without a rule */
	struct policy_rule *rule;
	size_t n;
};

/*
 * Reads a policy of version 1 or 2. Rules of sections for other machines are checked and left out.
 * -EINVAL: e holds the first mistake, and the others in e->said, each as "FILE:LINE: words".
 */
int policy_parse(struct policy *p, const char *text, size_t len, const char *file, struct err *e) _must_check;
void policy_free(struct policy *p);
#define _own_policy __attribute__((cleanup(policy_free)))
