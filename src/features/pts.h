/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* A devpts of the container's own. */
bool pts_own(const struct plan *p);
/* The console comes from it; else from the host's. */
bool pts_has_console(const struct plan *p);
/* INIT, behind dev.mount. */
int pts_mount(struct run *r, struct err *e);

/* A new pty of the container's own devpts, else of the host's: the master; its slave in *slave. */
int pts_new(const struct run *r, int *slave, struct err *e) _must_check;
/* The slave of a master, from the devpts that it lives in whatever paths lead where. -errno. */
int pts_slave(int master) _must_check;
/* KEEPER: one of the host's, given to the container's root: the master. */
int pts_new_host(const struct plan *p, struct err *e) _must_check;
