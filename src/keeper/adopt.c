/* SPDX-License-Identifier: MIT */
/*
 * keg-keeper adopt, resume: follows a keeper that was killed. Where its init lives on (lxc.monitor.signal.pdeath) this
 * process becomes its keeper: by the fds that a guard has held, or, where that is dead, too, by what stands in the
 * runtime folder. Where init is dead what is left is undone.
 */
#include "keeper/keeper.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/own.h"
#include "engine/ended.h"
#include "engine/fault.h"
#include "engine/identity.h"
#include "engine/leftovers.h"
#include "engine/runtime.h"
#include "features/cgroup.h"
#include "features/console.h"
#include "features/hooks.h"
#include "features/ready.h"
#include "features/rootfs.h"
#include "features/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

enum { LOCK_MS = 10 * 1000, STEP_MS = 5 };

/* Not one that is dead and not reaped yet: a child of its may hold the lock, until it has died of that. */
static bool lives(pid_t pid)
{
	_own_fd int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, 0) == 0;
}

/* Whoever holds the lock is the keeper; while it is not in the state file, it is about to be. */
static bool has_keeper(const struct keeper *k)
{
	struct err quiet = { 0 };
	struct status s;
	bool is = state_read(k->hand.lxcpath, k->hand.name, &s, &quiet) < 0 ||
		  (!s.dead && (s.keeper_pid <= 0 || lives(s.keeper_pid)));

	status_free(&s);
	return is;
}

/* Several commands see the same killed keeper: one gets the lock. -EBUSY: another has, and is the keeper by now. */
static int take_lock(struct keeper *k, struct err *e)
{
	const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };
	int fd = -EAGAIN;

	for (int ms = 0; ms < LOCK_MS; ms += STEP_MS) {
		fd = lock_take(k->hand.runtime_fd, "lock");
		if (fd != -EAGAIN)
			break;
		if (has_keeper(k))
			return -EBUSY;
		/* waits: the loop has its end */
		(void)nanosleep(&pause, NULL);
	}
	k->hand.lock_fd = fd;
	return fd < 0 ? err_num(e, -fd, "lock", "the runtime folder of %s", k->hand.name) : 0;
}

/* Fds that died with the keeper, and that nobody can make again. */
struct lost {
	bool console, listener;
	int ttys;
};

/* What was written down, but for the fds, which went with the one that was killed. */
static int read_dead(struct keeper *k, const struct status *s, int pidfd, struct lost *l)
{
	_own_fd int fd = openat(k->hand.runtime_fd, "handover", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const struct handover ours = k->hand;
	struct handover *h = &k->hand;
	int x = fd < 0 ? -errno : keeper_read_handover(k, fd);

	if (x < 0) {
		*h = ours;
		return x;
	}
	*l = (struct lost){ .console = h->console_fd >= 0, .ttys = h->n_ttys, .listener = h->listener_fd >= 0 };
	memcpy(h->name, ours.name, sizeof(h->name));
	memcpy(h->lxcpath, ours.lxcpath, sizeof(h->lxcpath));
	h->init_pid = s->init_pid;
	h->init_pidfd = pidfd;
	h->lock_fd = ours.lock_fd;
	h->runtime_fd = ours.runtime_fd;
	h->verdict_fd = ours.verdict_fd;
	h->control_fd = h->config_fd = h->console_fd = h->console_log_fd = h->log_fd = h->peer_fd = -1;
	h->listener_fd = h->proxy_fd = h->live_fd = h->ring_fd = h->ready_fd = h->writer_fd = h->begun_fd = -1;
	h->writer_pid = 0;
	for (int i = 0; i < RUN_NAMESPACES; i++)
		h->ns_fd[i] = -1;
	h->n_ttys = 0;
	h->foreground = 0;
	return 0;
}

static int listen_again(struct run *r, struct err *e)
{
	(void)unlinkat(r->runtime_fd, "control", 0);
	return runtime_listen(r, e);
}

/* It goes on all the same: that it is ready is then never heard. */
static void hear_again(struct run *r)
{
	struct err e = { 0 };

	if (ready_is_awaited(r->plan) && !ready_read(r->runtime_fd) && ready_listen_again(r, &e) < 0)
		log_err("adopt", &e);
}

/* What has them open is hung up; whoever opens them anew finds new ones. It goes on all the same where that cannot be.
 */
static void open_terminals_again(struct keeper *k, const struct lost *l)
{
	struct run *r = &k->run;
	struct err e = { 0 };

	if (!rootfs_private(&k->plan))
		return;
	if (l->console && console_open_again(r, &e) == 0)
		(void)!console_open_peer(&k->plan, &k->hand.peer_fd, &e);
	if (l->ttys && !k->plan.use_init && !e.set)
		(void)!tty_open_again(r, &e);
	if (e.set)
		log_err("adopt", &e);
}

static const char *fate(bool again)
{
	return again ? "new for whoever opens it from now on" : "dead until it is started anew";
}

static void tell_ttys(int from, int to, bool again)
{
	for (int n = from; n <= to; n++)
		log_at(LOG_WARN, "adopt", "its tty%d was hung up with the killed keeper, and is %s", n, fate(again));
}

/* For whoever looks for the reason. */
static void tell_lost(const struct run *r, const struct lost *l)
{
	bool console = r->slot[SLOT_CONSOLE].n || r->console_host_fd >= 0;
	int ttys = (int)r->slot[SLOT_TTYS].n;

	if (l->console)
		log_at(LOG_WARN, "adopt", "its console was hung up with the killed keeper, and is %s", fate(console));
	tell_ttys(1, ttys, true);
	tell_ttys(ttys + 1, l->ttys, false);
	if (l->listener)
		log_at(LOG_WARN, "adopt",
		       "system calls that its seccomp policy notifies fail with ENOSYS until it is "
		       "started anew");
}

/* For the hooks of its end, which go without where a plain user may not look at init: that is somebody else by now. */
static void hold_namespaces(const struct keeper *k, struct run *r)
{
	struct err e = { 0 };
	int x = hook_asks_namespaces(&k->plan) ? hook_hold_namespaces(r, &e) : 0;

	if (x == 0 && hook_asks_cgroup_namespace(&k->plan))
		x = hook_hold_cgroup_namespace(r, &e);
	if (x < 0)
		log_err("adopt", &e);
}

/* What a start does for the keeper itself, in its order. A killed one may have been here before us: all is replaced. */
static int settle(struct keeper *k, const struct lost *l, int *fd, struct err *e)
{
	struct run *r = &k->run;
	int x = fault_hit("adopt.begin", r, e);

	if (x == 0 && monitor_unshares(&k->plan))
		x = monitor_unshare(r, e);
	if (x == 0 && cgroup_leaves(&k->plan))
		x = cgroup_leave(r, e);
	if (x == 0) {
		hold_namespaces(k, r);
		x = listen_again(r, e);
	}
	if (x == 0)
		x = fault_hit("adopt.listen", r, e);
	if (x == 0)
		x = keeper_write_pidfile(k, e);
	if (x == 0)
		hear_again(r);
	if (x == 0)
		open_terminals_again(k, l);
	if (x == 0)
		x = *fd = keeper_prepare_idle(k, e);
	if (x >= 0)
		x = fault_hit("adopt.handover", r, e);
	if (x >= 0)
		x = runtime_take_over(r, e);
	return x < 0 ? x : fault_hit("adopt.state", r, e);
}

static int follow(struct keeper *k, const struct lost *l, struct err *e)
{
	int x, fd = -1;

	keeper_take_config(k);
	x = keeper_load(k, e);
	if (x == 0)
		x = keeper_take_run(k, e);
	if (x == 0)
		(void)!keeper_log(k, e);
	if (x == 0)
		x = settle(k, l, &fd, e);
	if (x < 0)
		return x;
	log_at(LOG_NOTICE, "adopt", "its keeper was killed; init, process %d, goes on under this one",
	       (int)k->run.init_pid);
	tell_lost(&k->run, l);
	keeper_tell(k, VERDICT_RUNNING, NULL, 0);
	close_fd(&k->hand.verdict_fd);
	keeper_become_idle(k, fd, e);
	return -EIO;
}

static int clear_up(struct keeper *k, struct err *e)
{
	_own_spec struct spec *none = NULL;
	struct plan plan = { .name = k->hand.name, .lxcpath = k->hand.lxcpath, .host = &k->host };
	struct run run;
	int x = host_look(&k->host, e);

	if (x == 0)
		x = spec_new(&none, e);
	plan.spec = none;
	run_init_fields(&run, &plan);
	run.runtime_fd = k->hand.runtime_fd;
	run.lock_fd = k->hand.lock_fd;
	if (x == 0)
		x = leftovers_undo(&run, e);
	if (x == 0)
		runtime_unlock(&run);
	return x;
}

static int adopt(struct keeper *k, struct err *e)
{
	int pidfd = -1, x = take_lock(k, e);
	struct status s;
	struct lost l;

	if (x < 0)
		return x;
	runtime_sweep(k->hand.runtime_fd);
	x = state_read(k->hand.lxcpath, k->hand.name, &s, e);
	if (x < 0)
		return x;
	if (identity_outlives(&s, &pidfd) && read_dead(k, &s, pidfd, &l) == 0)
		x = follow(k, &l, e);
	else
		x = clear_up(k, e);
	status_free(&s);
	return x;
}

static void fail(const struct keeper *k, const struct err *e)
{
	log_err("adopt", e);
	keeper_tell(k, VERDICT_FAILED, e, 0);
}

int keeper_adopt(const char *name, const char *lxcpath)
{
	struct keeper k = { .hand = { .log_fd = -1, .verdict_fd = KEEPER_FD_VERDICT } };
	struct err e = { 0 };
	int x;

	if (fcntl(k.hand.verdict_fd, F_SETFD, FD_CLOEXEC) < 0)
		k.hand.verdict_fd = -1;
	if (str_copy(k.hand.name, sizeof(k.hand.name), name) < 0 ||
	    str_copy(k.hand.lxcpath, sizeof(k.hand.lxcpath), lxcpath) < 0)
		return 2;
	x = k.hand.runtime_fd = state_open_dir(lxcpath, name, false, &e);
	if (x >= 0)
		x = adopt(&k, &e);
	if (x >= 0 || x == -ENOENT)
		keeper_tell(&k, VERDICT_ENDED, NULL, 0);
	else if (x == -EBUSY)
		keeper_tell(&k, VERDICT_RUNNING, NULL, 0);
	else
		fail(&k, &e);
	return x < 0;
}

/* What cannot be told or written is no reason to let go of a container whose fds are all here. */
int keeper_resume(const char *number)
{
	struct keeper k = { 0 };
	struct err e = { 0 };
	int fd;

	if (keeper_continue(&k, number, &fd, &e) < 0)
		return 1;
	(void)!keeper_log(&k, &e);
	log_at(LOG_NOTICE, "adopt", "its keeper was killed; the guard goes on in its place");
	(void)!keeper_write_pidfile(&k, &e);
	(void)!runtime_take_over(&k.run, &e);
	(void)!handover_write(fd, &k.hand); /* the config's fd is another */
	keeper_become_idle(&k, fd, &e);
	return 1;
}
