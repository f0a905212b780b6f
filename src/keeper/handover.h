/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the stages of a keeper hand to each other across exec: this struct at the start of a memfd, the
 * fds that it names left open. Behind it lie the words of init's argv, each ended by NUL.
 */
#include "seccomp/notify.h"

#include <stdint.h>
#include <sys/types.h>

enum { HANDOVER_MAGIC = 0x6b656702, HANDOVER_TTYS = 128 };

struct handover {
	uint32_t magic, size;
	pid_t init_pid;
	int32_t init_pidfd, lock_fd, runtime_fd, control_fd, config_fd;
	int32_t verdict_fd; /* -1: nobody waits for the end */
	int32_t console_fd; /* master, -1: none */
	int32_t console_log_fd;
	int32_t log_fd;	     /* of whoever started it, -1: as the config says */
	int32_t peer_fd;     /* stream to whoever has the console, -1: nobody */
	int32_t listener_fd; /* of seccomp, -1: none */
	int32_t proxy_fd;    /* of lxc.seccomp.notify.proxy, -1: none */
	int32_t ns_fd[8];    /* init's namespaces, for hooks; -1: not held */
	int32_t n_ttys, tty[HANDOVER_TTYS];
	int64_t console_log_size;    /* bytes; 0: no limit */
	int64_t console_buffer_size; /* bytes; 0: no buffer */
	uint32_t argv_words;
	uint8_t foreground, use_init, rotate;
	char log_prefix[32];
	char cgroup_pattern[256], cgroup_use[256]; /* of lxc.conf(5), "": not set */
	char name[256], lxcpath[1024], config_file[1024], console_log[1024], pidfile[1024], keeper[1024];
	char proxy[NOTIFY_ADDRESS], cookie[NOTIFY_COOKIE];
};
