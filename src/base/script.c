/* SPDX-License-Identifier: MIT */
/* A command line of the user's, run by the shell; see script.h. */
#include "base/script.h"

#include "base/own.h"
#include "base/spawn.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { CHUNK = 4096, DRAIN = 32, TAIL = 900, SHOWN_LINES = 6, LINE = 1024 };

static int most_ms = SCRIPT_MS;

/* What a script has printed: its end, for an error, and the line that it is in the middle of. */
struct output {
	char tail[TAIL];
	size_t n;
	bool cut; /* there was more before the tail */
	char line[LINE];
	size_t in_line;
};

struct job {
	const struct script *s;
	struct output out;
	int pipe, pidfd, signals, deadline_ms;
	bool hurried;
};

void script_hurry(int ms)
{
	most_ms = ms;
}

static bool is_plain(const char *arg)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	return *arg && arg[strspn(arg, plain)] == 0;
}

static void add_quoted(struct buf *b, const char *arg)
{
	buf_addf(b, "'");
	for (; *arg; arg++) {
		if (*arg == '\'')
			buf_addf(b, "'\\''");
		else
			buf_add(b, arg, 1);
	}
	buf_addf(b, "'");
}

char *script_line(const char *command, char *const *args)
{
	_own_buf struct buf b = { 0 };

	buf_addf(&b, "exec %s", command);
	for (; args && *args; args++) {
		buf_addf(&b, " ");
		if (is_plain(*args))
			buf_addf(&b, "%s", *args);
		else
			add_quoted(&b, *args);
	}
	return buf_take(&b);
}

static void end_line(struct job *j)
{
	j->out.line[j->out.in_line] = 0;
	if (j->s->on_line && j->out.in_line)
		j->s->on_line(j->s->command, j->out.line);
	j->out.in_line = 0;
}

static void keep_lines(struct job *j, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n' || j->out.in_line == LINE - 1)
			end_line(j);
		if (data[i] != '\n')
			j->out.line[j->out.in_line++] = data[i];
	}
}

static void keep_tail(struct output *o, const char *data, size_t n)
{
	size_t gone;

	if (n > TAIL) {
		data += n - TAIL;
		n = TAIL;
		o->n = 0;
		o->cut = true;
	}
	gone = o->n + n > TAIL ? o->n + n - TAIL : 0;
	if (gone) {
		memmove(o->tail, o->tail + gone, o->n - gone);
		o->cut = true;
	}
	memcpy(o->tail + o->n - gone, data, n);
	o->n += n - gone;
}

/* Bytes read; 0: nothing more will come; negative: nothing there now. */
static ssize_t take_output(struct job *j)
{
	char data[CHUNK];
	/* waits: it is O_NONBLOCK */
	ssize_t n = read(j->pipe, data, sizeof(data));

	if (n <= 0)
		return n;
	keep_lines(j, data, (size_t)n);
	keep_tail(&j->out, data, (size_t)n);
	return n;
}

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* 0: it has ended; -ETIMEDOUT; -EINTR: somebody wants the caller to end. */
static int await(struct job *j)
{
	long long end = now_ms() + j->deadline_ms;

	for (;;) {
		long long left = end - now_ms();
		struct pollfd p[] = { { j->pidfd, POLLIN, 0 }, { j->pipe, POLLIN, 0 }, { j->signals, POLLIN, 0 } };

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, ARRAY_SIZE(p), (int)left) < 0)
			continue;
		if (p[1].revents && take_output(j) == 0)
			close_fd(&j->pipe);
		if (p[0].revents)
			return 0;
		if (p[2].revents && j->s->signals == SCRIPT_ENDS)
			return -EINTR;
		if (p[2].revents) {
			close_fd(&j->signals);
			j->hurried = end > now_ms() + SCRIPT_HURRY_MS;
			end = j->hurried ? now_ms() + SCRIPT_HURRY_MS : end;
		}
	}
}

/* What a pipe may hold, no more: whatever it left running may print for ever. */
static void drain(struct job *j)
{
	for (int i = 0; i < DRAIN && j->pipe >= 0 && take_output(j) > 0; i++)
		;
	end_line(j);
}

/* Its last lines as an error shows them: under each other, without what a terminal would obey. */
static void tell_tail(struct output *o, struct err *e)
{
	_own_buf struct buf b = { 0 };
	size_t begin, lines = 0;

	while (o->n && strchr("\r\n", o->tail[o->n - 1]))
		o->n--;
	for (begin = o->n; begin > 0; begin--)
		if (o->tail[begin - 1] == '\n' && ++lines == SHOWN_LINES)
			break;
	if (begin == 0 && o->cut)
		while (begin < o->n && lines && o->tail[begin++] != '\n')
			;
	for (size_t i = begin; i < o->n; i++) {
		unsigned char c = (unsigned char)o->tail[i];

		if (c == '\n')
			buf_addf(&b, "\n          ");
		else
			buf_addf(&b, "%c", c == '\t' ? ' ' : c < ' ' || c == 0x7f ? '?' : c);
	}
	if (b.len)
		err_said(e, "%s", b.s);
}

/* 126 and 127 are the shell's own: the command could not be run. */
static void hint_shells(const char *command, int status, struct err *e)
{
	_own_free char *file = strndup(command, strcspn(command, " \t"));

	if (!file || file[0] != '/')
		return;
	if (status == 127 && access(file, F_OK) < 0)
		err_hint(e, "there is no %.150s: create it, or take this line out", file);
	else if (status == 127)
		err_hint(e, "the interpreter that the first line of %.150s names is missing", file);
	if (status == 126 && access(file, X_OK) < 0)
		err_hint(e, "make it executable: chmod +x %.150s", file);
}

static int blame(struct job *j, int ended, int status, struct err *e)
{
	const struct script *s = j->s;
	int x;

	if (ended == -ETIMEDOUT && j->hurried)
		x = err_say(e, ETIMEDOUT, "%s %s (%s) was killed: it had not ended %d seconds after a kill", s->what,
			    s->command, s->key, SCRIPT_HURRY_MS / 1000);
	else if (ended == -ETIMEDOUT)
		x = err_say(e, ETIMEDOUT, "%s %s (%s) was killed: it had not ended after %d seconds", s->what,
			    s->command, s->key, j->deadline_ms / 1000);
	else if (ended == -EINTR)
		x = err_say(e, EINTR, "%s %s (%s) was interrupted", s->what, s->command, s->key);
	else if (WIFSIGNALED(status))
		x = err_say(e, ECHILD, "%s %s (%s) was killed by signal %d (%s)", s->what, s->command, s->key,
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		x = err_say(e, ECHILD, "%s %s (%s) exited with status %d", s->what, s->command, s->key,
			    WEXITSTATUS(status));
	err_key(e, s->key, s->at);
	if (ended == 0 && WIFEXITED(status))
		hint_shells(s->command, WEXITSTATUS(status), e);
	tell_tail(&j->out, e);
	return x;
}

static int start(struct job *j, pid_t *pid, struct err *e)
{
	_own_free char *line = script_line(j->s->command, j->s->args);
	char *argv[] = { "sh", "-c", line, NULL };
	int pair[2], x;

	if (!line)
		return err_num(e, ENOMEM, "run", "%s", j->s->command);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "make", "a pipe");
	j->pipe = pair[0];
	(void)fcntl(j->pipe, F_SETFL, O_NONBLOCK);
	const int stdio[3] = { j->s->in, pair[1], pair[1] };
	const struct spawn sh = {
		.path = "/bin/sh", .argv = argv, .envp = j->s->envp, .stdio = stdio, .session = true, .dies = j->s->dies
	};

	x = spawn(&sh, pid, e);
	(void)close(pair[1]);
	if (x < 0) {
		err_key(e, j->s->key, j->s->at);
		return x;
	}
	j->pidfd = (int)syscall(SYS_pidfd_open, *pid, 0); /* Linux 5.3 */
	return 0;
}

static int open_signals(enum script_signals how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	if (how != SCRIPT_DEAF)
		(void)sigaddset(&set, SIGTERM);
	if (how == SCRIPT_ENDS) {
		(void)sigaddset(&set, SIGINT);
		(void)sigaddset(&set, SIGQUIT);
		(void)sigaddset(&set, SIGHUP);
	}
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* As pid 1 of a namespace we get what it orphaned, and nobody else reaps. */
static void reap_orphans(void)
{
	if (getpid() == 1)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
}

int script_run(const struct script *s, struct err *e)
{
	struct job j = { .s = s, .pipe = -1, .pidfd = -1, .signals = open_signals(s->signals) };
	int status = 0, ended = 0, x;
	pid_t pid = 0;

	j.deadline_ms = s->deadline_ms && s->deadline_ms < most_ms ? s->deadline_ms : most_ms;
	x = start(&j, &pid, e);
	if (x == 0) {
		ended = await(&j);
		if (ended < 0)
			(void)kill(-pid, SIGKILL); /* its session, of which it is the leader */
		/* waits: it has ended, or was killed */
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		drain(&j);
		reap_orphans();
		if (ended < 0 || status)
			x = blame(&j, ended, status, e);
	}
	close_fd(&j.pipe);
	close_fd(&j.pidfd);
	close_fd(&j.signals);
	return x;
}
