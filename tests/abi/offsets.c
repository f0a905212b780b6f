/* SPDX-License-Identifier: MIT */
/* Prints where every field of the public structs is, as the header that it was built with says. */
#include <errno.h>
#include <lxc/lxccontainer.h>
#include <lxc/version.h>
#include <stddef.h>
#include <stdio.h>

#define AT(type, m) printf("%s.%s %zu %zu\n", #type, #m, offsetof(type, m), sizeof(((type *)0)->m))
#define C(m)	    AT(struct lxc_container, m)
#define A(m)	    AT(lxc_attach_options_t, m)
#define M(m)	    AT(struct migrate_opts, m)

int main(void)
{
	/* clang-format off */
	C(name); C(configfile); C(pidfile); C(slock); C(privlock); C(numthreads); C(lxc_conf); C(error_string); C(error_num);
	C(daemonize); C(config_path); C(is_defined); C(state); C(is_running); C(freeze); C(unfreeze); C(init_pid);
	C(load_config); C(start); C(startl); C(stop); C(want_daemonize); C(want_close_all_fds); C(config_file_name); C(wait);
	C(set_config_item); C(destroy); C(save_config); C(create); C(createl); C(rename); C(reboot); C(shutdown);
	C(clear_config); C(clear_config_item); C(get_config_item); C(get_running_config_item); C(get_keys);
	C(get_interfaces); C(get_ips); C(get_cgroup_item); C(set_cgroup_item); C(get_config_path); C(set_config_path);
	C(clone); C(console_getfd); C(console); C(attach); C(attach_run_wait); C(attach_run_waitl); C(snapshot);
	C(snapshot_list); C(snapshot_restore); C(snapshot_destroy); C(may_control); C(add_device_node);
	C(remove_device_node); C(attach_interface); C(detach_interface); C(checkpoint); C(restore);
	C(destroy_with_snapshots); C(snapshot_destroy_all); C(migrate); C(console_log); C(reboot2); C(mount); C(umount);
	C(seccomp_notify_fd); C(seccomp_notify_fd_active); C(init_pidfd); C(devpts_fd);
	A(attach_flags); A(namespaces); A(personality); A(initial_cwd); A(uid); A(gid); A(env_policy); A(extra_env_vars);
	A(extra_keep_env); A(stdin_fd); A(stdout_fd); A(stderr_fd); A(log_fd); A(lsm_label); A(groups);
	M(directory); M(verbose); M(stop); M(predump_dir); M(pageserver_address); M(pageserver_port); M(preserves_inodes);
	M(action_script); M(disable_skip_in_flight); M(ghost_limit); M(features_to_check);
	AT(struct bdev_specs, fstype); AT(struct bdev_specs, fssize); AT(struct bdev_specs, zfs.zfsroot);
	AT(struct bdev_specs, lvm.vg); AT(struct bdev_specs, lvm.lv); AT(struct bdev_specs, lvm.thinpool);
	AT(struct bdev_specs, dir); AT(struct bdev_specs, rbd.rbdname); AT(struct bdev_specs, rbd.rbdpool);
	AT(struct lxc_console_log, clear); AT(struct lxc_console_log, read); AT(struct lxc_console_log, read_max);
	AT(struct lxc_console_log, data); AT(struct lxc_snapshot, name); AT(struct lxc_snapshot, comment_pathname);
	AT(struct lxc_snapshot, timestamp); AT(struct lxc_snapshot, lxcpath); AT(struct lxc_snapshot, free);
	AT(struct lxc_log, name); AT(struct lxc_log, lxcpath); AT(struct lxc_log, file); AT(struct lxc_log, level);
	AT(struct lxc_log, prefix); AT(struct lxc_log, quiet); AT(struct lxc_mount, version);
	AT(lxc_attach_command_t, program); AT(lxc_attach_command_t, argv);
	/* clang-format on */
	printf("%d %d %d %d %d\n", LXC_CLONE_ALLOW_RUNNING, LXC_CREATE_MAXFLAGS, LXC_ATTACH_DEFAULT, LXC_ATTACH_LSM,
	       MIGRATE_FEATURE_CHECK);
	return 0;
}
