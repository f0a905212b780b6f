/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One object owns a container's cgroups, on v1, v2 and hybrid hosts alike. A container has one name
 * (lxc.payload.NAME) in every hierarchy; it is made, filled, killed and removed here and nowhere else,
 * by fd. The keeper is never inside it.
 */
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/types.h>

enum { CGROUP_HIERARCHIES = 24 };

struct cgroup_hierarchy {
	char mount[128];       /* "/sys/fs/cgroup/memory" */
	char controllers[128]; /* "cpu,cpuacct"; "name=systemd"; v2: those that may be enabled, ""  where none */
	char base[256];	       /* cgroup below which containers' cgroups are made: "" for the root */
	char own[256];	       /* cgroup of the process that was looked at; base for a tree that is relative */
	bool v2;
};

struct cgroup_host {
	struct cgroup_hierarchy v[CGROUP_HIERARCHIES];
	size_t n;
	int unified; /* index of the v2 hierarchy, -1: none */
};

/* Reads /proc/self/mountinfo and /proc/self/cgroup. Root makes its cgroups below the hierarchies' roots,
 * everybody else below the cgroup that he is in. */
int cgroup_look(struct cgroup_host *h, struct err *e) _must_check;
/* The same with the cgroups of another process (0: the caller) as `own`: who looks for a tree that is
 * relative to the keeper asks with the keeper's pid. */
int cgroup_look_pid(struct cgroup_host *h, pid_t pid, struct err *e) _must_check;
/* For a running container of that path, whose init it is: who is not root has his cgroups below the one that the start
 * was in, a session's or a scope's, which is seldom the caller's. */
int cgroup_look_of(struct cgroup_host *h, pid_t init, const char *path, struct err *e) _must_check;
/* Whether the caller may move from his v2 cgroup to those of such a container: what is above both has to be his. */
bool cgroup_may_enter(const struct cgroup_host *theirs);

/* Leaves away the v1 hierarchies that have none of these controllers (parted by commas; "@all": none is left away),
 * and v2's that are not among them. -ENOENT: this host does not have them all. */
int cgroup_use(struct cgroup_host *h, const char *controllers, struct err *e) _must_check;

struct cgroup_tree {
	const struct cgroup_host *host;
	char path[512];			  /* "lxc.payload.web1", below each hierarchy's base; "./..." is below `own` */
	char owner[512];		  /* who it belongs to, kept on the cgroup itself; "": the caller vouches */
	char wants[128];		  /* v2's controllers that it needs beside those that all get */
	char inner[64];			  /* sub-cgroup that the processes live in, below the limits; "": none */
	int fd[CGROUP_HIERARCHIES];	  /* O_PATH|O_DIRECTORY of the payload cgroup; -1: not made */
	int inner_fd[CGROUP_HIERARCHIES]; /* of the inner one; -1: none */
	bool made[CGROUP_HIERARCHIES];	  /* by us, or adopted */
	bool open;
};

/* A tree that is not yet made. A path that begins with "./" is relative to the caller's own cgroups. */
int cgroup_tree_init(struct cgroup_tree *t, const struct cgroup_host *h, const char *path, struct err *e) _must_check;
/* Both before make or open. The owner (the lxcpath) tells two containers of one name apart: a tree that
 * is in use and bears another owner's mark, or none, is neither emptied nor removed. */
int cgroup_tree_set_owner(struct cgroup_tree *t, const char *owner, struct err *e) _must_check;
int cgroup_tree_set_inner(struct cgroup_tree *t, const char *name, struct err *e) _must_check;
/* Before make: a file of either version that is going to be set; where v2 has its controller it is enabled. */
void cgroup_tree_want(struct cgroup_tree *t, const char *file);

/* Makes it in every hierarchy; a stale one of that name is emptied (its processes killed) and made anew,
 * so that no limit of its former life is left. -EBUSY: another owner uses it. */
int cgroup_tree_make(struct cgroup_tree *t, struct err *e) _must_check;
/* Opens one that is there; hierarchies without it stay -1. -ENOENT: nowhere. */
int cgroup_tree_open(struct cgroup_tree *t, struct err *e) _must_check;
/* Whether the tree bears its owner's mark; true also where nothing is there. */
bool cgroup_is_ours(const struct cgroup_tree *t);
/* Opens v1's hierarchies of these controllers (to NULL), and v2's, and no others: a host can have a dozen, and a state
 * or what it uses is asked for often. What is not there stays -1. */
void cgroup_tree_open_for(struct cgroup_tree *t, const char *const controllers[]);
/* For clone3 CLONE_INTO_CGROUP: fd of the v2 payload, -1 where there is no v2. */
int cgroup_tree_clone_fd(const struct cgroup_tree *t);
/* Moves a process into every hierarchy (v2 too unless `cloned`). pid 0: the caller, which has one thread. Into a tree
 * that was opened, not made, it goes by the leaf ".lxc" on v2: what the container has made of its own cgroup by then
 * may have no processes in it. */
int cgroup_tree_enter(const struct cgroup_tree *t, pid_t pid, bool cloned, struct err *e) _must_check;
/* Kills all in it (v2: cgroup.kill, Linux 5.14, else and v1: freeze, kill, thaw), waits until it is
 * empty at most timeout_ms, removes it bottom-up. Idempotent. */
int cgroup_tree_remove(struct cgroup_tree *t, int timeout_ms, struct err *e) _must_check;
int cgroup_tree_kill(const struct cgroup_tree *t, int timeout_ms, struct err *e) _must_check;
void cgroup_tree_close(struct cgroup_tree *t);
/* Gives the payload cgroup, and the files in it that the kernel means to be given, to a container's root. */
int cgroup_tree_delegate(const struct cgroup_tree *t, uid_t uid, gid_t gid, struct err *e) _must_check;

/* A process of it that waits inside the kernel, where neither a signal nor the freezer reaches it. */
struct cgroup_stuck {
	pid_t pid;
	char name[32], where[64]; /* comm, wchan */
};
bool cgroup_tree_stuck(const struct cgroup_tree *t, struct cgroup_stuck *out);
/* -ETIMEDOUT: "process 7 (cat) WHAT: it waits inside the kernel". */
int cgroup_blame_stuck(const struct cgroup_stuck *s, const char *what, struct err *e);

/* Freezes or thaws and waits for it: at most timeout_ms, then it is rolled back. */
int cgroup_tree_freeze(const struct cgroup_tree *t, bool freeze, int timeout_ms, struct err *e) _must_check;
/* Thaws, and waits for nothing: for whoever is about to use it. */
void cgroup_tree_let_go(const struct cgroup_tree *t);
/* 1 frozen, 0 not. */
int cgroup_tree_frozen(const struct cgroup_tree *t);

/*
 * The same without a look at the host, which takes longer than the answer: the files that tell it ("": none), and what
 * one of them says: 1 frozen, 0 not, -errno: it is not there, or not where the asker sees it.
 */
enum { CGROUP_FREEZERS = 2, CGROUP_FREEZER_MOST = 1024 };
void cgroup_tree_freezers(const struct cgroup_tree *t, char file[CGROUP_FREEZERS][CGROUP_FREEZER_MOST]);
int cgroup_freezer_frozen(const char *file);

/* A file such as "memory.limit_in_bytes" or "memory.max", by its controller; names of the other
 * version of cgroups are translated where a meaning exists. "devices.allow|deny" on v2: by eBPF. */
int cgroup_tree_get(const struct cgroup_tree *t, const char *file, struct buf *out, struct err *e) _must_check;
int cgroup_tree_set(const struct cgroup_tree *t, const char *file, const char *value, struct err *e) _must_check;

/* Whether a name of that version can be set here by its own name: its controller is in a hierarchy of that
 * version, or in none at all and there are such hierarchies. */
bool cgroup_is_native(const struct cgroup_host *h, const char *file, bool v2);
/* The file that a name of the other version stands for ("memory.max"); -EOPNOTSUPP: it has no twin. */
int cgroup_twin(const char *file, bool to_v2, char *twin, size_t size) _must_check;

/* Whether a value for that version's file means anything here, as far as the host's controllers tell. -ENOENT: this
 * host has no such controller; -EOPNOTSUPP: the other version, which has it here, has nothing like it; words in e. */
int cgroup_means(const struct cgroup_host *h, const char *file, const char *value, bool v2, struct err *e) _must_check;

struct bpf_devices;
/* Whether device rules are an eBPF program here, not files of the v1 controller. */
bool cgroup_devices_by_bpf(const struct cgroup_host *h);
/* Puts these rules in the place of what rules there are (v2). */
int cgroup_tree_set_devices(const struct cgroup_tree *t, const struct bpf_devices *d, struct err *e) _must_check;

/* How long somebody in it had to wait for what is scarce (PSI, "some"); cgroup v2 alone knows, on a hybrid host, too.
 */
struct cgroup_pressure {
	int64_t ns;	 /* all in all */
	int64_t percent; /* of the last ten seconds, in hundredths of a percent */
};

struct cgroup_stats { /* -1: the host does not count it, or it was not asked for */
	int64_t cpu_ns, memory, kmem, swap, io_bytes, pids;
	int64_t cpu_user_ns, cpu_sys_ns, io_read, io_write, io_ops;
	int64_t memory_swap; /* both together */
	struct cgroup_pressure cpu_pressure, memory_pressure, io_pressure;
};
/* What is asked for: every file that is read costs, memory.stat most. */
enum {
	STATS_CPU = 1,		/* cpu_ns */
	STATS_MEMORY = 2,	/* memory */
	STATS_SWAP = 4,		/* swap: of v1 memory.stat */
	STATS_IO = 8,		/* io_bytes, io_read, io_write */
	STATS_PIDS = 16,	/* pids */
	STATS_KERNEL = 32,	/* kmem: of v2 memory.stat */
	STATS_MEMORY_SWAP = 64, /* memory_swap */
	STATS_DETAIL = 128,	/* cpu_user_ns, cpu_sys_ns, io_ops */
	STATS_CPU_PRESSURE = 256,
	STATS_MEMORY_PRESSURE = 512,
	STATS_IO_PRESSURE = 1024,
	STATS_PRESSURE = STATS_CPU_PRESSURE | STATS_MEMORY_PRESSURE | STATS_IO_PRESSURE,
	STATS_ALL = 2047
};
/* As if nothing was known. */
void cgroup_stats_clear(struct cgroup_stats *s);
/* How often the kernel killed in it for want of memory; 0 where it does not count. */
int64_t cgroup_tree_oom_kills(const struct cgroup_tree *t);
/* Opens what that wants. */
void cgroup_tree_open_counters(struct cgroup_tree *t, unsigned wanted);
/* Fills what is wanted and leaves the rest. */
void cgroup_tree_stats(const struct cgroup_tree *t, unsigned wanted, struct cgroup_stats *s);
