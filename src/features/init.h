/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* argv out of lxc.init.cmd (or lxc.execute.cmd), "/sbin/init" where there is none. -ENOENT: use_init without a command.
 */
int init_command(const struct spec *s, bool use_init, struct strv *argv, struct err *e) _must_check;
/* -EINVAL: there is no rootfs, and the program is what boots the host. */
int init_refuse_hosts(const struct spec *s, const char *program, struct err *e) _must_check;
/* lxc.init.uid and .gid, in the container's ids. */
void init_ids_of(const struct spec *s, uid_t *uid, gid_t *gid);

/* KEEPER: opens our own init where lxc-execute wants it. */
bool init_is_ours(const struct plan *p);
int init_open_ours(struct run *r, struct err *e);

/* INIT, in this order, at the very end */
int init_session(struct run *r, struct err *e);
bool init_has_cwd(const struct plan *p);
int init_cwd(struct run *r, struct err *e);
int init_ids(struct run *r, struct err *e);
int init_exec(struct run *r, struct err *e);
