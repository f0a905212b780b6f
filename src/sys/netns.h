/* SPDX-License-Identifier: MIT */
#pragma once
/* Other processes' network namespaces, seen from the caller's own. 0 or -errno. */
#include "sys/netlink.h"

#include <sys/types.h>

/* fd of the network namespace of a process; -errno. */
int netns_of_pid(pid_t pid) _must_check;
/* The number by which our namespace calls that one; gives it one where it has none yet. */
int netns_id(struct nl *n, int netns_fd, int *id) _must_check;
/* The same of a process's; -1 where it is the caller's own (lxc.net.0.type = none). */
int netns_id_of_pid(struct nl *n, pid_t pid, int *id) _must_check;
/* A netlink socket inside that namespace. The calling thread steps in and back: for single-threaded
 * programs of ours only. */
int netns_nl_open(struct nl *n, int netns_fd, struct err *e) _must_check;
