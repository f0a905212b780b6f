/* SPDX-License-Identifier: MIT */
/* The tracer; see trace.h. One loop that hears of every stop of every process, and lets it go on. */
#include "trace.h"

#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REST_MS = 20 * 1000 };

#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

struct tracee {
	pid_t pid;     /* 0: it has ended, or is at rest */
	bool idle;     /* has exec'd the idle stage while it was watched */
	bool resident; /* the keeper that was there before, and has not been woken yet */
	bool leaving;  /* stops for us to let it go */
	bool begun;    /* its calls count */
	bool foreign;  /* it has exec'd a program of somebody else's: a hook, a template's shell */
};

static struct {
	struct tracee v[PROCESSES];
	struct victim victim;
	struct outcome *out;
	pid_t command;
	bool command_ended;
} t;

static struct stat payload;

void trace_payload(const char *file)
{
	if (stat(file, &payload) < 0)
		fail("stat %s", file);
}

static int index_of(pid_t pid)
{
	for (int i = 0; i < t.out->processes; i++)
		if (t.v[i].pid == pid)
			return i;
	return -1;
}

/* Parent and child both tell of a birth, in any order. */
static int add(pid_t pid)
{
	int i = index_of(pid);

	if (i >= 0)
		return i;
	if (t.out->processes == PROCESSES)
		fail("more than %d processes", PROCESSES);
	i = t.out->processes++;
	t.v[i] = (struct tracee){ .pid = pid, .begun = i > 0 };
	return i;
}

static bool counts(int i)
{
	return !t.out->killed && t.v[i].begun && !t.v[i].foreign && (t.victim.process < 0 || t.victim.process == i);
}

static void go_on(int i, int sig)
{
	(void)ptrace(counts(i) ? PTRACE_SYSCALL : PTRACE_CONT, t.v[i].pid, NULL, (void *)(long)sig);
}

static void let_go(int i, int sig)
{
	(void)ptrace(PTRACE_DETACH, t.v[i].pid, NULL, (void *)(long)sig);
	t.v[i].pid = 0;
}

static void program_of(pid_t pid, char *name, size_t size)
{
	char link[64], path[4096];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	(void)snprintf(name, size, "%s", strrchr(path, '/') ? strrchr(path, '/') + 1 : "?");
}

static bool is_payload(pid_t pid)
{
	char link[64];
	struct stat st;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	return stat(link, &st) == 0 && st.st_ino == payload.st_ino && st.st_dev == payload.st_dev;
}

static void on_exec(int i)
{
	char *name = t.out->name[i];

	program_of(t.v[i].pid, name, sizeof(t.out->name[i]));
	t.v[i].begun = true;
	t.v[i].foreign = strncmp(name, "keg", 3) != 0;
	t.v[i].resident = t.v[i].leaving = false;
	t.v[i].idle = strcmp(name, "keg-idle") == 0 && !t.victim.whole_life;
	if (is_payload(t.v[i].pid) || (t.v[i].idle && !counts(i)))
		let_go(i, 0);
	else
		go_on(i, 0);
}

/* A keeper that has not been woken is stopped and let go. */
static void release_resident(void)
{
	for (int i = 0; i < t.out->processes; i++) {
		if (!t.v[i].pid || !t.v[i].resident || t.v[i].leaving)
			continue;
		t.v[i].leaving = true;
		(void)ptrace(PTRACE_INTERRUPT, t.v[i].pid, NULL, NULL);
	}
}

static void name_call(long nr, char *name, size_t size)
{
	char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)nr);

	(void)snprintf(name, size, "%s", known ? known : "?");
	free(known);
}

static bool waits(long nr)
{
	return nr == SYS_epoll_pwait || nr == SYS_ppoll ||
#ifdef SYS_poll
	       nr == SYS_poll || nr == SYS_epoll_wait ||
#endif
	       false;
}

static void strike(int i, long nr)
{
	struct outcome *o = t.out;

	program_of(t.v[i].pid, o->who, sizeof(o->who));
	(void)kill(t.v[i].pid, SIGKILL); /* its number is held until we have waited for it */
	o->killed = true;
	name_call(nr, o->what, sizeof(o->what));
	t.v[i].resident = false;
	release_resident();
}

static void on_call(int i)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t.v[i].pid, sizeof(info), &info) <= 0 || /* Linux 5.3 */
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || !counts(i)) {
		go_on(i, 0);
		return;
	}
	if (t.v[i].idle && waits((long)info.entry.nr)) {
		let_go(i, 0);
		return;
	}
	if (++t.out->calls[i] == t.victim.call && t.victim.process == i)
		strike(i, (long)info.entry.nr);
	else
		go_on(i, 0);
}

static void on_event(int i, int event, int sig)
{
	unsigned long pid = 0;

	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		if (ptrace(PTRACE_GETEVENTMSG, t.v[i].pid, NULL, &pid) == 0)
			(void)add((pid_t)pid);
		go_on(i, 0);
		return;
	case PTRACE_EVENT_EXEC:
		on_exec(i);
		return;
	case PTRACE_EVENT_STOP:
		if (t.v[i].leaving)
			let_go(i, 0);
		else if (sig != SIGTRAP)
			(void)ptrace(PTRACE_LISTEN, t.v[i].pid, NULL, NULL);
		else
			go_on(i, 0);
		return;
	}
	go_on(i, 0);
}

static void on_stop(int i, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (event)
		on_event(i, event, sig);
	else if (t.v[i].leaving) /* the interrupt that was asked for is forgotten with it */
		let_go(i, sig & 0x80 ? 0 : sig);
	else if (sig == (SIGTRAP | 0x80))
		on_call(i);
	else
		go_on(i, sig);
}

/* The command has ended, and everybody that it brought forth has, too, or has been let go. */
static bool at_rest(void)
{
	for (int i = 0; i < t.out->processes; i++)
		if (t.v[i].pid)
			return false;
	return t.command_ended;
}

static void one(pid_t pid, int status)
{
	int i = index_of(pid);

	if (i < 0 && WIFSTOPPED(status))
		i = add(pid);
	if (i < 0)
		return; /* an orphan that came to us as its subreaper */
	if (WIFSTOPPED(status)) {
		on_stop(i, status);
		return;
	}
	if (pid == t.command) {
		t.command_ended = true;
		t.out->status = status;
		release_resident();
	}
	t.v[i].pid = 0;
}

static void tell_hang(void)
{
	size_t n = 0, size = sizeof(t.out->hangs);
	char *to = t.out->hangs;

	for (int i = 0; i < t.out->processes; i++) {
		char path[64], call[128] = "";

		if (!t.v[i].pid)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)t.v[i].pid);
		(void)read_text(path, call, sizeof(call));
		n += (size_t)snprintf(to + n, n < size ? size - n : 0, "%s(%d) in %.20s; ", t.out->name[i],
				      (int)t.v[i].pid, call);
		if (n >= size)
			n = size - 1;
		(void)kill(t.v[i].pid, SIGKILL);
	}
}

static int loop(void)
{
	long long end = now_ms() + slow(REST_MS);
	int killing = 0;

	while (!at_rest()) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid > 0) {
			one(pid, status);
			continue;
		}
		if (pid < 0 && errno == ECHILD)
			return t.command_ended ? 0 : -ECHILD;
		if (now_ms() < end)
			continue;
		if (killing++ == 0)
			tell_hang();
		if (killing > 20)
			return -ETIMEDOUT;
	}
	return 0;
}

/* The child waits for a word before it execs, so that it is watched from the exec on. */
static pid_t begin(char *const argv[], int err_fd)
{
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		char c;

		(void)close(ready[1]);
		become_command(err_fd);
		if (read(ready[0], &c, 1) < 0)
			_exit(126);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)OPTIONS) < 0)
		fail("trace %s", argv[0]);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void watch_keeper(pid_t keeper)
{
	int i = add(keeper);

	if (ptrace(PTRACE_SEIZE, keeper, NULL, (void *)OPTIONS) < 0)
		fail("trace the keeper %d", (int)keeper);
	t.v[i].resident = true;
	program_of(keeper, t.out->name[i], sizeof(t.out->name[i]));
	if (counts(i))
		(void)ptrace(PTRACE_INTERRUPT, keeper, NULL, NULL);
}

int trace_run(char *const argv[], pid_t keeper, struct victim v, int err_fd, struct outcome *out)
{
	int r;

	memset(&t, 0, sizeof(t));
	*out = (struct outcome){ 0 };
	t.victim = v;
	t.out = out;
	t.command = begin(argv, err_fd);
	(void)add(t.command);
	if (keeper > 0)
		watch_keeper(keeper);
	tick(true);
	r = loop();
	tick(false);
	return r;
}
