/* SPDX-License-Identifier: MIT */
/*
 * Ends, restarts, freezes and awaits a running container. Nothing here asks the keeper: init's pid comes
 * from the state file, is made sure of by a pidfd, and the kernel tells the rest.
 */
#include "client/container.h"

#include "base/own.h"
#include "base/script.h"
#include "features/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

enum { KILL_MS = 30 * 1000, STEP_MS = 100 };
enum { HOOKS_MS = SCRIPT_MS + KILL_MS }; /* what its stop and post-stop hooks may take, after init's end */

/* init as a pidfd. The pid is init's for as long as the keeper, which alone reaps it, holds the lock. */
static int open_init(const struct container *c, struct status *s, struct err *e)
{
	_own_fd int fd = -1;
	int x = container_status(c, s, e);

	if (x < 0)
		return x;
	if (s->dead && container_adopt(c, e) < 0)
		return -EIO;
	if (s->state == STOPPED || s->init_pid <= 0)
		return err_say(e, ESRCH, "it is not running");
	fd = (int)syscall(SYS_pidfd_open, s->init_pid, 0); /* Linux 5.3 */
	if (fd < 0)
		return errno == ESRCH ? err_say(e, ESRCH, "it is not running") : err_sys(e, "open", "its init");
	status_free(s);
	x = container_status(c, s, e);
	if (x < 0)
		return x;
	return s->state == STOPPED ? err_say(e, ESRCH, "it is not running") : take_fd(&fd);
}

static int send(int pidfd, int sig, struct err *e)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 && errno != ESRCH)
		return err_sys(e, "send", "signal %d to its init", sig);
	return 0;
}

/* Before the signal goes out: the keeper tells, and keeps, why it ended. */
static void ask(const struct container *c, enum asked_for asked)
{
	struct err ignored = { 0 };
	_own_fd int dir = state_open_dir(c->lxcpath, c->name, false, &ignored);

	if (dir >= 0)
		asked_note(dir, asked);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool is_in(const struct container *c, enum state state)
{
	struct err e = { 0 };
	struct status s;
	bool is = container_status(c, &s, &e) == 0 && s.state == state;

	status_free(&s);
	return is;
}

/* Waits on a state by its events; the socket was there before the state was asked. */
static int wait_states(const struct container *c, int events, unsigned states, int timeout_ms, struct err *e)
{
	int64_t end = now_ms() + timeout_ms;
	struct event ev;

	for (;;) {
		struct status s;
		int x = container_status(c, &s, e), left, known;

		if (x < 0)
			return x;
		known = s.state;
		status_free(&s);
		if (states & 1U << known)
			return 0;
		if (timeout_ms == 0)
			return -ETIMEDOUT;
		left = timeout_ms < 0 ? -1 : (int)(end - now_ms());
		if (timeout_ms > 0 && left <= 0)
			return -ETIMEDOUT;
		/* A killed keeper tells nobody: so look again, now and then. */
		x = monitor_next(events, &ev, left < 0 || left > 1000 ? 1000 : left);
		if (x == 1 && ev.kind == EVENT_STATE && strcmp(ev.name, c->name) == 0 && states & 1U << ev.value)
			return 0;
	}
}

int container_wait(struct container *c, unsigned states, int timeout_ms, struct err *e)
{
	int events = monitor_open(c->lxcpath, e), x;

	if (events < 0)
		return events;
	x = wait_states(c, events, states, timeout_ms, e);
	monitor_close(events, c->lxcpath);
	return x;
}

/* A frozen task takes no signal on v1, and no handler runs on v2 until it is thawed. */
static void thaw(const struct container *c)
{
	struct cgroup_host host;
	struct cgroup_tree t;
	struct err e = { 0 };

	if (container_cgroup(c, &host, &t, &e) < 0)
		return;
	if (cgroup_tree_frozen(&t) == 1)
		(void)!cgroup_tree_freeze(&t, false, 10000, &e);
	cgroup_tree_close(&t);
}

/* What the config says; without one, `dflt`. */
static int signal_of(const struct container *c, int (*of)(const struct spec *), int dflt)
{
	_own_lock held = container_lock(c);

	return c->spec ? of(c->spec) : dflt;
}

int container_kill(struct container *c, struct err *e)
{
	struct status s = { 0 };
	struct err none = { 0 };
	_own_fd int init = open_init(c, &s, &none);
	int sig, x;

	status_free(&s);
	if (init == -ESRCH)
		return 0;
	if (init < 0) {
		*e = none;
		return init;
	}
	sig = signal_of(c, signals_stop, SIGKILL);
	ask(c, ASKED_KILL);
	x = send(init, sig, e);
	if (x < 0)
		return x;
	thaw(c);
	x = container_wait(c, 1U << STOPPED, KILL_MS, e);
	if (x == -ETIMEDOUT && is_in(c, STOPPING)) /* init is dead; what takes its time are hooks */
		x = container_wait(c, 1U << STOPPED, HOOKS_MS, e);
	return x == -ETIMEDOUT ? err_say(e, ETIMEDOUT, "it does not end: signal %d did not end its init", sig) : x;
}

/* The signal that this init listens to: what the config says, else what the init is seen to catch. */
static int halt_signal(const struct container *c, pid_t init)
{
	int configured = signal_of(c, signals_halt, 0);
	unsigned long long blocked = 0;
	char path[64], line[256];
	FILE *f;

	if (configured)
		return configured;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)init);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
			break;
	if (f)
		(void)fclose(f);
	/* systemd keeps SIGRTMIN+3 blocked for its signalfd */
	return blocked >> (SIGRTMIN + 3 - 1) & 1 ? SIGRTMIN + 3 : SIGPWR;
}

int container_shutdown(struct container *c, int timeout_ms, struct err *e)
{
	struct status s = { 0 };
	struct err none = { 0 };
	_own_fd int init = open_init(c, &s, &none);
	int events, x;

	if (init == -ESRCH)
		return 0;
	if (init < 0) {
		*e = none;
		return init;
	}
	ask(c, ASKED_STOP);
	events = monitor_open(c->lxcpath, e);
	x = events < 0 ? events : send(init, halt_signal(c, s.init_pid), e);
	status_free(&s);
	if (x == 0 && timeout_ms != 0)
		x = wait_states(c, events, 1U << STOPPED, timeout_ms, e);
	if (events >= 0)
		monitor_close(events, c->lxcpath);
	return x;
}

int container_reboot(struct container *c, int timeout_ms, struct err *e)
{
	struct status s = { 0 };
	_own_fd int init = open_init(c, &s, e);
	int64_t end = now_ms() + timeout_ms;
	pid_t before = s.init_pid;
	int reboot = signal_of(c, signals_reboot, 0) ?: SIGINT, x;

	status_free(&s);
	if (init < 0)
		return init;
	ask(c, ASKED_REBOOT);
	x = send(init, reboot, e);
	while (x == 0 && timeout_ms != 0) {
		const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };

		if (container_status(c, &s, e) == 0 && s.state == RUNNING && s.init_pid != before)
			break;
		status_free(&s);
		if (is_in(c, STOPPED))
			return err_say(e, ESRCH, "it stopped instead of rebooting");
		if (timeout_ms > 0 && now_ms() >= end)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	return x;
}

int container_freeze(struct container *c, bool freeze, struct err *e)
{
	struct cgroup_host host;
	struct cgroup_tree t;
	int x = container_cgroup(c, &host, &t, e);

	if (x < 0)
		return x;
	if (cgroup_tree_frozen(&t) == freeze) {
		cgroup_tree_close(&t);
		return 0;
	}
	monitor_tell_state(c->lxcpath, c->name, freeze ? FREEZING : THAWED);
	x = cgroup_tree_freeze(&t, freeze, 10000, e);
	if (x == 0)
		monitor_tell_state(c->lxcpath, c->name, freeze ? FROZEN : RUNNING);
	cgroup_tree_close(&t);
	return x;
}
