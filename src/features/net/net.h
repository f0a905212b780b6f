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

/* KEEPER, before anything is made: whether the host has what the devices need. */
int net_check_host(struct run *r, struct err *e) _must_check;
/* Puts back what was changed of the host's own; see journal.c. */
void net_restore_host(struct run *r);

/* Some device is a veth that its user may not make: lxc-user-nic does, and looks at INIT as long as that is his. */
bool net_is_users(const struct plan *p);

/* Some device is made or moved, or has a script. */
bool net_makes(const struct plan *p);
int net_make(struct run *r, struct err *e) _must_check;
void net_undo(struct run *r);
/* Some device has a script.down. */
bool net_ends_by_script(const struct plan *p);

/* A running container's spec: lxc.net.N.veth.pair of every veth is the name that it really got. */
int net_tell_names(struct spec *running, const struct nics *nics) _must_check;

/* lxc-device, in a running container (holder: its runtime_fd and init_pid): a device moves in, journalled ... */
int net_give_device(struct run *holder, const char *name, const char *inner, struct err *e) _must_check;
/* ... and out again, as it was before; name NULL: the old one. */
int net_take_device(struct run *holder, const char *inner, const char *name, struct err *e) _must_check;

/* There is something to do inside: a device, or lo to bring up. */
bool net_any(const struct plan *p);
int net_configure(struct run *r, struct err *e) _must_check;
