/* SPDX-License-Identifier: MIT */
/* The table's functions that start, stop and watch a container. */
#include "abi/handle.h"
#include "abi/words.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* -1: it cannot be told. */
static int state_of(struct lxc_container *pub, pid_t *init)
{
	struct err e = { 0 };
	struct status s;
	int state = container_status(container_of(pub), &s, &e);

	if (state < 0) {
		abi_fail(pub, -state, &e);
		return -1;
	}
	state = s.down ? STOPPED : s.state;
	if (init)
		*init = state == STOPPED ? -1 : s.init_pid;
	status_free(&s);
	return state;
}

static const char *state(struct lxc_container *pub)
{
	int s = pub ? state_of(pub, NULL) : -1;

	return !pub ? NULL : s < 0 ? "INVALID STATE" : state_name((enum state)s);
}

static bool is_running(struct lxc_container *pub)
{
	return pub && state_of(pub, NULL) != STOPPED;
}

static pid_t init_pid(struct lxc_container *pub)
{
	pid_t pid = -1;

	return pub && state_of(pub, &pid) >= 0 && pid > 0 ? pid : -1;
}

/* Asked for once more with the pidfd in hand: the pid is init's still. */
static int init_pidfd(struct lxc_container *pub)
{
	pid_t pid = init_pid(pub);
	int fd;

	if (pid < 0)
		return pub ? -ESRCH : -EINVAL;
	fd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */
	if (fd < 0)
		return -errno;
	if (init_pid(pub) == pid)
		return fd;
	(void)close(fd);
	return -ESRCH;
}

static int milliseconds(int seconds)
{
	return seconds < 0 ? -1 : seconds > INT_MAX / 1000 ? INT_MAX : seconds * 1000;
}

/* What a start needs and the object does not hold yet. */
static int be_loaded(struct lxc_container *pub, struct err *e)
{
	_own_problems struct problems p = { 0 };
	_own_lock held = handle_lock(pub);
	struct container *c = container_of(pub);
	int r = 0;

	if (!c->spec) {
		if (!container_defined(c))
			return err_say(e, ENOENT, "%s is not defined", c->name);
		r = container_recall(c, &p);
	}
	if (r == 0)
		r = spec_check(c->spec, &p);
	if (r < 0 && p.n)
		*e = p.v[0];
	abi_mirror(pub);
	return r;
}

static bool start(struct lxc_container *pub, int use_init, char *const argv[])
{
	struct start_request r = { .use_init = use_init, .argv = (char **)argv };
	struct err e = { 0 };
	int status = 0, x;

	if (!pub)
		return false;
	pub->error_num = 1;
	if (state_of(pub, NULL) != STOPPED) {
		(void)err_say(&e, EBUSY, "%s is running already", pub->name);
		return abi_done(pub, -EBUSY, &e);
	}
	r.foreground = !pub->daemonize;
	r.pidfile = pub->pidfile;
	x = be_loaded(pub, &e);
	if (x == 0)
		x = container_start(container_of(pub), &r, &status, &e);
	if (x == 0 && r.foreground)
		pub->error_num = WIFSIGNALED(status) ? WTERMSIG(status) << 8 | 0x7f : status;
	return abi_done(pub, x, &e);
}

static bool startl(struct lxc_container *pub, int use_init, ...)
{
	_own_strv struct strv argv = { 0 };
	va_list ap;
	int r;

	va_start(ap, use_init);
	r = words_add(&argv, ap);
	va_end(ap);
	return r == 0 && start(pub, use_init, argv.v);
}

static bool stop(struct lxc_container *pub)
{
	struct err e = { 0 };

	return pub && abi_done(pub, container_kill(container_of(pub), &e), &e);
}

static bool done_in_time(struct lxc_container *pub, int r, const char *what, struct err *e)
{
	if (r == -ETIMEDOUT && !e->set)
		(void)err_say(e, ETIMEDOUT, "%s %s in time", pub->name, what);
	return abi_done(pub, r, e);
}

static bool shut_down(struct lxc_container *pub, int timeout)
{
	struct err e = { 0 };

	return pub && done_in_time(pub, container_shutdown(container_of(pub), milliseconds(timeout), &e),
				   "has not shut down", &e);
}

static bool reboot(struct lxc_container *pub)
{
	struct err e = { 0 };

	return pub && abi_done(pub, container_reboot(container_of(pub), 0, &e), &e);
}

static bool reboot2(struct lxc_container *pub, int timeout)
{
	struct err e = { 0 };

	if (!pub || state_of(pub, NULL) == STOPPED)
		return pub;
	return done_in_time(pub, container_reboot(container_of(pub), milliseconds(timeout), &e), "has not rebooted",
			    &e);
}

static bool freeze(struct lxc_container *pub)
{
	struct err e = { 0 };

	return pub && container_of(pub)->spec &&
	       abi_done(pub, container_freeze(container_of(pub), true, FREEZE_MS, &e), &e);
}

static bool unfreeze(struct lxc_container *pub)
{
	struct err e = { 0 };

	if (!pub || !container_of(pub)->spec)
		return false;
	if (state_of(pub, NULL) == STOPPED)
		return true;
	return abi_done(pub, container_freeze(container_of(pub), false, FREEZE_MS, &e), &e);
}

/* "STOPPED|RUNNING" as a bit mask; 0: a name is none. */
static unsigned mask_of(const char *states)
{
	_own_strv struct strv names = { 0 };
	unsigned mask = 0;

	if (strv_split(&names, states, "|") < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		int s = state_of_name(names.v[i]);

		if (s < 0)
			return 0;
		mask |= 1U << s;
	}
	return mask;
}

static bool wait_for(struct lxc_container *pub, const char *states, int timeout)
{
	unsigned mask = pub && states ? mask_of(states) : 0;
	struct err e = { 0 };
	int r;

	if (!mask)
		return false;
	r = container_wait(container_of(pub), mask, milliseconds(timeout), &e);
	if (r == -ETIMEDOUT && !e.set)
		(void)err_say(&e, ETIMEDOUT, "%s did not become %s", pub->name, states);
	return abi_done(pub, r, &e);
}

static bool want_daemonize(struct lxc_container *pub, bool daemonize)
{
	if (!pub || !container_of(pub)->spec)
		return false;
	pub->daemonize = daemonize;
	return true;
}

/* The keeper is a program of its own and gets no fd but those that it is meant to have. */
static bool want_close_all_fds(struct lxc_container *pub, bool close_fds)
{
	(void)close_fds;
	return pub && container_of(pub)->spec;
}

/* Nobody is asked for a state, so that there is nothing to time out. */
static bool set_timeout(struct lxc_container *pub, int timeout)
{
	if (!pub || (timeout < 1 && timeout != -1))
		return false;
	pub->rcv_timeout = timeout;
	return true;
}

/* Whether this user may signal init: 0 probes only. */
static bool may_control(struct lxc_container *pub)
{
	pid_t pid = pub ? init_pid(pub) : -1;

	return pub && (pid < 0 || kill(pid, 0) == 0 || errno != EPERM);
}

void abi_life_table(struct lxc_container *pub)
{
	pub->state = state;
	pub->is_running = is_running;
	pub->init_pid = init_pid;
	pub->init_pidfd = init_pidfd;
	pub->start = start;
	pub->startl = startl;
	pub->stop = stop;
	pub->shutdown = shut_down;
	pub->reboot = reboot;
	pub->reboot2 = reboot2;
	pub->freeze = freeze;
	pub->unfreeze = unfreeze;
	pub->wait = wait_for;
	pub->want_daemonize = want_daemonize;
	pub->want_close_all_fds = want_close_all_fds;
	pub->set_timeout = set_timeout;
	pub->may_control = may_control;
}
