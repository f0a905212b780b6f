/* SPDX-License-Identifier: MIT */
/*
 * From a policy to a program. For each audit architecture: the rules of each number in the order of the
 * file, the numbers sorted, equal neighbours joined to ranges, a binary search that ends in a range.
 */
#include "seccomp/filter.h"

#include "base/own.h"
#include "seccomp/calls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

enum { FILTER_MAGIC = 0x6b656766, INSNS_MOST = BPF_MAXINSNS, IPC_VERSION_SHIFT = 16 };

/* A rule that speaks of one number. */
struct entry {
	uint32_t nr, mux;
	const struct policy_rule *rule;
	bool wide;
};

/* From `first` up to the next range's: one action, or (conditional) what the entries say. */
struct range {
	uint32_t first, action;
	const struct entry *entry; /* with conditions; NULL: none */
	size_t n;
};

struct build {
	const struct policy *policy;
	struct entry *entry;
	struct range *range;
	size_t n_entries, n_ranges;
	struct sock_filter *insn;
	size_t n;
};

/* --- instructions ------------------------------------------------------------------------------ */

/* Behind the last instruction that a kernel takes nothing is written, only counted. */
static size_t emit(struct build *b, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (b->n < INSNS_MOST)
		b->insn[b->n] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	return b->n++;
}

static void emit_return(struct build *b, uint32_t action)
{
	(void)emit(b, BPF_RET | BPF_K, action, 0, 0);
}

static void load_word(struct build *b, size_t offset)
{
	(void)emit(b, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Fails (jf, or jt where `jump` is taken to fail) are filled in by close_rule(). */
enum { FAIL = 0xff };

static void test(struct build *b, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	(void)emit(b, (uint16_t)(BPF_JMP | op | BPF_K), k, jt, jf);
}

static size_t half_at(unsigned index, bool high)
{
	bool first = high == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	return offsetof(struct seccomp_data, args) + (size_t)8 * index + (first ? 0 : 4);
}

/* Jump targets of a comparison's last word: the condition holds behind it, else the rule does not apply. */
static void test_last(struct build *b, enum policy_op op, uint32_t k)
{
	switch (op) {
	case OP_NE:
		test(b, BPF_JEQ, k, FAIL, 0);
		return;
	case OP_LT:
		test(b, BPF_JGE, k, FAIL, 0);
		return;
	case OP_LE:
		test(b, BPF_JGT, k, FAIL, 0);
		return;
	case OP_EQ:
	case OP_MASKED_EQ:
		test(b, BPF_JEQ, k, 0, FAIL);
		return;
	case OP_GE:
		test(b, BPF_JGE, k, 0, FAIL);
		return;
	case OP_GT:
		test(b, BPF_JGT, k, 0, FAIL);
		return;
	}
}

/* The upper word decides, unless both are equal; then two instructions load and test the lower one. */
static void test_first(struct build *b, enum policy_op op, uint32_t k)
{
	switch (op) {
	case OP_NE:
		test(b, BPF_JEQ, k, 0, 2);
		return;
	case OP_LT:
	case OP_LE:
		test(b, BPF_JGT, k, FAIL, 0);
		test(b, BPF_JEQ, k, 0, 2);
		return;
	case OP_EQ:
	case OP_MASKED_EQ:
		test(b, BPF_JEQ, k, 0, FAIL);
		return;
	case OP_GE:
	case OP_GT:
		test(b, BPF_JGT, k, 3, 0);
		test(b, BPF_JEQ, k, 0, FAIL);
		return;
	}
}

static void emit_condition(struct build *b, const struct policy_arg *a, bool wide)
{
	bool masked = a->op == OP_MASKED_EQ;
	uint64_t value = masked ? a->value & a->mask : a->value;

	if (wide) {
		load_word(b, half_at(a->index, true));
		if (masked)
			(void)emit(b, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(a->mask >> 32), 0, 0);
		test_first(b, a->op, (uint32_t)(value >> 32));
	}
	load_word(b, half_at(a->index, false));
	if (masked)
		(void)emit(b, BPF_ALU | BPF_AND | BPF_K, (uint32_t)a->mask, 0, 0);
	test_last(b, a->op, (uint32_t)value);
}

/* What fails from `from` on goes behind the rule. At most 6 conditions of 7 instructions: a byte holds it. */
static void close_rule(struct build *b, size_t from)
{
	for (size_t i = from; i < b->n && i < INSNS_MOST; i++) {
		struct sock_filter *f = &b->insn[i];
		uint8_t away = (uint8_t)(b->n - i - 1);

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (f->jt == FAIL)
			f->jt = away;
		if (f->jf == FAIL)
			f->jf = away;
	}
}

static void emit_entry(struct build *b, const struct entry *e)
{
	size_t from = b->n;

	if (e->mux) { /* ipc(2) has a version in the upper half of its first argument */
		load_word(b, half_at(0, false));
		(void)emit(b, BPF_ALU | BPF_AND | BPF_K, (1U << IPC_VERSION_SHIFT) - 1, 0, 0);
		test(b, BPF_JEQ, e->mux, 0, FAIL);
	}
	for (unsigned i = 0; i < e->rule->n_args; i++)
		emit_condition(b, &e->rule->arg[i], e->wide);
	emit_return(b, e->rule->action);
	close_rule(b, from);
}

static void emit_range(struct build *b, const struct range *r)
{
	for (size_t i = 0; i < r->n; i++)
		emit_entry(b, &r->entry[i]);
	emit_return(b, r->action);
}

/* A jump over what comes next, however far: a conditional jump reaches 255 instructions only. */
static size_t begin_skip(struct build *b)
{
	return emit(b, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void end_skip(struct build *b, size_t skip)
{
	if (skip < INSNS_MOST)
		b->insn[skip].k = (uint32_t)(b->n - skip - 1);
}

static void emit_search(struct build *b, const struct range *r, size_t n)
{
	size_t half = n / 2, at, skip;

	if (n == 1) {
		emit_range(b, r);
		return;
	}
	at = emit(b, BPF_JMP | BPF_JGE | BPF_K, r[half].first, 0, 1);
	skip = begin_skip(b);
	emit_search(b, r, half);
	if (b->n - skip > 0xff || b->n > INSNS_MOST) {
		end_skip(b, skip);
	} else { /* near enough for the test itself */
		memmove(&b->insn[skip], &b->insn[skip + 1], (b->n - skip - 1) * sizeof(*b->insn));
		b->n--;
		b->insn[at].jt = (uint8_t)(b->n - skip);
		b->insn[at].jf = 0;
	}
	emit_search(b, r + half, n - half);
}

/* --- ranges ------------------------------------------------------------------------------------ */

static bool is_conditional(const struct entry *e)
{
	return e->mux || e->rule->n_args;
}

/* By number, then by place in the file. */
static int by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void add_range(struct build *b, const struct range *r)
{
	struct range *last = b->n_ranges ? &b->range[b->n_ranges - 1] : NULL;

	if (last && !last->n && !r->n && last->action == r->action)
		return;
	b->range[b->n_ranges++] = *r;
}

/*
 * The entries of one number. One without conditions stands for all, the first of them; among others the
 * first that applies. Returns how many entries there are.
 */
static size_t number_range(struct build *b, const struct entry *e, size_t left)
{
	struct range r = { .first = e->nr, .action = b->policy->otherwise, .entry = e };
	bool whole = false;

	while (r.n < left && e[r.n].nr == e->nr) {
		if (!whole && !is_conditional(&e[r.n])) {
			r.action = e[r.n].rule->action;
			whole = true;
		}
		r.n++;
	}
	left = r.n;
	if (whole)
		r.n = 0;
	add_range(b, &r);
	return left;
}

static void make_ranges(struct build *b)
{
	struct range gap = { .action = b->policy->otherwise };

	b->n_ranges = 0;
	for (size_t i = 0; i < b->n_entries;) {
		if (b->entry[i].nr != gap.first)
			add_range(b, &gap);
		gap.first = b->entry[i].nr + 1;
		i += number_range(b, &b->entry[i], b->n_entries - i);
	}
	if (gap.first || !b->n_entries) /* 0: the last number of all was spoken of */
		add_range(b, &gap);
}

/* --- architectures ----------------------------------------------------------------------------- */

/* A rule with conditions cannot speak of a multiplexed call: its arguments are in memory. */
static int add_entries(struct build *b, const struct abi *a, const struct policy_rule *r)
{
	struct call call[CALL_NUMBERS] = { { .nr = r->number } };
	int n = r->name ? call_numbers(a, r->name, call) : 1;

	for (int i = 0; i < n; i++)
		if (!call[i].mux || !r->n_args)
			b->entry[b->n_entries++] =
				(struct entry){ .nr = call[i].nr, .mux = call[i].mux, .rule = r, .wide = a->wide };
	return n;
}

static bool is_first_of_its_audit(unsigned abi)
{
	for (unsigned i = 0; i < abi; i++)
		if (abis[i].audit == abis[abi].audit)
			return false;
	return true;
}

/* Every ABI that shares this one's audit architecture (x32 with x86_64: its numbers begin at 2^30). */
static void compile_audit(struct build *b, unsigned first)
{
	size_t skip;

	b->n_entries = 0;
	for (unsigned i = first; i < abis_n; i++)
		for (size_t r = 0; abis[i].audit == abis[first].audit && r < b->policy->n; r++)
			if (b->policy->version != 1 || i == 0)
				(void)add_entries(b, &abis[i], &b->policy->rule[r]);
	qsort(b->entry, b->n_entries, sizeof(*b->entry), by_number);
	make_ranges(b);
	test(b, BPF_JEQ, abis[first].audit, 1, 0);
	skip = begin_skip(b);
	load_word(b, offsetof(struct seccomp_data, nr));
	emit_search(b, b->range, b->n_ranges);
	end_skip(b, skip);
}

static int warn_of_unknown(const struct policy *p, struct strv *warnings)
{
	struct call call[CALL_NUMBERS];
	int x = 0;

	for (size_t i = 0; x == 0 && i < p->n; i++)
		if (p->rule[i].name && call_numbers(&abis[0], p->rule[i].name, call) == -ENOENT)
			x = strv_addf(warnings, "%s:%u: unknown system call \"%.64s\" is left out", p->file,
				      p->rule[i].line, p->rule[i].name);
	return x;
}

/* A foreign architecture has no rules: its programs are killed. Version 1 knows the machine's own only. */
static void compile(struct build *b)
{
	load_word(b, offsetof(struct seccomp_data, arch));
	for (unsigned i = 0; i < abis_n; i++)
		if (is_first_of_its_audit(i) && (b->policy->version != 1 || i == 0))
			compile_audit(b, i);
	emit_return(b, SECCOMP_RET_KILL_THREAD);
}

static bool notifies(const struct policy *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->rule[i].action == SECCOMP_RET_USER_NOTIF)
			return true;
	return p->otherwise == SECCOMP_RET_USER_NOTIF;
}

static int wrap(const struct build *b, struct filter **out)
{
	struct filter *f = malloc(sizeof(*f) + b->n * sizeof(*b->insn));

	if (!f)
		return -ENOMEM;
	*f = (struct filter){ .magic = FILTER_MAGIC, .n = (uint32_t)b->n, .notifies = notifies(b->policy) };
	memcpy(f->insn, b->insn, b->n * sizeof(*b->insn));
	*out = f;
	return 0;
}

int filter_compile(const struct policy *p, struct filter **out, struct strv *warnings, struct err *e)
{
	size_t most = p->n * ABIS_MOST * CALL_NUMBERS + 1;
	_own_free struct entry *entry = calloc(most, sizeof(*entry));
	_own_free struct range *range = calloc(2 * most + 1, sizeof(*range));
	_own_free struct sock_filter *insn = calloc(INSNS_MOST, sizeof(*insn));
	struct build b = { .policy = p, .entry = entry, .range = range, .insn = insn };
	int x;

	if (!entry || !range || !insn)
		return err_num(e, ENOMEM, "compile", "the policy %s", p->file);
	x = warn_of_unknown(p, warnings);
	if (x == 0) {
		compile(&b);
		if (b.n > INSNS_MOST)
			return err_say(e, E2BIG,
				       "%s: the policy makes more than the %d instructions that the kernel takes",
				       p->file, INSNS_MOST);
		x = wrap(&b, out);
	}
	return x < 0 ? err_num(e, -x, "compile", "the policy %s", p->file) : 0;
}

/* --- its use ----------------------------------------------------------------------------------- */

size_t filter_size(const struct filter *f)
{
	return sizeof(*f) + f->n * sizeof(*f->insn);
}

int filter_check(const struct filter *f, size_t size)
{
	return size >= sizeof(*f) && f->magic == FILTER_MAGIC && f->n && f->n <= INSNS_MOST && size == filter_size(f)
		       ? 0
		       : -EBADMSG;
}

/* SECCOMP_RET_LOG is logged without SECCOMP_FILTER_FLAG_LOG, which would log every errno and kill beside it. */
int filter_load(const struct filter *f, int *listener)
{
	const struct sock_fprog prog = { .len = (unsigned short)f->n, .filter = (struct sock_filter *)f->insn };
	unsigned flags = f->notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0; /* Linux 5.0 */
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);

	if (r < 0)
		return -errno;
	*listener = f->notifies ? (int)r : -1;
	return 0;
}
