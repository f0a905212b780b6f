/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* The path that a container's cgroups get below each hierarchy's base, as struct cgroup_tree has it:
 * "lxc.payload.NAME", or what the lxc.cgroup.dir keys say. -ENAMETOOLONG. */
int cgroup_path(const struct spec *s, const char *name, char *out, size_t size) _must_check;
/* The same by lxc.cgroup.pattern of the global config ("lxc/%n"), which counts where no lxc.cgroup.dir
 * key is set: "lxc/NAME/payload". Whoever knows of it fills run.cgroup.path before cgroup_make(). */
int cgroup_pattern_path(const struct spec *s, const char *pattern, const char *name, char *out,
			size_t size) _must_check;
/* lxc.cgroup.dir.container.inner, NULL: none. */
const char *cgroup_inner(const struct spec *s);

/* What has no meaning on this host: a warning for each such line. */
void cgroup_warn(const struct plan *p, struct problems *out);

bool cgroup_wanted(const struct plan *p);      /* the host has cgroups */
bool cgroup_is_own(const struct plan *p);      /* an own cgroup namespace */
bool cgroup_has_limits(const struct plan *p);  /* lxc.cgroup.* beside the devices */
bool cgroup_has_devices(const struct plan *p); /* lxc.cgroup.devices.* */

bool cgroup_leaves(const struct plan *p);	  /* the keeper is in a service's or session's cgroup */
int cgroup_leave(struct run *r, struct err *e);	  /* KEEPER */
int cgroup_make(struct run *r, struct err *e);	  /* KEEPER */
void cgroup_undo(struct run *r);		  /* from run.cgroup.path and run.plan alone */
bool cgroup_oom_killed(const struct run *r);	  /* the same: did the kernel kill in it for want of memory? */
int cgroup_enter(struct run *r, struct err *e);	  /* KEEPER */
void cgroup_let_go(struct run *r);		  /* KEEPER: who froze it knew nothing of this start */
int cgroup_limits(struct run *r, struct err *e);  /* KEEPER */
int cgroup_devices(struct run *r, struct err *e); /* KEEPER: after INIT has made its device nodes */
int cgroup_unshare(struct run *r, struct err *e); /* INIT: after it has been entered */
