/* SPDX-License-Identifier: MIT */
#pragma once
/* Part of the idle stage: hears by lxc.start.ready's socket that a container is ready. No heap. */
#include <stdbool.h>

/* fd -1: nobody asks. notifies: it is $NOTIFY_SOCKET; else the kernel tells of addresses. */
void hear_begin(int fd, bool notifies);
/* To poll for POLLIN; -1: it is ready, or nobody asks. */
int hear_fd(void);
/* True, once, when it has become so. */
bool hear_ready(void);
