/* SPDX-License-Identifier: MIT */
#pragma once
/* lxc.net.*: the container's network. See nic.h for what a device is made of. */
#include "engine/step.h"

/* Whether the spec asks for a network namespace of its own: all but devices of type "none" alone. */
bool net_own_namespace(const struct spec *s);

/* Some gateway is "auto": the host's address on the link is to be looked up. */
bool net_asks_link(const struct plan *p);
/* KEEPER, before the clone: INIT inherits what was found. */
int net_find_gateways(struct run *r, struct err *e) _must_check;

/* Some device is made or moved. */
bool net_makes(const struct plan *p);
int net_make(struct run *r, struct err *e) _must_check;
void net_undo(struct run *r);

/* There is something to do inside: a device, or lo to bring up. */
bool net_any(const struct plan *p);
int net_configure(struct run *r, struct err *e) _must_check;
