/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/run.h"

bool seccomp_wanted(const struct plan *p);
bool seccomp_has_proxy(const struct plan *p);
int seccomp_make_filter(struct run *r, struct err *e) _must_check;
void seccomp_drop_filter(struct run *r);
int seccomp_reach_proxy(struct run *r, struct err *e) _must_check;
void seccomp_leave_proxy(struct run *r);
int seccomp_load_filter(struct run *r, struct err *e) _must_check;

/* The filter of a running container, out of its runtime folder; NULL where it has none. */
int seccomp_running_filter(int runtime_fd, struct filter **out, struct err *e) _must_check;
/* For the idle stage: the proxy's address ("/path" or "@name") and what is sent along; "" where unset. */
const char *seccomp_proxy(const struct spec *s);
const char *seccomp_cookie(const struct spec *s);
