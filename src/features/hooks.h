/* SPDX-License-Identifier: MIT */
#pragma once
/* lxc.hook.*, lxc.monitor.unshare. The order in which kinds run is that of the table of a start. */
#include "engine/step.h"

enum hook_kind {
	HOOK_PRE_START,
	HOOK_PRE_MOUNT,
	HOOK_MOUNT,
	HOOK_AUTODEV,
	HOOK_START_HOST,
	HOOK_START,
	HOOK_STOP,
	HOOK_POST_STOP,
	HOOK_CLONE,
	HOOK_DESTROY,
	HOOK_KINDS
};

int hooks_version(const struct spec *s);
int hooks_timeout_ms(const struct spec *s); /* of each */
int hooks_end_ms(const struct spec *s);	    /* of all that run at an end */
int hooks_given_ms(const struct spec *s);   /* the same where lxc.hook.timeout is set, else 0 */

/* Rows of a start; each is wanted where its kind has hooks. */
bool hook_pre_start_wanted(const struct plan *p);
int hook_pre_start(struct run *r, struct err *e);
bool hook_pre_mount_wanted(const struct plan *p);
int hook_pre_mount(struct run *r, struct err *e);
bool hook_mount_wanted(const struct plan *p);
int hook_mount(struct run *r, struct err *e);
bool hook_autodev_wanted(const struct plan *p);
int hook_autodev(struct run *r, struct err *e);
bool hook_start_host_wanted(const struct plan *p);
int hook_start_host(struct run *r, struct err *e);
bool hook_start_wanted(const struct plan *p);
int hook_start(struct run *r, struct err *e);
/* What they undo: every ending runs stop, then post-stop, once. */
bool hook_stop_wanted(const struct plan *p);
void hook_stop(struct run *r);
bool hook_post_stop_wanted(const struct plan *p);
void hook_post_stop(struct run *r);
/* init's namespaces, held by fds for those hooks and scripts that come when it is dead. */
bool hook_asks_namespaces(const struct plan *p);
int hook_hold_namespaces(struct run *r, struct err *e);
bool hook_asks_cgroup_namespace(const struct plan *p);
int hook_give_cgroup_namespace(struct run *r, struct err *e) _must_check;
int hook_hold_cgroup_namespace(struct run *r, struct err *e);

bool monitor_unshares(const struct plan *p);
int monitor_unshare(struct run *r, struct err *e);

/* Before the storage of a container goes. Of the plan, name, lxcpath, config_file and spec are read. */
int hooks_run_destroy(const struct plan *p, struct err *e) _must_check;
/* In the new container's own mount namespace, its rootfs mounted; args NULL: none. */
int hooks_run_clone(const struct plan *p, const char *src_name, char *const *args, struct err *e) _must_check;
