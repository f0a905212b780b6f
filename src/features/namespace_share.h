/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* The namespaces that are somebody else's, as CLONE_NEW* bits. */
uint64_t namespace_share_flags(const struct spec *s);
bool namespace_shares(const struct plan *p);
/* KEEPER: opens them, before anything is made. */
int namespace_share_open(struct run *r, struct err *e);
void namespace_share_close(struct run *r);
/* The calling process goes into them (its next children, as to pid). There is no way back for it. */
int namespace_share_join(const struct run *r, struct err *e) _must_check;
