/* SPDX-License-Identifier: MIT */
/* keg-keeper stop: init has ended. Undoes the start, or begins it again where init asked for a reboot. */
#include "keeper/keeper.h"

#include "base/io.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "engine/clone.h"
#include "engine/event.h"
#include "engine/leftovers.h"
#include "engine/paths.h"
#include "engine/runtime.h"
#include "features/autostart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void again_cloexec(struct handover *h)
{
	const int kept[] = { h->init_pidfd, h->lock_fd,	   h->runtime_fd,     h->control_fd, h->config_fd,
			     h->verdict_fd, h->console_fd, h->console_log_fd, h->peer_fd,    h->log_fd };

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i] >= 0)
			(void)fcntl(kept[i], F_SETFD, FD_CLOEXEC);
	for (int i = 0; i < RUN_NAMESPACES; i++)
		if (h->ns_fd[i] >= 0)
			(void)fcntl(h->ns_fd[i], F_SETFD, FD_CLOEXEC);
	for (int i = 0; i < h->n_ttys; i++)
		(void)close(h->tty[i]);
	close_fd(&h->listener_fd);
	close_fd(&h->proxy_fd);
}

static int read_handover(struct keeper *k, int fd)
{
	struct handover *h = &k->hand;
	_own_free char *words = NULL;
	size_t len, at = 0;

	if (lseek(fd, 0, SEEK_SET) < 0 || io_read_full(fd, h, sizeof(*h)) != sizeof(*h) || h->magic != HANDOVER_MAGIC ||
	    h->size != sizeof(*h) || io_read_fd(fd, 16 << 20, &words, &len) < 0)
		return -EBADMSG;
	for (uint32_t i = 0; i < h->argv_words && at < len; i++) {
		if (strv_add(&k->argv, words + at) < 0)
			return -ENOMEM;
		at += strlen(words + at) + 1;
	}
	again_cloexec(h);
	(void)close(fd);
	return 0;
}

/* The config that it runs with, as commands have changed it since. */
static void take_config(struct keeper *k)
{
	int fd = openat(k->hand.runtime_fd, "config", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	close_fd(&k->hand.config_fd);
	k->hand.config_fd = fd;
}

/* The run as the start left it, as far as its undo needs it. */
static int take_run(struct keeper *k, struct err *e)
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

static void tell_exit(const struct keeper *k, int status)
{
	struct event ev = { .exited = 1, .value = status };

	(void)!str_copy(ev.name, sizeof(ev.name), k->hand.name);
	monitor_tell(k->hand.lxcpath, &ev);
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
	start_undo_all(&k->run);
	if (k->hand.pidfile[0])
		(void)unlink(k->hand.pidfile);
	log_at(LOG_NOTICE, "stop", "it has stopped");
	keeper_tell(k, VERDICT_ENDED, NULL, status);
	if (autostart_is_ephemeral(k->spec))
		destroy(k);
	return 0;
}

static int begin_again(struct keeper *k, int status)
{
	struct err e = { 0 };

	k->run.hooks.reboots = true;
	start_undo_rest(&k->run);
	if (k->run.hooks.refused)
		return end(k, status);
	monitor_tell_state(k->hand.lxcpath, k->hand.name, STOPPED);
	free(k->run.nics.v);
	run_init_fields(&k->run, &k->plan);
	k->run.runtime_fd = k->hand.runtime_fd;
	k->run.lock_fd = k->hand.lock_fd;
	close_fd(&k->hand.console_log_fd);
	k->page = seq_page_new(NULL, &e);
	if (k->page)
		return keeper_launch(k, start_row_after_lock());
	start_undo_all(&k->run);
	return 1;
}

int keeper_stop(const char *number)
{
	struct keeper k = { 0 };
	struct err e = { 0 };
	int64_t fd;
	int x = num_i64(number, 3, INT_MAX, &fd), status = 0;

	if (x == 0)
		x = read_handover(&k, (int)fd);
	if (x == 0)
		take_config(&k);
	if (x == 0)
		x = keeper_load(&k, &e);
	if (x == 0)
		x = take_run(&k, &e);
	if (x < 0) /* the next command finds the lock free and clears up */
		return 1;
	close_fd(&k.hand.console_fd);
	(void)waitpid(k.run.init_pid, &status, 0);
	k.run.init_pid = 0;
	close_fd(&k.run.init_pidfd);
	(void)!keeper_log(&k, &e);
	log_exit(status);
	tell_exit(&k, status);
	(void)!runtime_set_state(&k.run, STOPPING, &e);
	return wants_reboot(status) ? begin_again(&k, status) : end(&k, status);
}

int keeper_recover(const char *name, const char *lxcpath)
{
	struct host host;
	struct err e = { 0 };
	_own_spec struct spec *spec = NULL;
	struct plan plan = { .name = name, .lxcpath = lxcpath, .host = &host };
	struct run run;
	int x = host_look(&host, &e);

	if (x == 0)
		x = spec_new(&spec, &e);
	plan.spec = spec;
	run_init_fields(&run, &plan);
	if (x == 0)
		x = runtime_lock(&run, &e); /* clears up, then holds it */
	if (x == 0)
		runtime_unlock(&run);
	if (x < 0 && x != -EBUSY)
		err_print(&e, "keg", name);
	return x < 0 && x != -EBUSY;
}
