/* SPDX-License-Identifier: MIT */
/*
 * The start of a container, from top to bottom. KEEPER is the keeper's process, INIT the one that
 * becomes pid 1. Every ending - a stop, a crash, a start that fails - runs the last column upwards.
 */
#include "engine/start.h"

#include "base/own.h"
#include "engine/clone.h"
#include "engine/runtime.h"
#include "features/apparmor.h"
#include "features/arch.h"
#include "features/caps.h"
#include "features/cgroup.h"
#include "features/console.h"
#include "features/dev.h"
#include "features/hooks.h"
#include "features/init.h"
#include "features/keyring.h"
#include "features/mount_auto.h"
#include "features/mount_cgroup.h"
#include "features/mount_entry.h"
#include "features/mount_idmap.h"
#include "features/namespace_share.h"
#include "features/net/net.h"
#include "features/nnp.h"
#include "features/proc.h"
#include "features/pts.h"
#include "features/ready.h"
#include "features/rlimit.h"
#include "features/rootfs.h"
#include "features/sched.h"
#include "features/seccomp.h"
#include "features/selinux.h"
#include "features/signals.h"
#include "features/sysctl.h"
#include "features/time.h"
#include "features/tty.h"
#include "features/userns.h"
#include "features/uts.h"

#include <string.h>

static const struct step rows[] = {
	/* clang-format off */
	/* what makes it "running" for everybody else */
	{ KEEPER, "runtime.lock",     runtime_lock,        .undo = runtime_unlock },
	{ KEEPER, "runtime.announce", runtime_announce },
	{ KEEPER, "runtime.listen",   runtime_listen,      .undo = runtime_unlisten },
	/* the user's own programs, first and last */
	{ KEEPER, "monitor.unshare",  monitor_unshare,     .when = monitor_unshares },
	{ KEEPER, "hook.post-stop",   NULL,                .when = hook_post_stop_wanted, .undo = hook_post_stop },
	{ KEEPER, "runtime.down",     NULL,                .when = hook_post_stop_wanted, .undo = runtime_tell_down },
	{ KEEPER, "hook.pre-start",   hook_pre_start,      .when = hook_pre_start_wanted, .slow = true },
	/* what must be there before anything is made */
	{ KEEPER, "seccomp.compile",  seccomp_make_filter, .when = seccomp_wanted, .undo = seccomp_drop_filter },
	{ KEEPER, "seccomp.proxy",    seccomp_reach_proxy, .when = seccomp_has_proxy, .undo = seccomp_leave_proxy },
	{ KEEPER, "rootfs.open",      rootfs_open,         .undo = rootfs_close },
	{ KEEPER, "sched.look",       sched_core_look,     .when = sched_core_wanted },
	{ KEEPER, "namespace.open",   namespace_share_open, .when = namespace_shares, .undo = namespace_share_close },
	{ KEEPER, "apparmor.load",    apparmor_load,       .when = apparmor_confines, .undo = apparmor_unload },
	{ KEEPER, "selinux.look",     selinux_look,        .when = selinux_labels },
	{ KEEPER, "init.open",        init_open_ours,      .when = init_is_ours },
	{ KEEPER, "net.host",         net_check_host,      .undo = net_restore_host },
	{ KEEPER, "net.gateways",     net_find_gateways,   .when = net_asks_link },
	{ KEEPER, "console.host",     console_open_host,   .when = console_wanted, .undo = console_undo },
	{ KEEPER, "cgroup.leave",     cgroup_leave,        .when = cgroup_leaves },
	{ KEEPER, "cgroup.make",      cgroup_make,         .when = cgroup_wanted, .undo = cgroup_undo },
	{ KEEPER, "time.shift",       time_shift,          .when = time_is_own },
	{ KEEPER, "hook.stop",        NULL,                .when = hook_stop_wanted, .undo = hook_stop },
	/* two processes from here on */
	{ KEEPER, "init.clone",       clone_init,          .undo = clone_reap, .forks = true },
	{ KEEPER, "hook.namespaces",  hook_hold_namespaces, .when = hook_asks_namespaces },
	{ KEEPER, "cgroup.enter",     cgroup_enter,        .when = cgroup_wanted },
	{ KEEPER, "userns.map",       userns_map,          .when = userns_own },
	{ KEEPER, "userns.cgroup",    userns_give_cgroup,  .when = userns_has_cgroup },
	{ KEEPER, "net.make",         net_make,            .when = net_makes, .undo = net_undo, .slow = true },
	{ KEEPER, "cgroup.limits",    cgroup_limits,       .when = cgroup_has_limits },
	{ INIT,   "rootfs.reach",     rootfs_reach,        .when = rootfs_is_reached },
	{ INIT,   "net.users",        NULL,                .when = net_is_users, .needs = "net.make" },
	{ INIT,   "userns.become",    userns_become,       .when = userns_own, .needs = "userns.map" },
	{ KEEPER, "init.proc",        proc_write,          .when = proc_given },
	{ INIT,   "init.guard",       signals_guard },
	{ INIT,   "sched.core",       sched_core_create,   .when = sched_core_wanted },
	{ INIT,   "mount.private",    mount_private,       .when = rootfs_private },
	{ INIT,   "hook.pre-mount",   hook_pre_mount,      .when = hook_pre_mount_wanted, .needs = "net.make", .slow = true },
	{ INIT,   "rootfs.copy",      rootfs_copy,         .when = rootfs_idmapped, .gives = SLOT_ROOTFS },
	{ KEEPER, "rootfs.idmap",     rootfs_idmap,        .when = rootfs_idmapped, .needs = "rootfs.copy" },
	{ INIT,   "rootfs.mount",     rootfs_mount,        .when = rootfs_private, .needs = "rootfs.idmap" },
	{ INIT,   "uts.name",         uts_set_name,        .when = uts_named },
	{ INIT,   "selinux.keyring",  selinux_label_keyring, .when = selinux_labels_keyring },
	{ INIT,   "keyring.join",     keyring_join,        .when = keyring_is_new },
	{ INIT,   "dev.mount",        dev_mount,           .when = dev_own },
	{ INIT,   "mount.proc",       mount_auto_proc,     .when = mount_auto_proc_wanted },
	{ INIT,   "mount.own-proc",   mount_shared_proc,   .when = mount_shared_proc_wanted },
	{ INIT,   "mount.sys",        mount_auto_sys,      .when = mount_auto_sys_wanted },
	{ INIT,   "mount.shmounts",   mount_auto_shmounts, .when = mount_auto_shmounts_wanted },
	{ INIT,   "mount.fstab",      mount_fstab,         .when = mount_fstab_given },
	{ INIT,   "mount.entries",    mount_entries,       .when = mount_entries_given },
	{ INIT,   "mount.copies",     mount_copies,        .when = mount_any_idmapped, .gives = SLOT_COPIES },
	{ KEEPER, "mount.idmap",      mount_idmap,         .when = mount_any_idmapped, .gives = SLOT_MAPPED,
	  .needs = "mount.copies" },
	{ INIT,   "mount.idmapped",   mount_idmapped,      .when = mount_any_idmapped, .needs = "mount.idmap" },
	{ INIT,   "cgroup.namespace", cgroup_unshare,      .when = cgroup_is_own, .needs = "cgroup.enter" },
	{ INIT,   "hook.give-namespace", hook_give_cgroup_namespace, .when = hook_asks_cgroup_namespace, .gives = SLOT_CGROUP },
	{ INIT,   "mount.cgroup",     mount_cgroup,        .when = mount_cgroup_wanted },
	{ INIT,   "hook.mount",       hook_mount,          .when = hook_mount_wanted, .slow = true },
	{ INIT,   "hook.autodev",     hook_autodev,        .when = hook_autodev_wanted, .slow = true },
	{ INIT,   "dev.nodes",        dev_nodes,           .when = dev_own },
	{ INIT,   "pts.mount",        pts_mount,           .when = pts_own },
	{ INIT,   "console.open",     console_open,        .when = console_inside, .gives = SLOT_CONSOLE },
	{ INIT,   "console.bind",     console_bind,        .when = console_wanted },
	{ INIT,   "tty.open",         tty_open,            .when = tty_wanted, .gives = SLOT_TTYS },
	{ INIT,   "dev.links",        dev_links,           .when = dev_linked },
	{ INIT,   "dev.boot-id",      dev_boot_id,         .when = dev_own },
	{ INIT,   "dev.nesting",      dev_nesting,         .when = dev_nests },
	{ INIT,   "ready.listen",     ready_listen,        .when = ready_is_awaited, .gives = SLOT_READY },
	{ INIT,   "selinux.context",  selinux_set_context, .when = selinux_labels },
	{ INIT,   "apparmor.profile", apparmor_set_profile, .when = apparmor_confines },
	{ INIT,   "sysctl.open",      sysctl_open,         .when = sysctl_given },
	{ INIT,   "root.pivot",       root_pivot,          .when = rootfs_own },
	{ INIT,   "mount.share",      mount_share,         .when = rootfs_private },
	{ KEEPER, "cgroup.devices",   cgroup_devices,      .when = cgroup_has_devices, .needs = "mount.share" },
	{ KEEPER, "hook.cgroup-namespace", hook_hold_cgroup_namespace, .when = hook_asks_cgroup_namespace, .needs = "hook.give-namespace" },
	{ KEEPER, "runtime.record",   runtime_record },
	{ INIT,   "net.configure",    net_configure,       .when = net_any, .needs = "net.make" },
	{ INIT,   "sysctl.write",     sysctl_write,        .when = sysctl_given },
	{ INIT,   "arch.personality", arch_set_personality, .when = arch_given },
	{ INIT,   "caps.drop",        caps_drop,           .when = caps_limited },
	{ INIT,   "nnp.set",          nnp_set,             .when = nnp_wanted },
	{ INIT,   "console.own",      console_own,         .when = console_wanted },
	{ INIT,   "seccomp.load",     seccomp_load_filter, .when = seccomp_wanted, .gives = SLOT_SECCOMP },
	{ INIT,   "hook.start",       hook_start,          .when = hook_start_wanted, .needs = "cgroup.devices", .slow = true },
	{ INIT,   "init.session",     init_session },
	{ INIT,   "init.cwd",         init_cwd,            .when = init_has_cwd },
	{ KEEPER, "init.limits",      rlimit_set,          .when = rlimit_given, .needs = "init.session" },
	{ INIT,   "init.ids",         init_ids,            .needs = "init.limits" },
	{ KEEPER, "hook.start-host",  hook_start_host,     .when = hook_start_host_wanted, .needs = "init.ids", .slow = true },
	{ KEEPER, "init.release",     NULL },
	{ INIT,   "init.exec",        init_exec,           .needs = "init.release" },
	/* clang-format on */
};

const struct seq start_seq = { .name = "start", .v = rows, .n = ARRAY_SIZE(rows), .on_silence = cgroup_let_go };
_Static_assert(ARRAY_SIZE(rows) <= SEQ_MOST, "the shared page has room for every row");

void run_init_fields(struct run *r, const struct plan *p)
{
	*r = (struct run){
		.plan = p,
		.who = KEEPER,
		.runtime_fd = -1,
		.lock_fd = -1,
		.control_fd = -1,
		.init_pidfd = -1,
		.rootfs_fd = -1,
		.console_host_fd = -1,
		.host_dev_fd = -1,
		.root_fd = -1,
		.proc_fd = -1,
		.console_fd = -1,
		.init_fd = -1,
		.proxy_fd = -1,
		.label_fd = -1,
	};
	for (int i = 0; i < RUN_SHARED; i++)
		r->share_fd[i] = -1;
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		r->cgroup.fd[i] = -1;
	for (int i = 0; i < RUN_NAMESPACES; i++)
		r->hooks.ns_fd[i] = -1;
}

size_t start_row_after_lock(void)
{
	return seq_find(&start_seq, "runtime.lock") + 1;
}

void start_undo_rest(struct run *r)
{
	seq_undo(&start_seq, start_row_after_lock(), start_seq.n - 1, r);
}

void start_undo_all(struct run *r)
{
	seq_undo(&start_seq, 0, start_seq.n - 1, r);
}
