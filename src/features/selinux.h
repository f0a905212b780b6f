/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.selinux.context, lxc.selinux.context.keyring: is there one? */
bool selinux_labels(const struct plan *p);
bool selinux_labels_keyring(const struct plan *p);
/* KEEPER, before anything is made: can this kernel? */
int selinux_look(struct run *r, struct err *e);
/* INIT, before keyring.join. */
int selinux_label_keyring(struct run *r, struct err *e);
/* INIT, while the host's /proc is at /proc: the context of the program that the coming exec starts. */
int selinux_set_context(struct run *r, struct err *e);
