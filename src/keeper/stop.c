/* SPDX-License-Identifier: MIT */
/* keg-keeper stop: init has ended. Undoes the start, or begins it again where init asked for a reboot. */
#include "keeper/keeper.h"

#include "base/io.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "engine/clone.h"
#include "engine/event.h"
#include "engine/identity.h"
#include "engine/paths.h"
#include "engine/runtime.h"
#include "features/autostart.h"
#include "keeper/live.h"
#include "keeper/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* Whoever sees STOPPED finds all of the console in its log, unless the disk does not answer. */
enum { LOG_END_MS = 1000 };

static int read_words(struct keeper *k, int fd)
{
	_own_free char *words = NULL;
	size_t len, at = 0;
	int x;

	if (!k->hand.argv_words)
		return 0;
	if (lseek(fd, HANDOVER_WORDS, SEEK_SET) < 0)
		return -errno;
	x = io_read_fd(fd, 16 << 20, &words, &len);
	for (uint32_t i = 0; x == 0 && i < k->hand.argv_words; i++) {
		if (at >= len)
			return -EBADMSG;
		x = strv_add(&k->argv, words + at);
		at += strlen(words + at) + 1;
	}
	return x;
}

int keeper_read_handover(struct keeper *k, int fd)
{
	int x = handover_read(fd, &k->hand);

	return x < 0 ? x : read_words(k, fd);
}

/* The config that it runs with, as commands have changed it since. */
void keeper_take_config(struct keeper *k)
{
	int fd = openat(k->hand.runtime_fd, "config", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	close_fd(&k->hand.config_fd);
	k->hand.config_fd = fd;
}

/* The run as the start left it, as far as its undo needs it. */
int keeper_take_run(struct keeper *k, struct err *e)
{
	struct run *r = &k->run;
	struct status s;
	int x = state_read(k->hand.lxcpath, k->hand.name, &s, e);

	if (x < 0)
		return x;
	r->runtime_fd = k->hand.runtime_fd;
	r->lock_fd = k->hand.lock_fd;
	r->control_fd = k->hand.control_fd;
	r->init_pid = k->hand.init_pid;
	r->init_pidfd = k->hand.init_pidfd;
	r->nics = s.nics;
	r->identity = s.identity;
	r->hooks.init_pid = k->hand.init_pid;
	r->hooks.nics_up = SIZE_MAX;
	for (int i = 0; i < RUN_NAMESPACES; i++)
		r->hooks.ns_fd[i] = k->hand.ns_fd[i];
	return str_copy(r->cgroup.path, sizeof(r->cgroup.path), s.cgroup);
}

/* init's end, as reboot(2) in a pid namespace tells it: SIGHUP is a restart. */
static bool wants_reboot(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP;
}

static void log_exit(int status)
{
	if (wants_reboot(status))
		log_at(LOG_INFO, "stop", "init asks for a reboot");
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
		log_at(LOG_INFO, "stop", "init has halted");
	else if (WIFSIGNALED(status))
		log_at(LOG_INFO, "stop", "init was killed by signal %d (%s)", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else
		log_at(LOG_INFO, "stop", "init exited with status %d", WEXITSTATUS(status));
}

/* "lxc.ephemeral = 1": it goes with its end. The command knows how. */
static void destroy(const struct keeper *k)
{
	_own_free char *keg = path_keg();
	char *argv[] = { "keg", "destroy", "-q", "-P", (char *)k->hand.lxcpath, "-n", (char *)k->hand.name, NULL };

	if (keg)
		(void)execve(keg, argv, environ);
}

static int end(struct keeper *k, int status)
{
	close_fd(&k->hand.peer_fd);
	writer_end(&k->hand, LOG_END_MS);
	start_undo_all(&k->run);
	if (k->hand.pidfile[0])
		(void)unlink(k->hand.pidfile);
	log_at(LOG_NOTICE, "stop", "it has stopped");
	keeper_tell(k, VERDICT_ENDED, NULL, status);
	if (autostart_is_ephemeral(k->spec))
		destroy(k);
	return 0;
}

/* Before the one life ended by a reboot, or before the next has begun, somebody asked for no next one. */
static bool is_unwanted(const struct keeper *k)
{
	return k->unwanted || asked_for_end(asked_read(k->hand.lock_fd));
}

/* As if nothing of it had been yet, but for what is held for life. */
static int make_new(struct keeper *k, struct err *e)
{
	free(k->run.nics.v);
	run_close_slots(&k->run);
	run_init_fields(&k->run, &k->plan);
	k->run.runtime_fd = k->hand.runtime_fd;
	k->run.lock_fd = k->hand.lock_fd;
	close_fd(&k->hand.console_log_fd);
	if (k->page)
		memset(k->page, 0, sizeof(*k->page));
	else
		k->page = seq_page_new(NULL, e);
	return k->page ? 0 : -ENOMEM;
}

/* What was wrong with the start may have been mended at the next of a row: a disk that comes late, a full cgroup. */
static int begin_again(struct keeper *k, int status)
{
	struct err e = { 0 };

	k->run.hooks.reboots = true;
	start_undo_rest(&k->run);
	if (k->run.hooks.refused)
		return end(k, status);
	do {
		if (is_unwanted(k))
			return end(k, status);
		monitor_tell_state(k->hand.lxcpath, k->hand.name, STOPPED);
		if (keeper_pause(k) < 0 || is_unwanted(k))
			return end(k, status);
		k->pause_ms = 0;
		err_clear(&e);
		if (make_new(k, &e) < 0 || keeper_begin(k, start_row_after_lock(), &e) < 0)
			log_err("start", &e);
	} while (keeper_tries_again(k));
	keeper_tell(k, VERDICT_FAILED, &e, 0);
	close_fd(&k->hand.verdict_fd);
	(void)end(k, status);
	return 1;
}

int keeper_continue(struct keeper *k, const char *number, int *fd, struct err *e)
{
	int64_t n;
	int x = num_i64(number, 3, INT_MAX, &n);

	if (x == 0)
		x = keeper_read_handover(k, (int)n);
	if (x < 0)
		return x;
	*fd = (int)n;
	handover_inherit(&k->hand, *fd, false); /* no hook gets one of them */
	keeper_take_config(k);
	x = keeper_load(k, e);
	return x < 0 ? x : keeper_take_run(k, e);
}

int keeper_stop(const char *number)
{
	struct keeper k = { 0 };
	struct err e = { 0 };
	bool known;
	int fd, status = 0, x = keeper_continue(&k, number, &fd, &e);

	if (x < 0) /* the next command finds the lock free and clears up */
		return 1;
	(void)close(fd);
	for (int i = 0; i < k.hand.n_ttys; i++)
		(void)close(k.hand.tty[i]);
	close_fd(&k.hand.console_fd);
	close_fd(&k.hand.ready_fd);
	/* Of an init that was adopted the kernel need not tell us how it ended: then it is as if it had ended well. */
	known = identity_end(k.run.init_pid, k.run.init_pidfd, &status) == 0;
	k.run.init_pid = 0;
	close_fd(&k.run.init_pidfd);
	(void)!keeper_log(&k, &e);
	if (known)
		log_exit(status);
	else
		log_at(LOG_INFO, "stop", "init has ended; how, only its parent was told");
	keeper_note_end(&k, known ? status : ENDED_UNKNOWN);
	(void)!runtime_set_state(&k.run, STOPPING, &e);
	if (wants_reboot(status))
		k.hand.restarts = 0;
	else if (!keeper_restarts(&k))
		return end(&k, status);
	return begin_again(&k, status);
}
