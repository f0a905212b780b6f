/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.pty.max and lxc.tty.max. */
long long tty_pty_max(const struct spec *s);
long long tty_max(const struct spec *s);
/* lxc.tty.dir where there is a /dev to make it in; NULL: the ttys are in /dev itself. */
const char *tty_dir(const struct plan *p);

bool tty_wanted(const struct plan *p);
/* INIT, behind devpts and before root.pivot; gives SLOT_TTYS. */
int tty_open(struct run *r, struct err *e);
/* KEEPER, of a container that was adopted; when tty_wanted(), and its init is its own. */
int tty_open_again(struct run *r, struct err *e) _must_check;
