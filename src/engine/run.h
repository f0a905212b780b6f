/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What happens while a plan is carried out: fds, pids, names that the kernel chose. Each process has
 * its own copy from the clone on; what the other side made arrives in slots.
 */
#include "engine/plan.h"

#include <sys/types.h>

struct attach;
struct filter;

enum role { KEEPER, INIT };

/* Fds that one side makes and the other receives. */
enum slot {
	SLOT_NONE,
	SLOT_CONSOLE, /* the master of the console's pty */
	SLOT_TTYS,    /* the masters of tty1..N */
	SLOT_SECCOMP, /* the listener of a filter that notifies; perhaps none */
	SLOT_ROOTFS,  /* a detached copy of the rootfs, to be idmapped */
	SLOT_COPIES,  /* the same of each entry with idmap=; no O_PATH fd where an optional one has no source */
	SLOT_MAPPED,  /* those, idmapped */
	SLOT_CGROUP,  /* its cgroup namespace, for hooks */
	SLOT_READY,   /* where it is heard that all is ready */
	SLOT_COUNT
};

struct fds {
	int *v;
	size_t n;
};

/* A host interface of ours, kept in the state file so that info can show it and undo can remove it. */
struct nic_state {
	char host[16]; /* IFNAMSIZ; "" for a kind without a host side */
	int ifindex;   /* of the host side; 0: not made */
};

struct nics {
	struct nic_state *v;
	size_t n;
};

/* Which of all processes that have had its pid init is; see identity.h. */
struct identity {
	uint64_t inode; /* of its pidfd: unique where there is a pidfs (Linux 6.9), else 0 */
	uint64_t since; /* else its start, in ticks since boot */
};

/* Kinds of namespace that can be somebody else's, in the order of features/namespace_share.c. */
enum { RUN_SHARED = 8 };

/* What is told to whoever starts it, but stops nothing; in memory that he and both processes share. */
enum { WARNINGS_MOST = 32 };
struct warnings {
	int32_t n; /* those beyond WARNINGS_MOST are only counted */
	struct err v[WARNINGS_MOST];
};

enum { RUN_NAMESPACES = 8 };

/* What hooks are told, and whether those of an ending ran; of the KEEPER. */
struct run_hooks {
	int ns_fd[RUN_NAMESPACES];  /* of init, held for stop hooks and script.down; -1: not held */
	pid_t init_pid;		    /* also when it is reaped; 0: there was none */
	size_t nics_up;		    /* so many devices have been up, and get their script.down */
	bool reboots;		    /* this ending is the first half of a reboot */
	bool stopped, post_stopped; /* they ran, as they do once */
	bool refused;		    /* a post-stop hook failed: no reboot */
	int64_t until;		    /* seq_now() by which all of them have to be through; 0: each has its own time */
};

struct run {
	const struct plan *plan;
	enum role who;
	struct warnings *warnings; /* NULL: nobody listens */
	struct fds slot[SLOT_COUNT];

	/* KEEPER */
	int runtime_fd; /* the container's folder below /run/keg */
	int lock_fd;	/* held for life */
	int control_fd; /* the listening socket */
	struct cgroup_tree cgroup;
	pid_t init_pid; /* 0: none, or reaped */
	int init_pidfd;
	struct identity identity;
	bool cloned_into_cgroup; /* init was born in its v2 cgroup */
	int exit_status;	 /* of init, as waitpid(2), once it is reaped */
	struct nics nics;
	char *apparmor;		  /* the label that init gets, chosen before the clone; NULL: as it is */
	int share_fd[RUN_SHARED]; /* namespaces to be born into, -1: of one's own */
	int proxy_fd;		  /* to the seccomp proxy, -1: none */
	struct run_hooks hooks;

	/* INIT; the first three are opened before the clone */
	int rootfs_fd;	     /* O_PATH: where the rootfs comes from */
	int console_host_fd; /* master of a console from the host's devpts, -1: from the container's */
	int host_dev_fd;     /* O_PATH of the host's /dev */
	int root_fd;	     /* O_PATH of the mounted rootfs: "/" of the container from root.pivot on */
	int proc_fd;	     /* a procfs that the container never sees, -1: none wanted */
	int console_fd;	     /* the console's slave, -1: none */
	int init_fd;	     /* O_PATH or memfd of the program to exec, -1: by name */

	struct filter *filter; /* of seccomp, made before the clone; NULL: none */

	const struct attach *attach; /* of the attach table only; see attach.h */
	int label_fd;		     /* of the attach table's INIT: where its label is changed, -1: at its exec */
};

/* Adds a copy of the fd number (not of the file) to a slot. */
int run_give(struct run *r, enum slot s, int fd, struct err *e) _must_check;
/* Those of all slots: the other side made them for one start. */
void run_close_slots(struct run *r);
/*
 * Tells the user, once for a config line, of something that is no error: in KEEPER as in INIT, it reaches the
 * terminal and the log in the same words. Returns 0; under lxc.config.strict = 1 it is the error.
 */
int run_warn(struct run *r, const struct err *why, struct err *e) _must_check;
