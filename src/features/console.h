/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* lxc.console.path is "none". */
bool console_is_none(const struct spec *s);
bool console_wanted(const struct plan *p);
/* Its pty is in the container's devpts; else, where there is one, in the host's. */
bool console_inside(const struct plan *p);

/* KEEPER, before the clone: leaves r->console_host_fd where the console is of the host's devpts. */
int console_open_host(struct run *r, struct err *e);
void console_undo(struct run *r);
/* INIT, behind devpts; when console_inside(); gives SLOT_CONSOLE. */
int console_open(struct run *r, struct err *e);
/* INIT, before root.pivot; when console_wanted(): leaves r->console_fd. */
int console_bind(struct run *r, struct err *e);
/* INIT, when it is about to become init's stdio; when console_wanted(). */
int console_own(struct run *r, struct err *e);

/* KEEPER, of a container that was adopted and whose "/" is its own: whoever opens /dev/console anew has it again. */
int console_open_again(struct run *r, struct err *e) _must_check;

/* For the keeper. The fd of lxc.console.path (input and output are relayed); -1: none. */
int console_open_peer(const struct plan *p, int *fd, struct err *e) _must_check;
const char *console_log_path(const struct plan *p);  /* "": none */
long long console_log_size(const struct plan *p);    /* bytes; 0: no limit */
long long console_buffer_size(const struct plan *p); /* bytes; 0: none */
unsigned console_old_logs(const struct plan *p);     /* how many are kept; 0: it is cut */
/* Its log could not be opened: says so. ETIMEDOUT: not yet. -error. */
int console_blame_log(const struct plan *p, int error, struct err *e) _must_check;
