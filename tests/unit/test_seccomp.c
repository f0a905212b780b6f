/* SPDX-License-Identifier: MIT */
/* Seccomp policies: what is read, what is refused with which words, and what the filter does about a call. */
#include "unit.h"

#include "base/own.h"
#include "seccomp/calls.h"
#include "seccomp/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- the parser -------------------------------------------------------------------------------- */

static int parse(const char *text, struct policy *p, struct err *e)
{
	return policy_parse(p, text, strlen(text), "f", e);
}

static const struct {
	const char *text;
	size_t rules;
	uint32_t otherwise, action; /* of the last rule */
} good[] = {
	{ "2\ndenylist\n", 0, SECCOMP_RET_ALLOW, 0 },
	{ "2\nblacklist\nmkdir\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD },
	{ "2\nallowlist\nmkdir\n", 1, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_ALLOW },
	{ "2\nwhitelist errno 5\nmkdir\n", 1, SECCOMP_RET_ERRNO | 5, SECCOMP_RET_ALLOW },
	{ "2\ndenylist trap\nmkdir errno 3", 1, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | 3 },
	{ "2\nallowlist log\nmkdir kill\nrmdir allow\n", 2, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW },
	{ "2\ndenylist\nmkdir kill_process\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS },
	{ "2\ndenylist\nmkdir trap\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_TRAP },
	{ "2\ndenylist\nmkdir log\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_LOG },
	{ "2\ndenylist\nmkdir notify\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF },
	{ "2\ndenylist\nmkdir errno 4095\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 4095 },
	{ "2\ndenylist\nmkdir errno 0\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO },
	{ "\n\n2\n\n# c\ndenylist # c\n \t# c\n\n  mkdir  errno\t7 # c\n", 1, SECCOMP_RET_ALLOW,
	  SECCOMP_RET_ERRNO | 7 },
	{ "2\r\ndenylist\r\nmkdir errno 7\r\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 7 },
	{ "2\ndenylist\nreject_force_umount  # why\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EACCES },
	{ "2\ndenylist\nmkdir errno 1 [0,1,==] [1,0x10,SCMP_CMP_GE][2,3,&=,7]\n", 1, SECCOMP_RET_ALLOW,
	  SECCOMP_RET_ERRNO | 1 },
	{ "2\ndenylist\nmkdir [ 5 , 1 , != ]\n", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD },
	{ "2\ndenylist\n[all]\nmkdir errno 1\n[ALL]\nrmdir errno 2\n", 2, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 2 },
	{ "1\nallowlist\n0\n0x1\n60\n", 3, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_ALLOW },
	{ "1\nwhitelist\n", 0, SECCOMP_RET_KILL_THREAD, 0 },
#ifdef __x86_64__
	{ "2\ndenylist\n[x86]\nmkdir errno 1\n[X86_64]\nmkdir errno 2\n[x32]\nmkdir errno 3\n", 3, SECCOMP_RET_ALLOW,
	  SECCOMP_RET_ERRNO | 3 },
	{ "2\ndenylist\n[arm]\na\n[arm64]\na\n[mips]\na\n[mips64]\na\n[mips64n32]\na\n[mipsel]\na\n[mipsel64]\na\n"
	  "[mipsel64n32]\na\n[ppc]\na\n[ppc64]\na\n[ppc64le]\na\n[s390]\na\n[s390x]\na\n[LOONGARCH64]\na\n",
	  0, SECCOMP_RET_ALLOW, 0 },
#endif
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_own_policy struct policy p = { 0 };
		struct err e = { 0 };

		if (parse(good[i].text, &p, &e) < 0)
			fail_msg("%s: %s", good[i].text, e.object);
		if (p.n != good[i].rules || p.otherwise != good[i].otherwise ||
		    (p.n && p.rule[p.n - 1].action != good[i].action))
			fail_msg("%s: %zu rules, otherwise %#x, action %#x", good[i].text, p.n, p.otherwise,
				 p.n ? p.rule[p.n - 1].action : 0);
	}
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "f:1: the policy is empty: it begins with 1 or 2" },
	{ "# nothing\n", "f:2: the policy is empty: it begins with 1 or 2" },
	{ "3\ndenylist\n", "f:1: bad version \"3\": a policy begins with 1 or 2" },
	{ "2 \ndenylist x\n", "f:2: unknown action \"x\": allowed is kill, errno N, allow, trap, log or notify" },
	{ "2 x\n", "f:1: bad version \"2 x\": a policy begins with 1 or 2" },
	{ "2\n", "f:2: the policy ends before its second line, allowlist or denylist" },
	{ "2\nfrob\n", "f:2: bad kind of policy \"frob\": allowed is allowlist or denylist" },
	{ "2\nDenylist\n", "f:2: bad kind of policy \"Denylist\": allowed is allowlist or denylist" },
	{ "1\ndenylist\n", "f:2: bad kind of policy \"denylist\": allowed is allowlist in version 1" },
	{ "1\nallowlist errno 3\n", "f:2: unexpected \"errno 3\" behind allowlist" },
	{ "2\nallowlist errno 3 4\n", "f:2: unexpected \"4\" behind allowlist" },
	{ "1\nallowlist\nread\n", "f:3: bad system call \"read\": a policy of version 1 holds their numbers" },
	{ "1\nallowlist\n-1\n", "f:3: bad system call \"-1\": a policy of version 1 holds their numbers" },
	{ "1\nallowlist\n1 2\n", "f:3: bad system call \"1 2\": a policy of version 1 holds their numbers" },
	{ "2\ndenylist\nmk+dir\n", "f:3: bad system call \"mk+dir\"" },
	{ "2\ndenylist\nmkdir frob\n",
	  "f:3: unknown action \"frob\": allowed is kill, errno N, allow, trap, log or notify" },
	{ "2\ndenylist\nmkdir errno\n", "f:3: errno wants a number behind it" },
	{ "2\ndenylist\nmkdir errno [0,1,==]\n", "f:3: errno wants a number behind it" },
	{ "2\ndenylist\nmkdir errno 4096\n", "f:3: bad errno \"4096\": allowed is 0 to 4095" },
	{ "2\ndenylist\nmkdir errno -1\n", "f:3: bad errno \"-1\": allowed is 0 to 4095" },
	{ "2\ndenylist\nmkdir errno EPERM\n", "f:3: bad errno \"EPERM\": allowed is 0 to 4095" },
	{ "2\ndenylist\nmkdir kill 5\n", "f:3: unexpected \"5\" at the end of the rule" },
	{ "2\ndenylist\nreject_force_umount errno 3\n", "f:3: reject_force_umount stands alone" },
	{ "2\ndenylist\n[pdp11]\n", "f:3: unknown architecture [pdp11]" },
	{ "2\ndenylist\n[All]\n", "f:3: unknown architecture [All]" },
	{ "2\ndenylist\n[all\n", "f:3: bad section \"[all\": it is [ARCHITECTURE]" },
	{ "2\ndenylist\n[all] x\n", "f:3: bad section \"[all] x\": it is [ARCHITECTURE]" },
	{ "2\ndenylist\nmkdir errno 1 [0,1,==\n", "f:3: a condition is not closed by \"]\"" },
	{ "2\ndenylist\nmkdir errno 1 [0,1]\n",
	  "f:3: bad condition [0,1]: it is [INDEX,VALUE,OPERATOR] or [INDEX,VALUE,OPERATOR,MASK]" },
	{ "2\ndenylist\nmkdir errno 1 [0,1,==,2,3,4]\n",
	  "f:3: bad condition [0,1,==,2,3,4]: it is [INDEX,VALUE,OPERATOR] or [INDEX,VALUE,OPERATOR,MASK]" },
	{ "2\ndenylist\nmkdir errno 1 [6,1,==]\n", "f:3: bad argument index \"6\": allowed is 0 to 5" },
	{ "2\ndenylist\nmkdir errno 1 [0,one,==]\n",
	  "f:3: bad value \"one\" in a condition: it is no number of 64 bits" },
	{ "2\ndenylist\nmkdir errno 1 [0,0x10000000000000000,==]\n",
	  "f:3: bad value \"0x10000000000000000\" in a condition: it is no number of 64 bits" },
	{ "2\ndenylist\nmkdir errno 1 [0,1,=]\n",
	  "f:3: unknown operator \"=\": allowed is !=, <, <=, ==, >=, > or &=, or SCMP_CMP_NE and so on" },
	{ "2\ndenylist\nmkdir errno 1 [0,1,&=]\n", "f:3: bad condition [0,1,&=]: &= wants a mask behind it" },
	{ "2\ndenylist\nmkdir errno 1 [0,1,&=,x]\n", "f:3: bad mask \"x\" in a condition: it is no number of 64 bits" },
	{ "2\ndenylist\nmkdir errno 1 [0,1,==] [0,2,==]\n", "f:3: two conditions on argument 0" },
	{ "2\ndenylist\n[mips]\nmkdir errno x\n", "f:4: bad errno \"x\": allowed is 0 to 4095" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct policy p;
		struct err e = { 0 };

		if (parse(bad[i].text, &p, &e) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		assert_string_equal(e.object, bad[i].says);
		assert_string_equal(e.said, "");
		assert_int_equal(p.n, 0);
	}
}

static void test_all_mistakes_together(void **state)
{
	struct policy p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(parse("2\ndenylist\na b\n[x]\nread\nc errno x\n", &p, &e), -EINVAL);
	assert_string_equal(e.object,
			    "f:3: unknown action \"b\": allowed is kill, errno N, allow, trap, log or notify");
	assert_string_equal(e.said, "f:4: unknown architecture [x]\n"
				    "          f:6: bad errno \"x\": allowed is 0 to 4095");
}

static void test_nul(void **state)
{
	struct policy p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(policy_parse(&p, "2\ndeny\0list\n", 12, "f", &e), -EINVAL);
	assert_string_equal(e.object, "f: a policy cannot hold a NUL byte");
}

/* --- the filter, by a machine of classic BPF of our own: for every architecture ----------------- */

static uint32_t word_of(const struct seccomp_data *d, uint32_t at)
{
	uint32_t w;

	assert_true(at + 4 <= sizeof(*d) && at % 4 == 0);
	memcpy(&w, (const char *)d + at, 4);
	return w;
}

static bool jumps(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return a == f->k;
	case BPF_JGT:
		return a > f->k;
	case BPF_JGE:
		return a >= f->k;
	}
	fail_msg("jump %#x", f->code);
	return false;
}

static uint32_t run(const struct filter *f, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (uint32_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *i = &f->insn[pc];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			a = word_of(d, i->k);
			break;
		case BPF_ALU:
			a &= i->k;
			break;
		case BPF_JMP:
			pc += BPF_OP(i->code) == BPF_JA ? i->k : jumps(i, a) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return i->k;
		}
	}
	fail_msg("it ran off its end");
	return 0;
}

static struct filter *compile(const char *text, struct strv *warnings)
{
	_own_policy struct policy p = { 0 };
	struct filter *f = NULL;
	struct err e = { 0 };

	if (parse(text, &p, &e) < 0 || filter_compile(&p, &f, warnings, &e) < 0)
		fail_msg("%s: %s", text, e.object);
	assert_int_equal(filter_check(f, filter_size(f)), 0);
	assert_int_equal(filter_check(f, filter_size(f) - 1), -EBADMSG);
	return f;
}

struct ask {
	uint32_t arch;
	int nr;
	uint64_t arg[6];
	uint32_t answer;
};

static void answers(const char *text, const struct ask *ask, size_t n)
{
	_own_strv struct strv warnings = { 0 };
	_own_free struct filter *f = compile(text, &warnings);

	assert_int_equal(warnings.n, 0);
	for (size_t i = 0; i < n; i++) {
		struct seccomp_data d = { .arch = ask[i].arch, .nr = ask[i].nr };
		uint32_t got;

		memcpy(d.args, ask[i].arg, sizeof(d.args));
		got = run(f, &d);
		if (got != ask[i].answer)
			fail_msg("%s: arch %#x call %d (%#llx %#llx): %#x in place of %#x", text, ask[i].arch,
				 ask[i].nr, (long long)ask[i].arg[0], (long long)ask[i].arg[1], got, ask[i].answer);
	}
}
#define ANSWERS(text, ...)                                                                                             \
	do {                                                                                                           \
		const struct ask asks_[] = { __VA_ARGS__ };                                                            \
		answers(text, asks_, ARRAY_SIZE(asks_));                                                               \
	} while (0)

#define ALLOW	 SECCOMP_RET_ALLOW
#define KILL	 SECCOMP_RET_KILL_THREAD
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))

#ifdef __x86_64__
enum { X32 = 0x40000000, MKDIR = 83, RMDIR = 84, MKDIR_86 = 39 };
#define A32 AUDIT_ARCH_I386
#define A64 AUDIT_ARCH_X86_64

static void test_architectures(void **state)
{
	(void)state;
	ANSWERS("2\ndenylist\nmkdir errno 3\n", { A64, MKDIR, { 0 }, ERRNO(3) }, { A64, RMDIR, { 0 }, ALLOW },
		{ A64, 82, { 0 }, ALLOW }, { A64, 0, { 0 }, ALLOW }, { A64, -1, { 0 }, ALLOW },
		{ A64, X32 + MKDIR, { 0 }, ERRNO(3) }, { A64, X32 + RMDIR, { 0 }, ALLOW },
		{ A32, MKDIR_86, { 0 }, ERRNO(3) }, { A32, MKDIR, { 0 }, ALLOW },
		{ AUDIT_ARCH_AARCH64, 1, { 0 }, KILL });
	ANSWERS("2\nallowlist\nmkdir\nrmdir\n", { A64, MKDIR, { 0 }, ALLOW }, { A64, RMDIR, { 0 }, ALLOW },
		{ A64, 85, { 0 }, KILL }, { A64, 82, { 0 }, KILL }, { A32, MKDIR_86, { 0 }, ALLOW },
		{ A32, MKDIR, { 0 }, KILL });
	/* As LXC has it: a section of the machine speaks for all that it runs. */
	ANSWERS("2\ndenylist\n[x86]\nmkdir errno 3\n[arm64]\nrmdir errno 3\n", { A64, MKDIR, { 0 }, ERRNO(3) },
		{ A32, MKDIR_86, { 0 }, ERRNO(3) }, { A64, RMDIR, { 0 }, ALLOW });
	ANSWERS("1\nallowlist\n0\n1\n84\n", { A64, 0, { 0 }, ALLOW }, { A64, 1, { 0 }, ALLOW }, { A64, 2, { 0 }, KILL },
		{ A64, 84, { 0 }, ALLOW }, { A64, X32, { 0 }, KILL }, { A32, 0, { 0 }, KILL });
	ANSWERS("2\ndenylist errno 7\n", { A64, 0, { 0 }, ERRNO(7) }, { A32, 0, { 0 }, ERRNO(7) });
}

/* On x86, socket is 359 and socketcall(1, ...), shmget 395 and ipc(23, ...) with a version above it. */
static void test_multiplexed(void **state)
{
	(void)state;
	ANSWERS("2\ndenylist\nsocket errno 3\nshmget errno 4\n", { A64, 41, { 0 }, ERRNO(3) },
		{ A32, 359, { 0 }, ERRNO(3) }, { A32, 102, { 1 }, ERRNO(3) }, { A32, 102, { 2 }, ALLOW },
		{ A32, 395, { 0 }, ERRNO(4) }, { A32, 117, { 23 }, ERRNO(4) }, { A32, 117, { 0x10017 }, ERRNO(4) },
		{ A32, 117, { 24 }, ALLOW });
	ANSWERS("2\ndenylist\nsocket errno 3 [0,2,==]\n", { A64, 41, { 2 }, ERRNO(3) }, { A64, 41, { 1 }, ALLOW },
		{ A32, 359, { 2 }, ERRNO(3) }, { A32, 102, { 1 }, ALLOW });
}

#define BIG 0x100000005ULL
static void test_operators(void **state)
{
	(void)state;
#define OP_TEST(op, less, equal, more, less_high, more_high)                                                           \
	ANSWERS("2\ndenylist\nmkdir errno 3 [1,0x100000005," op "]\n",                                                 \
		{ A64, MKDIR, { 0, BIG - 1 }, less ? ERRNO(3) : ALLOW },                                               \
		{ A64, MKDIR, { 0, BIG }, equal ? ERRNO(3) : ALLOW },                                                  \
		{ A64, MKDIR, { 0, BIG + 1 }, more ? ERRNO(3) : ALLOW },                                               \
		{ A64, MKDIR, { 0, 0xff }, less_high ? ERRNO(3) : ALLOW },                                             \
		{ A64, MKDIR, { 0, 0x200000001ULL }, more_high ? ERRNO(3) : ALLOW },                                   \
		{ A32, MKDIR_86, { 0, 4 }, less ? ERRNO(3) : ALLOW },                                                  \
		{ A32, MKDIR_86, { 0, 5 }, equal ? ERRNO(3) : ALLOW },                                                 \
		{ A32, MKDIR_86, { 0, 6 }, more ? ERRNO(3) : ALLOW })
	OP_TEST("!=", 1, 0, 1, 1, 1);
	OP_TEST("SCMP_CMP_NE", 1, 0, 1, 1, 1);
	OP_TEST("<", 1, 0, 0, 1, 0);
	OP_TEST("SCMP_CMP_LT", 1, 0, 0, 1, 0);
	OP_TEST("<=", 1, 1, 0, 1, 0);
	OP_TEST("SCMP_CMP_LE", 1, 1, 0, 1, 0);
	OP_TEST("==", 0, 1, 0, 0, 0);
	OP_TEST("SCMP_CMP_EQ", 0, 1, 0, 0, 0);
	OP_TEST(">=", 0, 1, 1, 0, 1);
	OP_TEST("SCMP_CMP_GE", 0, 1, 1, 0, 1);
	OP_TEST(">", 0, 0, 1, 0, 1);
	OP_TEST("SCMP_CMP_GT", 0, 0, 1, 0, 1);
	/* Both sides are masked: 8192 of 61440 is a character device of mknod(2). */
	ANSWERS("2\ndenylist\nmkdir errno 3 [1,8192,SCMP_CMP_MASKED_EQ,61440]\n",
		{ A64, MKDIR, { 0, 8192 | 0644 }, ERRNO(3) }, { A64, MKDIR, { 0, 24576 | 0644 }, ALLOW });
	ANSWERS("2\ndenylist\nmkdir errno 3 [1,15,&=,3]\n", { A64, MKDIR, { 0, 7 }, ERRNO(3) },
		{ A64, MKDIR, { 0, 0x100000003ULL }, ERRNO(3) }, { A64, MKDIR, { 0, 1 }, ALLOW });
	ANSWERS("2\ndenylist\nmkdir errno 3 [0,0x700000000,&=,0xf00000000]\n",
		{ A64, MKDIR, { 0x700000009ULL }, ERRNO(3) }, { A64, MKDIR, { 0x300000009ULL }, ALLOW });
}

static void test_which_rule_counts(void **state)
{
	(void)state;
	/* One without conditions stands for all, wherever it is; among them the first. */
	ANSWERS("2\ndenylist\nmkdir errno 1 [0,1,==]\nmkdir errno 2\nmkdir errno 3\n", { A64, MKDIR, { 1 }, ERRNO(2) },
		{ A64, MKDIR, { 0 }, ERRNO(2) });
	ANSWERS("2\ndenylist\nmkdir errno 1 [0,1,==]\nmkdir errno 2 [0,10,<]\n", { A64, MKDIR, { 1 }, ERRNO(1) },
		{ A64, MKDIR, { 2 }, ERRNO(2) }, { A64, MKDIR, { 10 }, ALLOW });
	ANSWERS("2\ndenylist\nmkdir errno 1 [0,1,==] [1,2,==]\n", { A64, MKDIR, { 1, 2 }, ERRNO(1) },
		{ A64, MKDIR, { 1, 3 }, ALLOW }, { A64, MKDIR, { 2, 2 }, ALLOW });
	ANSWERS("2\ndenylist\nreject_force_umount\n", { A64, 166, { 0, 1 }, ERRNO(EACCES) },
		{ A64, 166, { 0, 3 }, ERRNO(EACCES) }, { A64, 166, { 0, 2 }, ALLOW },
		{ A32, 52, { 0, 1 }, ERRNO(EACCES) });
}
#endif

static void test_unknown_calls(void **state)
{
	_own_strv struct strv warnings = { 0 };
	_own_free struct filter *f = NULL;

	(void)state;
	f = compile("2\ndenylist\nnonsense errno 1\nmkdir errno 2\nmore_nonsense\n", &warnings);
	assert_int_equal(warnings.n, 2);
	assert_string_equal(warnings.v[0], "f:3: unknown system call \"nonsense\" is left out");
	assert_string_equal(warnings.v[1], "f:5: unknown system call \"more_nonsense\" is left out");
}

/* Every call of the machine, with conditions and without, against a list that is walked. */
static void test_many_rules(void **state)
{
	_own_strv struct strv warnings = { 0 };
	_own_policy struct policy p = { 0 };
	_own_buf struct buf b = { 0 };
	_own_free struct filter *f = NULL;
	struct err e = { 0 };

	(void)state;
	buf_addf(&b, "1\nallowlist\n");
	for (int i = 0; i < 2000; i += 1 + i % 3)
		buf_addf(&b, "%d\n", i);
	assert_int_equal(parse(b.s, &p, &e), 0);
	assert_int_equal(filter_compile(&p, &f, &warnings, &e), 0);
	for (int nr = 0; nr < 2100; nr++) {
		struct seccomp_data d = { .arch = abis[0].audit, .nr = nr };
		bool there = false;

		for (size_t i = 0; i < p.n; i++)
			there |= p.rule[i].number == (uint32_t)nr;
		assert_int_equal(run(f, &d), there ? ALLOW : KILL);
	}
}

static void test_too_many_rules(void **state)
{
	_own_strv struct strv warnings = { 0 };
	_own_policy struct policy p = { 0 };
	_own_buf struct buf b = { 0 };
	struct filter *f = NULL;
	struct err e = { 0 };

	(void)state;
	buf_addf(&b, "1\nallowlist\n");
	for (int i = 0; i < 6000; i += 2)
		buf_addf(&b, "%d\n", i);
	assert_int_equal(parse(b.s, &p, &e), 0);
	assert_int_equal(filter_compile(&p, &f, &warnings, &e), -E2BIG);
	assert_string_equal(e.object, "f: the policy makes more than the 4096 instructions that the kernel takes");
	assert_null(f);
}

/* --- the filter, by the kernel ----------------------------------------------------------------- */

/* In a child under the policy; its wait status. */
static int confined(const char *text, void (*what)(void))
{
	_own_strv struct strv warnings = { 0 };
	_own_free struct filter *f = compile(text, &warnings);
	int status, listener;
	pid_t pid = fork();

	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL); /* cmocka has a handler */
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (filter_load(f, &listener) < 0)
			_exit(99);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void exit_with_errno(void)
{
	_exit(syscall(SYS_mkdirat, -1, "", 0) < 0 ? errno : 0);
}

static void exit_with_errno_of_5(void)
{
	_exit(syscall(SYS_mkdirat, 5, "", 0) < 0 ? errno : 0);
}

static void on_trap(int sig, siginfo_t *si, void *context)
{
	(void)context;
	_exit(sig == SIGSYS && si->si_syscall == SYS_mkdirat ? 42 : 43);
}

static void exit_with_trap(void)
{
	struct sigaction act = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	(void)sigaction(SIGSYS, &act, NULL);
	exit_with_errno();
}

static void test_loaded(void **state)
{
	int status;

	(void)state;
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\n", exit_with_errno)), ENOENT);
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\nmkdirat errno 71\n", exit_with_errno)), 71);
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\nmkdirat log\n", exit_with_errno)), ENOENT);
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\nmkdirat trap\n", exit_with_trap)), 42);
#ifndef __SANITIZE_ADDRESS__ /* a sanitizer's end takes more system calls than one */
	assert_int_equal(WEXITSTATUS(confined("2\nallowlist errno 72\nexit_group\n", exit_with_errno)), 72);
#endif
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\nmkdirat errno 73 [0,5,==]\n", exit_with_errno)), ENOENT);
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\nmkdirat errno 73 [0,5,==]\n", exit_with_errno_of_5)), 73);
	status = confined("2\ndenylist\nmkdirat kill\n", exit_with_errno);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = confined("2\ndenylist\nmkdirat\n", exit_with_errno);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

#ifdef __x86_64__
/* mkdir of a 32-bit program, by the gate that it would use; a kernel without them ends us by SIGSEGV. */
static void exit_with_errno_32(void)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"((long)MKDIR_86), "b"(0L), "c"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	_exit((int)-r);
}

static void test_loaded_32(void **state)
{
	int status = confined("2\ndenylist\n", exit_with_errno_32);

	(void)state;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		skip();
	assert_int_equal(WEXITSTATUS(status), EFAULT);
	assert_int_equal(WEXITSTATUS(confined("2\ndenylist\nmkdir errno 71\n", exit_with_errno_32)), 71);
}
#endif

static void test_notifies(void **state)
{
	_own_strv struct strv warnings = { 0 };
	_own_free struct filter *f = compile("2\ndenylist\nmkdirat notify\n", &warnings);
	_own_free struct filter *other = compile("2\ndenylist notify\n", &warnings);
	_own_free struct filter *none = compile("2\ndenylist\n", &warnings);

	(void)state;
	assert_true(f->notifies);
	assert_true(other->notifies);
	assert_false(none->notifies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all_mistakes_together),
		cmocka_unit_test(test_nul),
#ifdef __x86_64__
		cmocka_unit_test(test_architectures),
		cmocka_unit_test(test_multiplexed),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_which_rule_counts),
		cmocka_unit_test(test_loaded_32),
#endif
		cmocka_unit_test(test_unknown_calls),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_too_many_rules),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_notifies),
	};

	return RUN(tests);
}
