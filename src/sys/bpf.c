/* SPDX-License-Identifier: MIT */
/* Device rules as an eBPF program: the rules, the program that they become, the system calls. */
#include "sys/bpf.h"

#include "base/own.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum {
	RULES_MAGIC = 0x6b656772,
	ACCESS_ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
	PROGRAMS_MOST = 64, /* attached to one cgroup; the kernel's own limit */
	INSNS_MOST = 16 + 8 * BPF_DEVICES_MOST,
};

static const char prog_name[] = "keg_devices", map_name[] = "keg_rules";

/* --- rules --- */

void bpf_devices_init(struct bpf_devices *d)
{
	memset(d, 0, sizeof(*d)); /* the gaps too: it is copied into the kernel as it is */
	d->magic = RULES_MAGIC;
	d->allow = true;
}

static const char *skip_blanks(const char *s)
{
	while (isblank((unsigned char)*s))
		s++;
	return s;
}

/* "*" or a number; -2: neither */
static int64_t device_number(const char **s)
{
	int64_t v = 0;

	if (**s == '*') {
		(*s)++;
		return -1;
	}
	if (!isdigit((unsigned char)**s))
		return -2;
	for (; isdigit((unsigned char)**s); (*s)++) {
		v = v * 10 + (**s - '0');
		if (v > INT32_MAX)
			return -2;
	}
	return v;
}

static int parse(const char *text, struct bpf_device *d)
{
	static const struct {
		char letter;
		uint32_t access;
	} letters[] = { { 'r', BPF_DEVCG_ACC_READ }, { 'w', BPF_DEVCG_ACC_WRITE }, { 'm', BPF_DEVCG_ACC_MKNOD } };
	const char *s = text + 1;

	memset(d, 0, sizeof(*d));
	d->type = text[0];
	if ((d->type != 'b' && d->type != 'c') || !isblank((unsigned char)*s))
		return -EINVAL;
	s = skip_blanks(s);
	d->major = device_number(&s);
	if (d->major == -2 || *s++ != ':')
		return -EINVAL;
	d->minor = device_number(&s);
	if (d->minor == -2 || !isblank((unsigned char)*s))
		return -EINVAL;
	for (s = skip_blanks(s); *s && !isspace((unsigned char)*s); s++) {
		uint32_t before = d->access;

		for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
			if (*s == letters[i].letter)
				d->access |= letters[i].access;
		if (d->access == before)
			return -EINVAL;
	}
	while (isspace((unsigned char)*s))
		s++;
	return *s || !d->access ? -EINVAL : 0;
}

int bpf_devices_change(struct bpf_devices *d, bool allow, const char *text)
{
	struct bpf_device rule;
	uint32_t i = 0;
	int r;

	text = skip_blanks(text);
	if (text[0] == 'a' && (!text[1] || isspace((unsigned char)text[1]))) {
		bpf_devices_init(d);
		d->allow = allow;
		return 0;
	}
	r = parse(text, &rule);
	if (r < 0)
		return r;
	while (i < d->n && (d->v[i].type != rule.type || d->v[i].major != rule.major || d->v[i].minor != rule.minor))
		i++;
	if (allow == d->allow) { /* takes from the exceptions, exactly the same device only, as v1 does */
		if (i < d->n)
			d->v[i].access &= ~rule.access;
		if (i < d->n && !d->v[i].access)
			memmove(&d->v[i], &d->v[i + 1], (--d->n - i) * sizeof(d->v[0]));
		return 0;
	}
	if (i == BPF_DEVICES_MOST)
		return -ENOSPC;
	if (i == d->n)
		d->v[d->n++] = rule;
	d->v[i].access |= rule.access;
	return 0;
}

static void print_number(struct buf *out, int64_t n)
{
	if (n < 0)
		buf_addf(out, "*");
	else
		buf_addf(out, "%d", (int)n);
}

void bpf_devices_print(const struct bpf_devices *d, struct buf *out)
{
	if (d->allow)
		buf_addf(out, "a *:* rwm\n");
	for (uint32_t i = 0; i < d->n && !d->allow; i++) {
		uint32_t a = d->v[i].access;

		buf_addf(out, "%c ", d->v[i].type);
		print_number(out, d->v[i].major);
		buf_addf(out, ":");
		print_number(out, d->v[i].minor);
		buf_addf(out, " %s%s%s\n", a & BPF_DEVCG_ACC_READ ? "r" : "", a & BPF_DEVCG_ACC_WRITE ? "w" : "",
			 a & BPF_DEVCG_ACC_MKNOD ? "m" : "");
	}
}

/* --- program --- */

struct program {
	struct bpf_insn v[INSNS_MOST];
	unsigned n;
};

static void add(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	p->v[p->n++] = (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

/* Jumps to the next rule, whose place is filled in by its end. */
static void leave_if(struct program *p, uint8_t jump, uint8_t reg, int32_t value)
{
	add(p, BPF_JMP | jump | BPF_K, reg, 0, 0, value);
}

static void verdict(struct program *p, bool allow)
{
	add(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	add(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/*
 * r2 type, r3 access, r4 major, r5 minor. An exception to "deny" must cover all that is asked for; one to
 * "allow" bites when it has any of it.
 */
static void add_rule(struct program *p, const struct bpf_device *rule, bool allow)
{
	unsigned begin = p->n, end;

	leave_if(p, BPF_JNE, BPF_REG_2, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->access != ACCESS_ALL) {
		add(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_3, 0, 0);
		add(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0,
		    (int32_t)(allow ? rule->access : ~rule->access & ACCESS_ALL));
		leave_if(p, allow ? BPF_JEQ : BPF_JNE, BPF_REG_0, 0);
	}
	if (rule->major >= 0)
		leave_if(p, BPF_JNE, BPF_REG_4, (int32_t)rule->major);
	if (rule->minor >= 0)
		leave_if(p, BPF_JNE, BPF_REG_5, (int32_t)rule->minor);
	verdict(p, !allow);
	end = p->n;
	for (unsigned i = begin; i < end; i++)
		if (BPF_CLASS(p->v[i].code) == BPF_JMP && BPF_OP(p->v[i].code) != BPF_EXIT)
			p->v[i].off = (int16_t)(end - i - 1);
}

static void load_field(struct program *p, uint8_t reg, size_t offset)
{
	add(p, BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, (int16_t)offset, 0);
}

static void build(struct program *p, const struct bpf_devices *d, int map_fd)
{
	p->n = 0;
	/* a load that nothing uses: it ties the map's life to the program's, and lets it be found by it */
	add(p, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_0, BPF_PSEUDO_MAP_FD, 0, map_fd);
	add(p, 0, 0, 0, 0, 0);
	load_field(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load_field(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	load_field(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	add(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	add(p, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	add(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	for (uint32_t i = 0; i < d->n; i++)
		add_rule(p, &d->v[i], d->allow);
	verdict(p, d->allow);
}

/* --- system calls --- */

static int bpf(int cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

/* Before Linux 5.11, maps and programs were charged to RLIMIT_MEMLOCK, 64 KiB by default. */
static int bpf_charged(int cmd, union bpf_attr *attr)
{
	struct rlimit old, more = { RLIM_INFINITY, RLIM_INFINITY };
	int r = bpf(cmd, attr);

	if (r != -EPERM || getrlimit(RLIMIT_MEMLOCK, &old) < 0 || setrlimit(RLIMIT_MEMLOCK, &more) < 0)
		return r;
	r = bpf(cmd, attr);
	(void)setrlimit(RLIMIT_MEMLOCK, &old);
	return r;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int make_map(const struct bpf_devices *d)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = sizeof(*d), .max_entries = 1
	};
	_own_fd int fd = -1;
	uint32_t key = 0;
	int r;

	memcpy(attr.map_name, map_name, sizeof(map_name));
	fd = bpf_charged(BPF_MAP_CREATE, &attr); /* close-on-exec by nature, as all fds of bpf(2) */
	if (fd < 0)
		return fd;
	attr = (union bpf_attr){ .map_fd = (uint32_t)fd, .key = ptr(&key), .value = ptr(d) };
	r = bpf(BPF_MAP_UPDATE_ELEM, &attr);
	return r < 0 ? r : take_fd(&fd);
}

static int load(const struct bpf_devices *d)
{
	_own_fd int map = make_map(d);
	_own_free struct program *p = malloc(sizeof(*p));
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .license = ptr("MIT") };

	if (map < 0)
		return map;
	if (!p)
		return -ENOMEM;
	build(p, d, map);
	attr.insns = ptr(p->v);
	attr.insn_cnt = p->n;
	memcpy(attr.prog_name, prog_name, sizeof(prog_name));
	return bpf_charged(BPF_PROG_LOAD, &attr);
}

static int open_id(int cmd, uint32_t id)
{
	union bpf_attr attr = { .prog_id = id }; /* map_id is the same field of the union */

	return bpf(cmd, &attr);
}

static int program_info(int fd, struct bpf_prog_info *info)
{
	union bpf_attr attr = { .info = { .bpf_fd = (uint32_t)fd, .info_len = sizeof(*info), .info = ptr(info) } };

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* The program of ours that is attached: its fd; -ENOENT. */
static int find(int cgroup)
{
	uint32_t ids[PROGRAMS_MOST] = { 0 };
	union bpf_attr attr = { .query = { .target_fd = (uint32_t)cgroup,
					   .attach_type = BPF_CGROUP_DEVICE,
					   .prog_ids = ptr(ids),
					   .prog_cnt = PROGRAMS_MOST } };
	int r = bpf(BPF_PROG_QUERY, &attr);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++) {
		_own_fd int fd = open_id(BPF_PROG_GET_FD_BY_ID, ids[i]);
		struct bpf_prog_info info = { 0 };

		if (fd >= 0 && program_info(fd, &info) == 0 && strcmp(info.name, prog_name) == 0)
			return take_fd(&fd);
	}
	return -ENOENT;
}

/* A cgroup's fd that is not O_PATH, which bpf(2) need not take. */
static int real_dir(int cgroup_fd)
{
	int fd = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int bpf_devices_attach(int cgroup_fd, const struct bpf_devices *d)
{
	_own_fd int cgroup = real_dir(cgroup_fd);
	_own_fd int new = -1, old = -1;
	union bpf_attr attr = { 0 };

	if (cgroup < 0)
		return cgroup;
	new = load(d);
	if (new < 0)
		return new;
	old = find(cgroup);
	if (old < 0 && old != -ENOENT)
		return old;
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t) new;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI; /* what others attach here and below counts as well: all must allow */
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE; /* Linux 5.6; at no moment without rules */
		attr.replace_bpf_fd = (uint32_t)old;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

/* A map of another version of this program may have values of another size, which the kernel would copy whole. */
static int check_size(int map)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = (uint32_t)map, .info_len = sizeof(info), .info = ptr(&info) } };
	int r = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);

	return r < 0 ? r : info.value_size == sizeof(struct bpf_devices) ? 0 : -EBADMSG;
}

int bpf_devices_read(int cgroup_fd, struct bpf_devices *d)
{
	_own_fd int cgroup = real_dir(cgroup_fd);
	_own_fd int prog = cgroup < 0 ? cgroup : find(cgroup);
	_own_fd int map = -1;
	uint32_t map_id = 0, key = 0;
	struct bpf_prog_info info = { .nr_map_ids = 1, .map_ids = ptr(&map_id) };
	_own_free struct bpf_devices *have = malloc(sizeof(*have));
	union bpf_attr attr;
	int r;

	if (prog < 0)
		return prog;
	if (!have)
		return -ENOMEM;
	r = program_info(prog, &info);
	if (r < 0)
		return r;
	map = open_id(BPF_MAP_GET_FD_BY_ID, map_id);
	r = map < 0 ? map : check_size(map);
	if (r < 0)
		return r;
	attr = (union bpf_attr){ .map_fd = (uint32_t)map, .key = ptr(&key), .value = ptr(have) };
	r = bpf(BPF_MAP_LOOKUP_ELEM, &attr);
	if (r == 0 && (have->magic != RULES_MAGIC || have->n > BPF_DEVICES_MOST))
		r = -EBADMSG;
	if (r == 0)
		*d = *have;
	return r;
}
