/* SPDX-License-Identifier: MIT */
#pragma once
/* The network namespace that a device is to go into, and whether its caller may have one put there. */
#include <sys/types.h>

/*
 * The network namespace of that process as an fd. Runs as the caller, who must be allowed to look at the process; the
 * namespace must belong to a user namespace that he has made, or for root be any but our own. All of that is asked of
 * the fd itself: whatever becomes of the process, it is this namespace that gets the device. -ESRCH: there is no such
 * process; -EPERM and others: it is not his.
 */
int target_open(pid_t pid, uid_t caller);
