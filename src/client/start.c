/* SPDX-License-Identifier: MIT */
/* Starts a container: hands its config to a keeper and waits for the verdict. */
#include "client/container.h"
#include "client/control.h"
#include "client/disk.h"
#include "client/pump.h"

#include "base/io.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/own.h"
#include "base/spawn.h"
#include "engine/paths.h"
#include "engine/start.h"
#include "features/console.h"
#include "keeper/verdict.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What a start needs while it is under way. */
struct launch {
	struct container *c;
	const struct start_request *r;
	int config_fd, page_fd, verdict[2], peer[2]; /* [0]: ours, [1]: the keeper's */
	struct seq_page *page;
	pid_t keeper; /* only in the foreground is it our child */
	struct verdict v;
	int ended; /* VERDICT_* of the last word; 0: it went without one */
	int control;
	int held;	     /* its files, until it runs */
	int64_t asked, told; /* when container_start() was called, and had its verdict */
};

static int plan(const struct container *c, const struct start_request *r, struct host *h, struct plan *p, struct err *e)
{
	struct request q = { .name = c->name,
			     .lxcpath = c->lxcpath,
			     .config_file = c->config_file,
			     .foreground = r->foreground,
			     .use_init = r->use_init,
			     .argv = r->argv,
			     .stdio = { -1, -1, -1 } };
	_own_free char *use = global_config("lxc.cgroup.use");
	int x = host_look(h, e);

	if (x == 0 && use)
		x = host_use(h, use, e);
	return x < 0 ? x : plan_make(p, c->spec, h, &q, e);
}

int container_check(const struct container *c, struct problems *p)
{
	static const struct start_request none;
	struct err e = { 0 };
	struct host h;
	struct plan pl;
	size_t before = p->n;
	int x = spec_check(c->spec, p);

	if (plan(c, &none, &h, &pl, &e) < 0)
		return x; /* a start would say why; it is not the config's fault */
	before = p->n;
	plan_warnings(&pl, p);
	for (size_t i = before; i < p->n && spec_strict(c->spec); i++) {
		problem_harden(&p->v[i]);
		x = -EINVAL;
	}
	plan_free(&pl);
	host_free(&h);
	return x;
}

static int explain(const struct container *c, const struct start_request *r, struct err *e)
{
	struct host h;
	struct plan p;
	int x = plan(c, r, &h, &p, e);

	if (x < 0)
		return x;
	x = seq_explain(&start_seq, &p, r->steps);
	plan_free(&p);
	host_free(&h);
	return x < 0 ? err_num(e, -x, "explain", "the start of %s", c->name) : 0;
}

static int print_config(const struct container *c, struct err *e)
{
	_own_lock held = container_lock(c);
	_own_buf struct buf b = { 0 };
	int x = spec_print(c->spec, &b);

	if (x == 0)
		x = io_memfd("keg-config", b.s ? b.s : "", b.len);
	return x < 0 ? err_num(e, -x, "write out", "the config of %s", c->name) : x;
}

/* The keeper works in "/". */
static int add_absolute(struct strv *argv, const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return strv_add(argv, path);
	return strv_addf(argv, "%s/%s", cwd, path);
}

/* A setting of the system's that the keeper, which reads none, has to know. */
static int add_global(struct strv *argv, const char *key, const char *option)
{
	_own_free char *value = global_config(key);

	return value ? strv_add(argv, option) | strv_add(argv, value) : 0;
}

static int build_argv(const struct launch *l, struct strv *argv)
{
	const struct start_request *r = l->r;
	int bad = strv_add(argv, "keg-keeper") | strv_add(argv, "start");

	if (r->foreground)
		bad |= strv_add(argv, "--foreground");
	else if (!r->leaves) /* a program that lives on may look at the keeper at once, or talk to it */
		bad |= strv_add(argv, "--tell-late");
	if (r->use_init)
		bad |= strv_add(argv, "--execute");
	if (container_defined(l->c) || l->c->config_file)
		bad |= strv_add(argv, "--config") | strv_add(argv, l->c->config_file);
	if (r->pidfile)
		bad |= strv_add(argv, "--pidfile") | add_absolute(argv, r->pidfile);
	if (log_fd() >= 0)
		bad |= strv_add(argv, "--log-prefix") | strv_add(argv, log_prefix());
	if (log_fd() >= 0 && r->log_level >= 0)
		bad |= strv_add(argv, "--log-level") | strv_add(argv, log_level_name(r->log_level));
	bad |= add_global(argv, "lxc.cgroup.pattern", "--cgroup-pattern");
	bad |= add_global(argv, "lxc.cgroup.use", "--cgroup-use");
	bad |= strv_add(argv, l->c->name) | strv_add(argv, l->c->lxcpath);
	for (char **a = r->argv; a && *a; a++)
		bad |= strv_add(argv, *a);
	return bad ? -ENOMEM : 0;
}

static int spawn_keeper(struct launch *l, struct err *e)
{
	_own_free char *path = path_libexec("keg-keeper");
	_own_strv struct strv argv = { 0 };
	const int null[3] = { -1, -1, -1 };
	const int fds[KEEPER_FDS] = {
		[KEEPER_FD_CONFIG - 3] = l->config_fd,
		[KEEPER_FD_VERDICT - 3] = l->verdict[1],
		[KEEPER_FD_PAGE - 3] = l->page_fd,
		[KEEPER_FD_PEER - 3] = l->peer[1],
		[KEEPER_FD_LOG - 3] = log_fd(),
		[KEEPER_FD_STDIO - 3] = l->r->foreground ? 0 : -1,
		[KEEPER_FD_STDIO - 2] = l->r->foreground ? 1 : -1,
		[KEEPER_FD_STDIO - 1] = l->r->foreground ? 2 : -1,
	};
	struct spawn s = { .path = path, .stdio = null, .fds = fds, .n_fds = KEEPER_FDS };
	int x;

	if (!path || build_argv(l, &argv) < 0)
		return err_num(e, ENOMEM, "run", "the keeper");
	s.argv = argv.v;
	s.session = true;
	s.detach = !l->r->foreground && !l->r->leaves;
	l->page->spawned = seq_now();
	x = spawn(&s, &l->keeper, e);
	if (x == -ENOENT)
		err_hint(e, "it is a part of Keg: install Keg again, or unset KEG_LIBEXEC");
	close_fd(&l->verdict[1]);
	close_fd(&l->peer[1]);
	return x;
}

/* The keeper went without a word: by a signal, or a defect. What it had made is cleared up now. */
static int tell_lost(struct launch *l, struct err *e)
{
	int at = l->page->at[KEEPER];
	const char *step = at > 0 && (size_t)at <= start_seq.n ? start_seq.v[at - 1].name : "its begin";
	struct err ignored = { 0 };

	if (container_adopt(l->c, &ignored) == 1)
		return err_say(e, ECHILD, "its keeper was killed; it runs on under a new one");
	return err_say(e, ECHILD, "its keeper died in step %s", step);
}

/* One word of the keeper's. 1: it runs; 0: it has ended; negative: it failed. */
static int take_verdict(struct launch *l, int timeout_ms, struct err *e)
{
	static _Thread_local struct msg m;
	int x = msg_recv(l->verdict[0], &m, timeout_ms);

	if (x == 0)
		return tell_lost(l, e);
	if (x < 0)
		return err_num(e, -x, "hear of", "the keeper of %s", l->c->name);
	msg_close_fds(&m);
	if (m.head.size != sizeof(l->v))
		return err_num(e, EBADMSG, "understand", "the keeper of %s", l->c->name);
	memcpy(&l->v, m.body, sizeof(l->v));
	l->ended = m.head.type;
	if (m.head.type == VERDICT_FAILED) {
		*e = l->v.err;
		return -(e->errnum ? e->errnum : ECHILD);
	}
	return m.head.type == VERDICT_RUNNING;
}

static int on_verdict(void *arg)
{
	struct launch *l = arg;
	struct err e = { 0 };
	int x = take_verdict(l, 0, &e);

	if (x < 0) { /* a reboot that failed, or a killed keeper */
		l->v.err = e;
		l->ended = VERDICT_FAILED;
	}
	return x <= 0;
}

static void on_size(void *arg, unsigned rows, unsigned columns)
{
	const struct launch *l = arg;

	if (l->control >= 0)
		control_winch(l->control, rows, columns);
}

/* Nobody types into a console that is not there, and what the command itself reads is not ours to take. */
static bool types(const struct launch *l)
{
	_own_lock held = container_lock(l->c);

	return !console_is_none(l->c->spec) && (!l->r->use_init || isatty(0));
}

/* Stays with the container: its console is the caller's terminal, signals go to the keeper. */
static int stay(struct launch *l, int *status, struct err *e)
{
	struct err none = { 0 };
	struct pump p = { .in = types(l) ? 0 : -1,
			  .out = 1,
			  .remote = l->peer[0],
			  .also = l->verdict[0],
			  .on_also = on_verdict,
			  .on_size = on_size,
			  .arg = l,
			  .log_fd = -1 };
	enum pump_end end;
	int x;

	l->control = isatty(0) ? control_connect(l->c, &none) : -1;
	x = pump_run(&p, &end, e);
	while (x == 0 && l->ended == VERDICT_RUNNING && end == PUMP_REMOTE_ENDED) {
		/* waits: the keeper's death ends it, and each of its steps has its deadline */
		x = take_verdict(l, MSG_FOREVER, e);
		x = x < 0 ? x : 0;
	}
	close_fd(&l->control);
	if (x == 0 && l->ended == VERDICT_FAILED) {
		*e = l->v.err;
		x = -(e->errnum ? e->errnum : ECHILD);
	}
	if (x == 0)
		*status = l->v.status;
	return x;
}

static int prepare(struct launch *l, struct err *e)
{
	l->config_fd = print_config(l->c, e);
	if (l->config_fd < 0)
		return l->config_fd;
	l->page = seq_page_new(&l->page_fd, e);
	if (!l->page)
		return -ENOMEM;
	l->page->asked = l->asked;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, l->verdict) < 0)
		return err_sys(e, "make", "a socket pair");
	if (l->r->foreground && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, l->peer) < 0)
		return err_sys(e, "make", "a socket pair");
	return 0;
}

/*
 * Of a command: while it stays, its signals are the container's: the keeper hands them on to init. That holds from
 * before it is spawned: what comes too early waits here, and then in the keeper until init runs. In a program of
 * somebody else's (liblxc) they stay that program's.
 */
static volatile pid_t passing_to; /* the keeper of a foreground start; there is one at a time in a process */
static volatile int too_early;

static const int passed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR, SIGALRM, SIGCONT };

static void pass(int sig)
{
	int saved = errno;

	if (passing_to > 0)
		(void)kill(passing_to, sig);
	else
		too_early = sig;
	errno = saved;
}

static void begin_passing(struct sigaction was[])
{
	struct sigaction act = { .sa_handler = pass, .sa_flags = SA_RESTART };

	passing_to = 0;
	too_early = 0;
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		(void)sigaction(passed[i], &act, &was[i]);
}

static void pass_to(pid_t keeper)
{
	passing_to = keeper;
	if (too_early)
		(void)kill(keeper, too_early);
}

static void end_passing(const struct sigaction was[])
{
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		(void)sigaction(passed[i], &was[i], NULL);
}

/* In the page that the keeper and INIT wrote to. */
static void tell_warnings(const struct launch *l)
{
	const struct warnings *w = &l->page->warnings;

	for (int i = 0; l->r->warn && i < w->n && i < WARNINGS_MOST; i++)
		l->r->warn(l->r->warn_arg, &w->v[i]);
}

static int run(struct launch *l, int *status, struct err *e)
{
	bool passes = l->r->foreground && l->r->pass_signals;
	struct sigaction was[ARRAY_SIZE(passed)];
	int x = prepare(l, e);

	if (x < 0)
		return x;
	if (passes)
		begin_passing(was);
	x = spawn_keeper(l, e);
	if (x == 0 && passes)
		pass_to(l->keeper);
	if (x == 0)
		/* waits: the keeper's death ends it, and each of its steps has its deadline */
		x = take_verdict(l, MSG_FOREVER, e);
	l->told = seq_now();
	close_fd(&l->held);
	tell_warnings(l);
	if (x == 1 && l->r->foreground)
		x = stay(l, status, e);
	if (passes)
		end_passing(was);
	if (l->r->trace) {
		seq_trace(&start_seq, l->page, l->r->out);
		buf_addf(l->r->out, "%8lld us             verdict\n", (long long)(l->told - l->asked) / 1000);
	}
	return x < 0 ? x : 0;
}

/*
 * Nobody removes, renames or replaces its files while it starts; later its keeper's lock says that it runs. A container
 * need not have a folder; one whose config and rootfs are in there has lost them to a destroy or a renaming meanwhile.
 * -ENODATA: there is nothing to hold.
 */
static int hold_files(const struct container *c, struct err *e)
{
	_own_storage struct storage s = { 0 };
	struct err ignored = { 0 };
	int fd = container_hold(c, 0, e);

	if (fd >= 0 || fd == -EBUSY || fd == -EINVAL)
		return fd;
	if (fd == -ENOENT && storage_inside(c, c->config_file) && storage_of(c->spec, &s, &ignored) == 0 && s.path &&
	    storage_inside(c, s.upper ?: s.path))
		return fd;
	err_clear(e);
	return -ENODATA;
}

int container_start(struct container *c, const struct start_request *r, int *status, struct err *e)
{
	struct launch l = { .c = c,
			    .r = r,
			    .config_fd = -1,
			    .page_fd = -1,
			    .verdict = { -1, -1 },
			    .peer = { -1, -1 },
			    .control = -1,
			    .held = -1 };
	int x, ignored = 0;

	if (r->steps)
		return explain(c, r, e);
	l.asked = seq_now();
	x = l.held = hold_files(c, e);
	if (x >= 0 || x == -ENODATA)
		x = run(&l, status ? status : &ignored, e);
	close_fd(&l.held);
	close_fd(&l.config_fd);
	close_fd(&l.page_fd);
	for (int i = 0; i < 2; i++) {
		close_fd(&l.verdict[i]);
		close_fd(&l.peer[i]);
	}
	seq_page_free(l.page);
	if (l.keeper > 0 && (r->foreground || x < 0))
		(void)!spawn_wait(l.keeper, 5000, &ignored);
	return x;
}
