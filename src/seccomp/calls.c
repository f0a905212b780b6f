/* SPDX-License-Identifier: MIT */
/* Numbers of system calls, out of libseccomp's tables. */
#include "seccomp/calls.h"

#include "base/own.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

const struct abi abis[] = {
#if defined(__x86_64__)
	{ AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, true },
	{ AUDIT_ARCH_X86_64, SCMP_ARCH_X32, false },
	{ AUDIT_ARCH_I386, SCMP_ARCH_X86, false },
#elif defined(__i386__)
	{ AUDIT_ARCH_I386, SCMP_ARCH_X86, false },
#elif defined(__aarch64__)
	{ AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, true },
	{ AUDIT_ARCH_ARM, SCMP_ARCH_ARM, false },
#elif defined(__arm__)
	{ AUDIT_ARCH_ARM, SCMP_ARCH_ARM, false },
#elif defined(__mips__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	{ AUDIT_ARCH_MIPS64, SCMP_ARCH_MIPS64, true },
	{ AUDIT_ARCH_MIPS, SCMP_ARCH_MIPS, false },
	{ AUDIT_ARCH_MIPS64N32, SCMP_ARCH_MIPS64N32, false },
#elif defined(__mips__)
	{ AUDIT_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64, true },
	{ AUDIT_ARCH_MIPSEL, SCMP_ARCH_MIPSEL, false },
	{ AUDIT_ARCH_MIPSEL64N32, SCMP_ARCH_MIPSEL64N32, false },
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	{ AUDIT_ARCH_PPC64LE, SCMP_ARCH_PPC64LE, true },
#elif defined(__powerpc64__)
	{ AUDIT_ARCH_PPC64, SCMP_ARCH_PPC64, true },
	{ AUDIT_ARCH_PPC, SCMP_ARCH_PPC, false },
#elif defined(__powerpc__)
	{ AUDIT_ARCH_PPC, SCMP_ARCH_PPC, false },
#elif defined(__s390x__)
	{ AUDIT_ARCH_S390X, SCMP_ARCH_S390X, true },
	{ AUDIT_ARCH_S390, SCMP_ARCH_S390, false },
#elif defined(__riscv)
	{ AUDIT_ARCH_RISCV64, SCMP_ARCH_RISCV64, true },
#elif defined(__loongarch__)
	{ AUDIT_ARCH_LOONGARCH64, SCMP_ARCH_LOONGARCH64, true }, /* libseccomp 2.6 */
#endif
};
const unsigned abis_n = ARRAY_SIZE(abis);
_Static_assert(ARRAY_SIZE(abis) <= ABIS_MOST, "every ABI has its place");

/*
 * libseccomp's own numbers (seccomp_syscall_resolve_name(3)) for what goes through socketcall(2) or ipc(2):
 * -100 - CALL and -200 - CALL. Below them: the call exists, but not in this ABI.
 */
enum { SOCKETCALL = -100, IPC = -200, NO_MUX = -300 };

/* Since Linux 4.3 most of them have a number of their own, too, which the tables tell by number only. */
enum { DIRECT_FIRST = 300, DIRECT_LAST = 450 };

/* libseccomp walks its whole table for each number: asked once, for the one ABI of a machine that has them. */
static char *direct_names[DIRECT_LAST - DIRECT_FIRST + 1];
static uint32_t direct_token;

static int direct_number(uint32_t token, const char *name)
{
	const char *known;

	if (direct_token != token) {
		for (int nr = DIRECT_FIRST; nr <= DIRECT_LAST; nr++) {
			free(direct_names[nr - DIRECT_FIRST]);
			direct_names[nr - DIRECT_FIRST] = seccomp_syscall_resolve_num_arch(token, nr);
		}
		direct_token = token;
	}
	for (int nr = DIRECT_FIRST; nr <= DIRECT_LAST; nr++)
		if ((known = direct_names[nr - DIRECT_FIRST]) && strcmp(known, name) == 0)
			return nr;
	return -1;
}

static int multiplexed(const struct abi *a, const char *name, int nr, struct call out[CALL_NUMBERS])
{
	int base = nr > IPC ? SOCKETCALL : IPC;
	int by = seccomp_syscall_resolve_name_arch(a->token, base == IPC ? "ipc" : "socketcall");
	int direct = direct_number(a->token, name), n = 0;

	if (direct >= 0)
		out[n++] = (struct call){ .nr = (uint32_t)direct };
	if (by >= 0)
		out[n++] = (struct call){ .nr = (uint32_t)by, .mux = (uint32_t)(base - nr) };
	return n;
}

int call_numbers(const struct abi *a, const char *name, struct call out[CALL_NUMBERS])
{
	int nr = seccomp_syscall_resolve_name_arch(a->token, name);

	if (nr == __NR_SCMP_ERROR)
		return -ENOENT;
	if (nr >= 0) {
		out[0] = (struct call){ .nr = (uint32_t)nr };
		return 1;
	}
	return nr < SOCKETCALL && nr > NO_MUX ? multiplexed(a, name, nr, out) : 0;
}
