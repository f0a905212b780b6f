/* SPDX-License-Identifier: MIT */
/* Reads seccomp policy files, as lxc.container.conf(5) describes them; tells all mistakes at once. */
#include "seccomp/policy.h"

#include "base/num.h"
#include "base/own.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>

enum { LAST_ERRNO = 4095, LAST_NUMBER = 0x7fffffff };

enum family { F_ANY, F_X86, F_ARM, F_MIPS, F_MIPSEL, F_PPC, F_PPCLE, F_S390, F_RISCV, F_LOONGARCH };

#if defined(__x86_64__) || defined(__i386__)
static const enum family here = F_X86;
#elif defined(__aarch64__) || defined(__arm__)
static const enum family here = F_ARM;
#elif defined(__mips__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static const enum family here = F_MIPS;
#elif defined(__mips__)
static const enum family here = F_MIPSEL;
#elif defined(__powerpc__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static const enum family here = F_PPC;
#elif defined(__powerpc__)
static const enum family here = F_PPCLE;
#elif defined(__s390__)
static const enum family here = F_S390;
#elif defined(__riscv)
static const enum family here = F_RISCV;
#else
static const enum family here = F_LOONGARCH;
#endif

/*
 * Sections, in lower or in upper case. As under LXC, a section of one of the machine's own architectures
 * speaks for all that its kernel runs: what [x86] denies, a 64-bit program cannot do either.
 */
static const struct {
	const char *name;
	enum family family;
} sections[] = {
	{ "all", F_ANY },
	{ "x86", F_X86 },
	{ "x86_64", F_X86 },
	{ "x32", F_X86 },
	{ "arm", F_ARM },
	{ "arm64", F_ARM },
	{ "mips", F_MIPS },
	{ "mips64", F_MIPS },
	{ "mips64n32", F_MIPS },
	{ "mipsel", F_MIPSEL },
	{ "mipsel64", F_MIPSEL },
	{ "mipsel64n32", F_MIPSEL },
	{ "ppc", F_PPC },
	{ "ppc64", F_PPC },
	{ "ppc64le", F_PPCLE },
	{ "s390", F_S390 },
	{ "s390x", F_S390 },
	{ "riscv64", F_RISCV },
	{ "loongarch64", F_LOONGARCH },
};

static const struct {
	const char *name, *sign;
	enum policy_op op;
} ops[] = {
	{ "SCMP_CMP_NE", "!=", OP_NE },
	{ "SCMP_CMP_LT", "<", OP_LT },
	{ "SCMP_CMP_LE", "<=", OP_LE },
	{ "SCMP_CMP_EQ", "==", OP_EQ },
	{ "SCMP_CMP_GE", ">=", OP_GE },
	{ "SCMP_CMP_GT", ">", OP_GT },
	{ "SCMP_CMP_MASKED_EQ", "&=", OP_MASKED_EQ },
};

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "kill", SECCOMP_RET_KILL_THREAD }, /* LXC's word for it, too: of a process with threads, one ends */
	{ "kill_thread", SECCOMP_RET_KILL_THREAD },
	{ "kill_process", SECCOMP_RET_KILL_PROCESS },
	{ "errno", SECCOMP_RET_ERRNO },
	{ "allow", SECCOMP_RET_ALLOW },
	{ "trap", SECCOMP_RET_TRAP },
	{ "log", SECCOMP_RET_LOG },
	{ "notify", SECCOMP_RET_USER_NOTIF },
};

struct parser {
	struct policy *policy;
	struct err *err;
	unsigned line, mistakes;
	uint32_t action;     /* of a rule that names none */
	bool elsewhere;	     /* in a section for another machine */
	struct buf mistaken; /* all mistakes but the first */
};

/* Returns -EINVAL; reading goes on behind it. */
static int mistake(struct parser *p, const char *fmt, ...) _printf(2, 3);
static int mistake(struct parser *p, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (p->mistakes++ == 0)
		return err_say(p->err, EINVAL, "%s:%u: %s", p->policy->file, p->line, words);
	buf_addf(&p->mistaken, "%s%s:%u: %s", p->mistaken.len ? "\n          " : "", p->policy->file, p->line, words);
	return -EINVAL;
}

/* The next word, parted by blanks; NULL at the end of the line. A bracket begins one, too. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t"), *end;

	if (!*word)
		return NULL;
	end = word + strcspn(word, " \t");
	if (*end)
		*end++ = 0;
	*at = end;
	return word;
}

static bool begins_condition(const char *rest)
{
	return rest[strspn(rest, " \t")] == '[';
}

static int parse_errno(struct parser *p, char **rest, uint32_t *action)
{
	char *word = begins_condition(*rest) ? NULL : next_word(rest);
	int64_t n;

	if (!word)
		return mistake(p, "errno wants a number behind it");
	if (num_i64(word, 0, LAST_ERRNO, &n) < 0)
		return mistake(p, "bad errno \"%.64s\": allowed is 0 to %d", word, LAST_ERRNO);
	*action |= (uint32_t)n;
	return 0;
}

/* An action, with its number. */
static int parse_action(struct parser *p, char **rest, uint32_t *action)
{
	const char *word = next_word(rest);

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, word) != 0)
			continue;
		*action = actions[i].action;
		return *action == SECCOMP_RET_ERRNO ? parse_errno(p, rest, action) : 0;
	}
	return mistake(p, "unknown action \"%.64s\": allowed is kill, errno N, allow, trap, log or notify", word);
}

static bool find_op(const char *text, enum policy_op *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(ops[i].name, text) == 0 || strcmp(ops[i].sign, text) == 0) {
			*op = ops[i].op;
			return true;
		}
	}
	return false;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = 0;
	return s;
}

static int parse_fields(struct parser *p, const char *whole, char **field, size_t n, struct policy_arg *a)
{
	uint64_t index, fourth = 0;

	if (n < 3 || n > 4)
		return mistake(p, "bad condition [%.100s]: it is [INDEX,VALUE,OPERATOR] or [INDEX,VALUE,OPERATOR,MASK]",
			       whole);
	if (num_u64_c(field[0], POLICY_ARGS - 1, &index) < 0)
		return mistake(p, "bad argument index \"%.64s\": allowed is 0 to 5", field[0]);
	if (num_u64_c(field[1], UINT64_MAX, &a->value) < 0)
		return mistake(p, "bad value \"%.64s\" in a condition: it is no number of 64 bits", field[1]);
	if (!find_op(field[2], &a->op))
		return mistake(
			p,
			"unknown operator \"%.64s\": allowed is !=, <, <=, ==, >=, > or &=, or SCMP_CMP_NE and so on",
			field[2]);
	if (n == 4 && num_u64_c(field[3], UINT64_MAX, &fourth) < 0)
		return mistake(p, "bad mask \"%.64s\" in a condition: it is no number of 64 bits", field[3]);
	if (a->op == OP_MASKED_EQ && n < 4)
		return mistake(p, "bad condition [%.100s]: %s wants a mask behind it", whole, field[2]);
	a->index = (unsigned)index;
	a->mask = fourth;
	return 0;
}

static int parse_condition(struct parser *p, char *text, struct policy_arg *a)
{
	char *field[5] = { 0 }, *save = NULL;
	_own_free char *whole = strdup(text);
	size_t n = 0;

	if (!whole)
		return -ENOMEM;
	for (char *f = strtok_r(text, ",", &save); f && n < ARRAY_SIZE(field); f = strtok_r(NULL, ",", &save))
		field[n++] = trim(f);
	return parse_fields(p, whole, field, n, a);
}

/* "[...] [...]": all of them must hold. */
static int parse_conditions(struct parser *p, char *rest, struct policy_rule *r)
{
	for (rest = trim(rest); *rest == '['; rest = trim(rest)) {
		char *end = strchr(rest, ']');
		int x;

		if (!end)
			return mistake(p, "a condition is not closed by \"]\"");
		if (r->n_args == POLICY_ARGS)
			return mistake(p, "more than %d conditions", POLICY_ARGS);
		*end = 0;
		x = parse_condition(p, rest + 1, &r->arg[r->n_args]);
		if (x < 0)
			return x;
		for (unsigned i = 0; i < r->n_args; i++)
			if (r->arg[i].index == r->arg[r->n_args].index)
				return mistake(p, "two conditions on argument %u", r->arg[i].index);
		r->n_args++;
		rest = end + 1;
	}
	return *rest ? mistake(p, "unexpected \"%.64s\" at the end of the rule", rest) : 0;
}

static int add_rule(struct parser *p, struct policy_rule *r, const char *name)
{
	struct policy *to = p->policy;
	struct policy_rule *grown;

	if (p->elsewhere)
		return 0;
	if ((to->n & (to->n - 1)) == 0) { /* 0, 1, 2, 4, 8 ... */
		grown = realloc(to->rule, (to->n ? 2 * to->n : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		to->rule = grown;
	}
	r->line = p->line;
	if (name && !(r->name = strdup(name)))
		return -ENOMEM;
	to->rule[to->n++] = *r;
	return 0;
}

/* The one rule with a name of its own: umount2(2) with MNT_FORCE fails with EACCES. */
static int add_reject_force_umount(struct parser *p, const char *rest)
{
	struct policy_rule r = {
		.action = SECCOMP_RET_ERRNO | EACCES,
		.arg = { { .index = 1, .op = OP_MASKED_EQ, .value = MNT_FORCE, .mask = MNT_FORCE } },
		.n_args = 1,
	};

	if (rest[strspn(rest, " \t")])
		return mistake(p, "reject_force_umount stands alone");
	return add_rule(p, &r, "umount2");
}

static int parse_section(struct parser *p, char *line)
{
	char *end = strchr(line, ']');

	if (!end || end[1])
		return mistake(p, "bad section \"%.64s\": it is [ARCHITECTURE]", line);
	*end = 0;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const char *a = sections[i].name, *b = line + 1;
		bool upper = isupper((unsigned char)*b);

		while (*a && (upper ? toupper((unsigned char)*a) : *a) == *b)
			a++, b++;
		if (*a || *b)
			continue;
		p->elsewhere = sections[i].family != F_ANY && sections[i].family != here;
		return 0;
	}
	return mistake(p, "unknown architecture [%.64s]", line + 1);
}

static int parse_rule(struct parser *p, char *line)
{
	struct policy_rule r = { .action = p->action };
	char *rest = line;
	const char *name = next_word(&rest);
	int x = 0;

	if (strcmp(name, "reject_force_umount") == 0)
		return add_reject_force_umount(p, rest);
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c) && !isupper((unsigned char)*c) && !isdigit((unsigned char)*c) &&
		    *c != '_')
			return mistake(p, "bad system call \"%.64s\"", name);
	if (rest[strspn(rest, " \t")] && !begins_condition(rest))
		x = parse_action(p, &rest, &r.action);
	if (x == 0)
		x = parse_conditions(p, rest, &r);
	return x < 0 ? x : add_rule(p, &r, name);
}

/* Version 1: numbers only. */
static int parse_number(struct parser *p, const char *line)
{
	struct policy_rule r = { .action = SECCOMP_RET_ALLOW };
	uint64_t n;

	if (num_u64_c(line, LAST_NUMBER, &n) < 0)
		return mistake(p, "bad system call \"%.64s\": a policy of version 1 holds their numbers", line);
	r.number = (uint32_t)n;
	return add_rule(p, &r, NULL);
}

static int parse_version(struct parser *p, const char *line)
{
	if (strcmp(line, "1") != 0 && strcmp(line, "2") != 0)
		return mistake(p, "bad version \"%.64s\": a policy begins with 1 or 2", line);
	p->policy->version = (unsigned)(*line - '0');
	return 0;
}

/* "allowlist [ACTION]": the action is for all that no rule speaks of. */
static int parse_style(struct parser *p, char *line)
{
	char *rest = line;
	const char *word = next_word(&rest);
	bool allow = strcmp(word, "allowlist") == 0 || strcmp(word, "whitelist") == 0;
	bool deny = strcmp(word, "denylist") == 0 || strcmp(word, "blacklist") == 0;
	uint32_t *otherwise = &p->policy->otherwise;

	if (!allow && (!deny || p->policy->version == 1))
		return mistake(p, "bad kind of policy \"%.64s\": allowed is %s", word,
			       p->policy->version == 1 ? "allowlist in version 1" : "allowlist or denylist");
	*otherwise = allow ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_ALLOW;
	p->action = allow ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_THREAD;
	if (p->policy->version == 2 && rest[strspn(rest, " \t")]) {
		int x = parse_action(p, &rest, otherwise);

		if (x < 0)
			return x;
	}
	return rest[strspn(rest, " \t")] ? mistake(p, "unexpected \"%.64s\" behind %s", trim(rest), word) : 0;
}

/* Which of the two lines that come first is still missing; both are needed to understand what follows. */
enum { WANT_VERSION, WANT_STYLE, WANT_RULES };

static int parse_line(struct parser *p, char *line, int *want)
{
	int x;

	line[strcspn(line, "#")] = 0;
	line = trim(line);
	if (!*line)
		return 0;
	if (*want == WANT_VERSION || *want == WANT_STYLE) {
		x = *want == WANT_VERSION ? parse_version(p, line) : parse_style(p, line);
		(*want)++;
		return x == -EINVAL ? -ECANCELED : x;
	}
	if (p->policy->version == 1)
		return parse_number(p, line);
	return *line == '[' ? parse_section(p, line) : parse_rule(p, line);
}

static int parse_lines(struct parser *p, char *text)
{
	int want = WANT_VERSION, x = 0;

	for (char *line = text; line && x != -ENOMEM && x != -ECANCELED;) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = 0;
		p->line++;
		x = parse_line(p, line, &want);
		line = end;
	}
	if (x != -ENOMEM && want != WANT_RULES && !p->mistakes)
		(void)mistake(p, want == WANT_VERSION
					 ? "the policy is empty: it begins with 1 or 2"
					 : "the policy ends before its second line, allowlist or denylist");
	return x == -ENOMEM ? x : 0;
}

int policy_parse(struct policy *policy, const char *text, size_t len, const char *file, struct err *e)
{
	_own_free char *copy = strndup(text, len);
	struct parser p = { .policy = policy, .err = e };
	int x;

	*policy = (struct policy){ .file = file };
	if (strlen(copy ?: "") != len && copy)
		return err_say(e, EINVAL, "%s: a policy cannot hold a NUL byte", file);
	x = copy ? parse_lines(&p, copy) : -ENOMEM;
	if (x == 0 && p.mistakes)
		x = -EINVAL;
	if (x == -ENOMEM)
		(void)err_num(e, ENOMEM, "hold", "the policy %s", file);
	if (p.mistaken.len)
		err_said(e, "%s", p.mistaken.s);
	buf_free(&p.mistaken);
	if (x < 0)
		policy_free(policy);
	return x;
}

void policy_free(struct policy *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->rule[i].name);
	free(p->rule);
	*p = (struct policy){ 0 };
}
