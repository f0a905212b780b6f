/* SPDX-License-Identifier: MIT */
/* Programs that were built against LXC's headers find every field where it was: nothing here runs. */
#include <errno.h>
#include <lxc/lxccontainer.h>
#include <lxc/version.h>
#include <stddef.h>

#if __SIZEOF_POINTER__ == 8
/* clang-format off */
#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")

#define C(member, offset) AT(struct lxc_container, member, offset);
C(name, 0) C(configfile, 8) C(pidfile, 16) C(slock, 24) C(privlock, 32) C(numthreads, 40) C(lxc_conf, 48)
C(error_string, 56) C(error_num, 64) C(daemonize, 68) C(config_path, 72)
C(is_defined, 80) C(state, 88) C(is_running, 96) C(freeze, 104) C(unfreeze, 112) C(init_pid, 120) C(load_config, 128)
C(start, 136) C(startl, 144) C(stop, 152) C(want_daemonize, 160) C(want_close_all_fds, 168) C(config_file_name, 176)
C(wait, 184) C(set_config_item, 192) C(destroy, 200) C(save_config, 208) C(create, 216) C(createl, 224) C(rename, 232)
C(reboot, 240) C(shutdown, 248) C(clear_config, 256) C(clear_config_item, 264) C(get_config_item, 272)
C(get_running_config_item, 280) C(get_keys, 288) C(get_interfaces, 296) C(get_ips, 304) C(get_cgroup_item, 312)
C(set_cgroup_item, 320) C(get_config_path, 328) C(set_config_path, 336) C(clone, 344) C(console_getfd, 352)
C(console, 360) C(attach, 368) C(attach_run_wait, 376) C(attach_run_waitl, 384) C(snapshot, 392) C(snapshot_list, 400)
C(snapshot_restore, 408) C(snapshot_destroy, 416) C(may_control, 424) C(add_device_node, 432)
C(remove_device_node, 440) C(attach_interface, 448) C(detach_interface, 456) C(checkpoint, 464) C(restore, 472)
C(destroy_with_snapshots, 480) C(snapshot_destroy_all, 488) C(migrate, 496) C(console_log, 504) C(reboot2, 512)
C(mount, 520) C(umount, 528) C(seccomp_notify_fd, 536) C(seccomp_notify_fd_active, 544) C(init_pidfd, 552)
C(devpts_fd, 560) C(rcv_timeout, 568) C(set_timeout, 576)
_Static_assert(sizeof(struct lxc_container) == 584, "struct lxc_container");

#define A(member, offset) AT(lxc_attach_options_t, member, offset);
A(attach_flags, 0) A(namespaces, 4) A(personality, 8) A(initial_cwd, 16) A(uid, 24) A(gid, 28) A(env_policy, 32)
A(extra_env_vars, 40) A(extra_keep_env, 48) A(stdin_fd, 56) A(stdout_fd, 60) A(stderr_fd, 64) A(log_fd, 68)
A(lsm_label, 72) A(groups, 80)
_Static_assert(sizeof(lxc_attach_options_t) == 96, "lxc_attach_options_t");
AT(lxc_attach_command_t, argv, 8);
_Static_assert(sizeof(lxc_attach_command_t) == 16, "lxc_attach_command_t");

#define B(member, offset) AT(struct bdev_specs, member, offset);
B(fstype, 0) B(fssize, 8) B(zfs.zfsroot, 16) B(lvm.vg, 24) B(lvm.lv, 32) B(lvm.thinpool, 40) B(dir, 48)
B(rbd.rbdname, 56) B(rbd.rbdpool, 64) B(rbd.rbduser, 72)
_Static_assert(sizeof(struct bdev_specs) == 80, "struct bdev_specs");

#define M(member, offset) AT(struct migrate_opts, member, offset);
M(directory, 0) M(verbose, 8) M(stop, 9) M(predump_dir, 16) M(pageserver_address, 24) M(pageserver_port, 32)
M(preserves_inodes, 40) M(action_script, 48) M(disable_skip_in_flight, 56) M(ghost_limit, 64) M(features_to_check, 72)
_Static_assert(sizeof(struct migrate_opts) == 80, "struct migrate_opts");

AT(struct lxc_console_log, read_max, 8);
AT(struct lxc_console_log, data, 16);
_Static_assert(sizeof(struct lxc_console_log) == 24, "struct lxc_console_log");

#define S(member, offset) AT(struct lxc_snapshot, member, offset);
S(name, 0) S(comment_pathname, 8) S(timestamp, 16) S(lxcpath, 24) S(free, 32)
_Static_assert(sizeof(struct lxc_snapshot) == 40, "struct lxc_snapshot");

#define L(member, offset) AT(struct lxc_log, member, offset);
L(name, 0) L(lxcpath, 8) L(file, 16) L(level, 24) L(prefix, 32) L(quiet, 40)
_Static_assert(sizeof(struct lxc_log) == 48, "struct lxc_log");
_Static_assert(sizeof(struct lxc_mount) == 4, "struct lxc_mount");
/* clang-format on */
#endif

_Static_assert(MIGRATE_PRE_DUMP == 0 && MIGRATE_FEATURE_CHECK == 3, "migrate commands");
_Static_assert(LXC_ATTACH_DEFAULT == 0xffff && LXC_ATTACH_LSM == 0x120008, "attach flags");
