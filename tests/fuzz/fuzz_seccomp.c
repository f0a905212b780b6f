/* SPDX-License-Identifier: MIT */
/* Policies of any bytes: refused with words, or a program that ends for any call and that the kernel takes. */
#include "fuzz.h"

#include "base/own.h"
#include "seccomp/filter.h"

#include <errno.h>

/* Every jump leads forward to an instruction, the last one returns: what the kernel's own check asks. */
static void check(const struct filter *f)
{
	for (uint32_t at = 0; at < f->n; at++) {
		const struct sock_filter *i = &f->insn[at];
		uint64_t left = f->n - at - 1;

		if (BPF_CLASS(i->code) != BPF_JMP)
			continue;
		fuzz_assert(BPF_OP(i->code) == BPF_JA ? i->k < left : i->jt < left && i->jf < left);
	}
	fuzz_assert(BPF_CLASS(f->insn[f->n - 1].code) == BPF_RET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_own_policy struct policy p = { 0 };
	_own_strv struct strv warnings = { 0 };
	_own_free struct filter *f = NULL;
	struct err e = { 0 };
	int x = policy_parse(&p, (const char *)data, size, "policy", &e);

	if (x == 0)
		x = filter_compile(&p, &f, &warnings, &e);
	fuzz_assert(x == 0 ? f && !e.set : !f && e.set && e.object[0]);
	if (f)
		check(f);
	return 0;
}
