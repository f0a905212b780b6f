/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Device rules of a cgroup v2, where no devices controller is: an eBPF program (BPF_PROG_TYPE_CGROUP_DEVICE,
 * Linux 4.15) that is attached to the cgroup. The rules are kept with the program, in a map of its own, so
 * that whoever may change them can read them back from the kernel and nobody has to remember them.
 */
#include "base/err.h"

#include <stdint.h>

enum { BPF_DEVICES_MOST = 256 };

struct bpf_device {
	int64_t major, minor; /* -1: any */
	uint32_t access;      /* BPF_DEVCG_ACC_* */
	char type;	      /* 'b' or 'c' */
};

/* As the v1 controller thinks of it: everything but what is listed, or nothing but that. */
struct bpf_devices {
	uint32_t magic;
	bool allow; /* what is not listed */
	uint32_t n;
	struct bpf_device v[BPF_DEVICES_MOST];
};

/* The rules of a cgroup without any: all is allowed. */
void bpf_devices_init(struct bpf_devices *d);
/* What a write of `text` ("a", "c 1:3 rwm", "b 8:* r") to v1's devices.allow or devices.deny does.
 * -EINVAL: not a rule; -ENOSPC: too many. */
#define BPF_DEVICE_RULE "a device rule is \"a\", or as in \"c 1:3 rwm\" (b or c, MAJOR:MINOR or *, what is allowed)"
int bpf_devices_change(struct bpf_devices *d, bool allow, const char *text) _must_check;
/* As v1's devices.list prints them. */
struct buf;
void bpf_devices_print(const struct bpf_devices *d, struct buf *out);
/* Puts a program for these rules in the place of ours that is there. */
int bpf_devices_attach(int cgroup_fd, const struct bpf_devices *d) _must_check;
/* -ENOENT: no program of ours is there. */
int bpf_devices_read(int cgroup_fd, struct bpf_devices *d) _must_check;
