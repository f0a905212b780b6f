/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Points at which the tests break a start or a stop: KEG_FAULT=fail:STEP, kill-keeper:STEP,
 * kill-init:STEP, or the same with undo:STEP; KEG_FAULT=old-mount: mounts are made as on kernels before
 * mount_setattr(2); KEG_FAULT=hurry-hooks: a hook has a second, not ten minutes. Only a build with -DKEG_FAULTS looks;
 * in the real keeper there is nothing to look at.
 */
#include "engine/run.h"

#ifdef KEG_FAULTS
void fault_begin(void);
int fault_hit(const char *step, struct run *r, struct err *e) _must_check;
int fault_hit_undo(const char *step, struct run *r, struct err *e) _must_check;
#else
static inline void fault_begin(void)
{
}

static inline int fault_hit(const char *step, struct run *r, struct err *e)
{
	(void)step, (void)r, (void)e;
	return 0;
}
#define fault_hit_undo fault_hit
#endif
