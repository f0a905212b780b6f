/* SPDX-License-Identifier: MIT */
/* keg-keeper start: runs the table, tells the verdict, becomes the idle stage. */
#include "keeper/keeper.h"

#include "base/io.h"
#include "base/log.h"
#include "base/own.h"
#include "base/version.h"
#include "engine/event.h"
#include "engine/paths.h"
#include "engine/runtime.h"
#include "features/autostart.h"
#include "features/console.h"
#include "features/seccomp.h"
#include "features/signals.h"
#include "keeper/live.h"
#include "keeper/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { OPEN_AGAIN = -1 }; /* the number of that request */

static int usage(const char *why)
{
	(void)fprintf(stderr, "keg-keeper: %s\n", why);
	return 2;
}

/* An fd that the caller may have left closed. */
static int given_fd(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
}

static int parse(struct keeper *k, int argc, char **argv)
{
	struct handover *h = &k->hand;
	int i = 0, bad = 0;

	for (; i < argc && str_starts(argv[i], "--"); i++) {
		if (strcmp(argv[i], "--foreground") == 0)
			h->foreground = 1;
		else if (strcmp(argv[i], "--execute") == 0)
			h->use_init = 1;
		else if (strcmp(argv[i], "--tell-late") == 0)
			k->tells_late = true;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			bad |= str_copy(h->config_file, sizeof(h->config_file), argv[++i]);
		else if (strcmp(argv[i], "--pidfile") == 0 && i + 1 < argc)
			bad |= str_copy(h->pidfile, sizeof(h->pidfile), argv[++i]);
		else if (strcmp(argv[i], "--log-prefix") == 0 && i + 1 < argc)
			bad |= str_copy(h->log_prefix, sizeof(h->log_prefix), argv[++i]);
		else if (strcmp(argv[i], "--log-level") == 0 && i + 1 < argc)
			k->log_level = argv[++i];
		else if (strcmp(argv[i], "--cgroup-pattern") == 0 && i + 1 < argc)
			bad |= str_copy(h->cgroup_pattern, sizeof(h->cgroup_pattern), argv[++i]);
		else if (strcmp(argv[i], "--cgroup-use") == 0 && i + 1 < argc)
			bad |= str_copy(h->cgroup_use, sizeof(h->cgroup_use), argv[++i]);
		else
			return usage("unknown option");
	}
	if (argc - i < 2)
		return usage("no name");
	bad |= str_copy(h->name, sizeof(h->name), argv[i]);
	bad |= str_copy(h->lxcpath, sizeof(h->lxcpath), argv[i + 1]);
	for (i += 2; i < argc; i++)
		bad |= strv_add(&k->argv, argv[i]);
	return bad ? usage("a path is too long") : 0;
}

/*
 * In the foreground the caller's own fds reach init where there is no console, and the command of
 * lxc-execute where they are no terminals: files and pipes go through as they are.
 */
static void take_stdio(struct keeper *k)
{
	for (int i = 0; i < 3; i++) {
		int fd = given_fd(KEEPER_FD_STDIO + i);

		if (fd >= 0 && (!console_wanted(&k->plan) || (k->plan.use_init && !isatty(fd))))
			k->plan.stdio[i] = fd;
	}
}

static int fail(struct keeper *k, const struct err *e)
{
	log_err("start", e);
	keeper_tell(k, VERDICT_FAILED, e, 0);
	return 1;
}

/* What this host gives no meaning to, before anything is made. */
static int warn(struct keeper *k, struct err *e)
{
	_own_problems struct problems p = { 0 };
	int x = 0;

	plan_warnings(&k->plan, &p);
	for (size_t i = 0; i < p.n && x == 0; i++)
		x = run_warn(&k->run, &p.v[i], e);
	return x;
}

int keeper_start(int argc, char **argv)
{
	struct keeper k = {
		.hand = {
			.magic = HANDOVER_MAGIC,
			.size = sizeof(k.hand),
			.config_fd = given_fd(KEEPER_FD_CONFIG),
			.verdict_fd = given_fd(KEEPER_FD_VERDICT),
			.peer_fd = given_fd(KEEPER_FD_PEER),
			.log_fd = given_fd(KEEPER_FD_LOG),
			.console_fd = -1,
			.console_log_fd = -1,
			.listener_fd = -1,
			.proxy_fd = -1,
			.live_fd = -1,
			.ring_fd = -1,
			.ready_fd = -1,
			.writer_fd = -1,
			.begun_fd = -1,
		},
	};
	struct err e = { 0 };
	int x = parse(&k, argc, argv);

	if (x)
		return x;
	k.page = seq_page_map(given_fd(KEEPER_FD_PAGE), &e);
	if (k.page)
		k.page->begun = seq_now();
	x = k.page ? keeper_load(&k, &e) : -ENOMEM;
	if (x < 0) {
		keeper_tell(&k, VERDICT_FAILED, &e, 0);
		return 1;
	}
	k.run.warnings = &k.page->warnings;
	x = keeper_log(&k, &e);
	if (x == 0)
		x = warn(&k, &e);
	if (x < 0)
		return fail(&k, &e);
	take_stdio(&k);
	k.page->planned = seq_now();
	return keeper_begin(&k, 0, &e) < 0 ? fail(&k, &e) : 0;
}

int keeper_write_pidfile(const struct keeper *k, struct err *e)
{
	char pid[16];
	int x;

	if (!k->hand.pidfile[0])
		return 0;
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	x = io_replace_file_fast(AT_FDCWD, k->hand.pidfile, pid, strlen(pid), 0600, e);
	err_key(e, "--pidfile", (struct origin){ 0 });
	if (x == -ENOENT)
		err_hint(e, "create the folder that it is to be in");
	return x;
}

static int new_file(int dir)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, "handover.new", flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, "handover.new", 0) == 0) /* of one that was killed here */
		fd = openat(dir, "handover.new", flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* What the idle stage reads, after it the stop, and whoever follows a killed keeper. */
static int write_handover(struct keeper *k)
{
	struct handover *h = &k->hand;
	struct run *r = &k->run;
	_own_fd int fd = new_file(r->runtime_fd);
	int verdict = h->verdict_fd, x;

	if (fd < 0)
		return fd;
	h->init_pid = r->init_pid;
	h->init_pidfd = r->init_pidfd;
	h->lock_fd = r->lock_fd;
	h->runtime_fd = r->runtime_fd;
	h->control_fd = r->control_fd;
	h->console_fd = r->slot[SLOT_CONSOLE].n ? r->slot[SLOT_CONSOLE].v[0] : r->console_host_fd;
	h->n_ttys = (int32_t)(r->slot[SLOT_TTYS].n < HANDOVER_TTYS ? r->slot[SLOT_TTYS].n : HANDOVER_TTYS);
	for (int i = 0; i < h->n_ttys; i++)
		h->tty[i] = r->slot[SLOT_TTYS].v[i];
	h->listener_fd = r->slot[SLOT_SECCOMP].n ? r->slot[SLOT_SECCOMP].v[0] : -1;
	h->proxy_fd = r->proxy_fd;
	h->ready_fd = r->slot[SLOT_READY].n ? r->slot[SLOT_READY].v[0] : -1;
	h->notifies = autostart_ready(k->spec, NULL) == READY_NOTIFY;
	for (int i = 0; i < RUN_NAMESPACES; i++)
		h->ns_fd[i] = r->hooks.ns_fd[i];
	h->argv_words = (uint32_t)k->argv.n;
	h->outlives = signals_outlives(k->spec);
	memcpy(h->version, KEG_VERSION, sizeof(KEG_VERSION));
	h->begun_fd = k->tells_late ? verdict : -1;
	if (!h->foreground)
		h->verdict_fd = -1; /* it hears of the begin, and no more */
	x = handover_write(fd, h);
	h->verdict_fd = verdict;
	if (x == 0 && k->argv.n && lseek(fd, HANDOVER_WORDS, SEEK_SET) < 0)
		x = -errno;
	for (size_t i = 0; x == 0 && i < k->argv.n; i++)
		x = io_write_all(fd, k->argv.v[i], strlen(k->argv.v[i]) + 1);
	if (x == 0 && renameat(r->runtime_fd, "handover.new", r->runtime_fd, "handover") < 0)
		x = -errno;
	return x < 0 ? x : take_fd(&fd);
}

int keeper_prepare_idle(struct keeper *k, struct err *e)
{
	_own_free char *keeper = path_libexec("keg-keeper");
	int fd;

	if (!keeper || str_copy(k->hand.keeper, sizeof(k->hand.keeper), keeper) < 0)
		return err_num(e, ENOMEM, "run", "keg-idle");
	fd = write_handover(k);
	if (fd < 0) {
		(void)err_num(e, -fd, "write", "what its idle keeper has to know to the runtime folder of %s",
			      k->hand.name);
		if (fd == -ENOSPC)
			err_hint(e, "make room in the file system of the runtime folder: df /run");
	}
	return fd;
}

void keeper_become_idle(const struct keeper *k, int fd, struct err *e)
{
	_own_free char *idle = path_libexec("keg-idle");
	const struct handover *h = &k->hand;
	char number[16];
	char *argv[] = { "keg-keeper", number, (char *)h->name, (char *)h->lxcpath, NULL };

	(void)snprintf(number, sizeof(number), "%d", fd);
	handover_inherit(h, fd, true);
	if (!idle || execve(idle, argv, environ) < 0)
		(void)err_sys(e, "run", "%s", idle ? idle : "keg-idle");
}

/* As it is on the disk by now: a reboot's, whose writer is that of the life before, or another's. */
static int open_console_log(struct keeper *k)
{
	_own_free char *idle = path_libexec("keg-idle");
	struct handover *h = &k->hand;
	int32_t number = 0;
	int x;

	if (h->writer_fd < 0) {
		x = idle ? writer_start(h, idle) : -ENOMEM;
	} else {
		number = OPEN_AGAIN;
		x = writer_send(h->writer_fd, WRITER_OPEN, &number, sizeof(number));
	}
	return x < 0 ? x : writer_answer(h->writer_fd, number, WRITER_OPEN_MS);
}

/* A disk that does not answer is no reason not to start, still less for a reboot, which has asked nobody. */
static int begin_console_log(struct keeper *k, struct err *e)
{
	struct handover *h = &k->hand;
	bool again = h->writer_fd >= 0;
	struct err why = { 0 };
	int x;

	h->console_log_size = console_log_size(&k->plan);
	h->rotate = (uint8_t)console_old_logs(&k->plan);
	x = str_copy(h->console_log, sizeof(h->console_log), console_log_path(&k->plan));
	if (x < 0 || !h->console_log[0])
		return x;
	x = open_console_log(k);
	if (x == 0)
		return 0;
	if (x == -ETIMEDOUT || x == -EAGAIN) {
		(void)!console_blame_log(&k->plan, ETIMEDOUT, &why);
		if (!again)
			return run_warn(&k->run, &why, e);
		log_err("start", &why);
		return 0;
	}
	return console_blame_log(&k->plan, -x, e);
}

/* Between the table and the idle stage: what only makes sense once init runs. */
static int settle(struct keeper *k, struct err *e)
{
	int x = keeper_write_pidfile(k, e);

	if (x == 0)
		x = begin_console_log(k, e);
	if (x == 0 && k->hand.peer_fd < 0)
		x = console_open_peer(&k->plan, &k->hand.peer_fd, e);
	if (x == 0)
		x = str_copy(k->hand.proxy, sizeof(k->hand.proxy), seccomp_proxy(k->spec));
	if (x == 0)
		x = str_copy(k->hand.cookie, sizeof(k->hand.cookie), seccomp_cookie(k->spec));
	if (x == 0)
		k->hand.console_buffer_size = console_buffer_size(&k->plan);
	return x;
}

int keeper_begin(struct keeper *k, size_t first, struct err *e)
{
	int x, fd = -1;

	log_at(LOG_INFO, "start", "starting %s of %s", k->hand.name, k->hand.lxcpath);
	x = seq_run(&start_seq, first, &k->run, k->page, e);
	if (x < 0)
		return x;
	k->hand.began = seq_now();
	x = settle(k, e);
	if (x == 0)
		x = fd = keeper_prepare_idle(k, e);
	if (x >= 0)
		x = runtime_set_state(&k->run, RUNNING, e);
	if (x >= 0) {
		log_at(LOG_NOTICE, "start", "it runs: init is process %d", (int)k->run.init_pid);
		if (!k->tells_late)
			keeper_tell(k, VERDICT_RUNNING, NULL, 0);
		if (!k->tells_late && !k->hand.foreground)
			close_fd(&k->hand.verdict_fd);
		keeper_become_idle(k, fd, e); /* returns only where it failed */
	}
	writer_end(&k->hand, 0);
	seq_undo(&start_seq, first, start_seq.n - 1, &k->run);
	return e->errnum ? -e->errnum : -EIO;
}
