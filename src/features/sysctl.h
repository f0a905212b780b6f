/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.sysctl.* */
bool sysctl_given(const struct plan *p);
/* INIT, before the pivot: a procfs that the container never sees. */
int sysctl_open(struct run *r, struct err *e);
/* INIT, after its network is made: there are the folders of its interfaces. */
int sysctl_write(struct run *r, struct err *e);

/* "net.ipv4.ip_forward" to "net/ipv4/ip_forward", as sysctl(8) reads names. In place. */
void sysctl_path(char *name);
