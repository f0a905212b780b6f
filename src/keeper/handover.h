/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the stages of a keeper hand to each other: this struct at the start of the file `handover` in the runtime
 * folder, the fds that it names left open across exec. It is all of a keeper that is not in the config or the state
 * file, so whoever adopts the container of a killed one reads it, too; the fds he has to open himself.
 *
 * Keepers outlive upgrades, so its layout is a contract (tests/unit/test_handover.c): fields are only added, at the
 * end, and 0 of a field means what an older keeper, which has none, did. From HANDOVER_WORDS on lie the words of init's
 * argv, each ended by NUL.
 */
#include "seccomp/notify.h"

#include <stdint.h>
#include <sys/types.h>

enum { HANDOVER_MAGIC = 0x6b656703, HANDOVER_TTYS = 128, HANDOVER_WORDS = 16384 };

struct handover {
	uint32_t magic, size;
	pid_t init_pid;
	int32_t init_pidfd, lock_fd, runtime_fd, control_fd, config_fd;
	int32_t verdict_fd;	/* -1: nobody waits for the end */
	int32_t console_fd;	/* master, -1: none */
	int32_t console_log_fd; /* of keepers that wrote it themselves, -1 */
	int32_t log_fd;		/* of whoever started it, -1: as the config says */
	int32_t peer_fd;	/* stream to whoever has the console, -1: nobody */
	int32_t listener_fd;	/* of seccomp, -1: none */
	int32_t proxy_fd;	/* of lxc.seccomp.notify.proxy, -1: none */
	int32_t ns_fd[8];	/* init's namespaces, for hooks; -1: not held */
	int32_t live_fd;	/* what the idle stage knows beside this (live.h), -1: it has not begun */
	int32_t ring_fd;	/* what the console has shown, -1: nothing is kept */
	int32_t n_ttys, tty[HANDOVER_TTYS];
	int64_t console_log_size;    /* bytes; 0: no limit */
	int64_t console_buffer_size; /* bytes; 0: no buffer */
	uint32_t argv_words;
	uint8_t foreground, use_init;
	uint8_t rotate;	  /* how many old logs of the console are kept */
	uint8_t outlives; /* init lives on where the keeper is killed: somebody shall hold its terminals */
	char version[16]; /* of the program that wrote this */
	char log_prefix[32];
	char cgroup_pattern[256], cgroup_use[256]; /* of lxc.conf(5), "": not set */
	char name[256], lxcpath[1024], config_file[1024], console_log[1024], pidfile[1024], keeper[1024];
	char proxy[NOTIFY_ADDRESS], cookie[NOTIFY_COOKIE];
	uint32_t restarts; /* in a row */
	uint8_t asked;	   /* enum asked_for, by a signal to the keeper */
	uint8_t notifies;  /* ready_fd is $NOTIFY_SOCKET, not the kernel's */
	int32_t ready_fd;  /* of lxc.start.ready, -1, and 0 in a file: it is ready, or nobody asks */
	int64_t began;	   /* seq_now() */
	int32_t writer_fd; /* of the console's log (writer.h), -1, and 0 in a file: there is none */
	pid_t writer_pid;  /* 0: not a child of this process */
	int32_t begun_fd;  /* whoever is to hear from the idle stage that it runs, -1, and 0 in a file: nobody */
};
_Static_assert(sizeof(struct handover) <= HANDOVER_WORDS, "it ends before the words begin");

/* By whatever version it was written. -EBADMSG: not by a keeper that this one can follow. */
int handover_read(int fd, struct handover *h) _must_check;
int handover_write(int fd, const struct handover *h) _must_check;
