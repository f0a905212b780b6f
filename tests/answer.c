/* SPDX-License-Identifier: MIT */
/*
 * What does a process see and do in a container? A tiny static init that answers, so that a test needs
 * no distribution: a rootfs is a folder with this file in it.
 *
 *   answer WORD [ARG] [WORD [ARG]]...      the words are done one after the other
 *
 *   sleep            stays until a halt signal (SIGPWR, SIGUSR1, SIGTERM, SIGRTMIN+3): exit 0; SIGINT: reboots
 *   stubborn         stays, whatever signal comes
 *   exit N           ends at once
 *   kill N           sends signal N to itself
 *   children N       starts N processes that sleep
 *   orphan           starts a process whose parent dies: does pid 1 reap it?
 *   stray            starts a process that heeds no signal, and whose parent dies
 *   print TEXT       a line on stdout
 *   pour N           N MiB of lines on stdout, then "the last line"; how many ms that took to /poured
 *   echo             every line of stdin comes back as "you said: LINE", until end of file
 *   cat              stdin to stdout, byte by byte the same
 *   report FILE      identity, environment, cwd, namespaces, cgroups, mounts, fds as "FACT = VALUE" lines ("-": stdout)
 *   touch FILE       makes the file: "so far I have come"
 *   await FILE       until the file is there
 *   tty FILE         opens the terminal and answers its lines, as echo does
 *   spin             burns cpu, as sleep otherwise
 *   hear N           listens to signal N alone (0: to all); writes the one that comes to /heard, exit 0
 *   append FILE      adds a line to it
 *   notify TEXT      sends it to $NOTIFY_SOCKET
 *   nap MS           does nothing for so long, and listens to nothing
 *   deaf             listens to none
 *   halt             reboot(2), as a halt asks for
 *   reboot           the same, as a reboot does
 *   crash            touches memory that is not there
 *   eat N            takes N MiB of memory and touches it
 *   sethostname NAME does so, whatever comes of it
 *
 * Without a word: touch /ready, then sleep.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t halted, rebooted;

static void on_halt(int sig)
{
	if (sig == SIGINT)
		rebooted = 1;
	else
		halted = 1;
}

static void catch_signals(void (*handler)(int))
{
	int sigs[] = { SIGPWR, SIGUSR1, SIGTERM, SIGINT, SIGRTMIN + 3 };
	struct sigaction sa = { .sa_handler = handler };

	for (size_t i = 0; i < sizeof(sigs) / sizeof(*sigs); i++)
		sigaction(sigs[i], &sa, NULL);
}

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end) {
		fprintf(stderr, "answer: not a number: %s\n", text);
		exit(111);
	}
	return (int)n;
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0) {
		fprintf(stderr, "answer: %s: %s\n", path, strerror(errno));
		exit(111);
	}
	close(fd);
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void on_child(int sig)
{
	(void)sig;
}

/* Hundreds of these sit in one machine, so none wakes up for nothing: a signal is let in only while it waits. */
static void stay(int spin)
{
	sigset_t all, none;

	signal(SIGCHLD, on_child);
	sigfillset(&all);
	sigemptyset(&none);
	while (!halted && !rebooted) {
		sigprocmask(SIG_BLOCK, &all, NULL);
		reap();
		if (!spin && !halted && !rebooted)
			sigsuspend(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	if (rebooted)
		reboot(RB_AUTOBOOT);
	exit(0);
}

static void children(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_NAME, "answer-child");
			for (;;)
				pause();
		}
		if (pid < 0) {
			printf("fork %d: %s\n", i, strerror(errno));
			return;
		}
	}
}

static void orphan(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0) {
			usleep(100000);
			_exit(0);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void pour(int mib)
{
	static const char line[] = "a line of sixty-three letters, and its end, to fill the console\n";
	struct timespec begin, end;
	FILE *f;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (long n = mib * (1L << 20) / (long)(sizeof(line) - 1); n > 0; n--)
		if (write(1, line, sizeof(line) - 1) < 0)
			break;
	puts("the last line");
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &end);
	f = fopen("/poured", "w");
	fprintf(f, "%ld\n", (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	fclose(f);
}

static void stray(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int n = 1; n < NSIG; n++)
			(void)signal(n, SIG_IGN);
		if (fork() != 0)
			_exit(0);
		for (;;)
			pause();
	}
	waitpid(pid, NULL, 0);
}

static void echo(FILE *in, FILE *out)
{
	char line[4096];

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\r\n")] = 0;
		fprintf(out, "you said: %s\n", line);
		fflush(out);
	}
}

static void tty(const char *path)
{
	FILE *f = fopen(path, "r+e");

	if (!f) {
		fprintf(stderr, "answer: %s: %s\n", path, strerror(errno));
		exit(111);
	}
	setvbuf(f, NULL, _IONBF, 0);
	echo(f, f);
	fclose(f);
}

static void cat(void)
{
	static char buf[65536];
	ssize_t n, w;

	while ((n = read(0, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n; at += w) {
			w = write(1, buf + at, (size_t)(n - at));
			if (w < 0)
				exit(111);
		}
}

static void lines(FILE *out, const char *name, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[8192];

	if (!f) {
		fprintf(out, "%s = <%s>\n", name, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f))
		fprintf(out, "%s = %.*s\n", name, (int)strcspn(line, "\n"), line);
	fclose(f);
}

/* Every link of a folder of /proc; not what this program has open itself. */
static void links(FILE *out, const char *name, const char *folder)
{
	DIR *d = opendir(folder);

	for (struct dirent *e; d && (e = readdir(d));) {
		char target[4096];
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		if (n > 0 && atoi(e->d_name) != dirfd(d) && (out == stdout || atoi(e->d_name) != fileno(out)))
			fprintf(out, "%s.%s = %.*s\n", name, e->d_name, (int)n, target);
	}
	if (d)
		closedir(d);
}

static void report(const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	struct utsname u;
	char cwd[4096];

	if (!out)
		exit(111);
	uname(&u);
	fprintf(out, "pid = %d\nsid = %d\nhost = %s\n", getpid(), getsid(0), u.nodename);
	fprintf(out, "uid = %d\ngid = %d\n", getuid(), getgid());
	fprintf(out, "cwd = %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	for (char **e = environ; *e; e++)
		fprintf(out, "env = %s\n", *e);
	links(out, "ns", "/proc/self/ns");
	links(out, "fd", "/proc/self/fd");
	lines(out, "cgroup", "/proc/self/cgroup");
	lines(out, "status", "/proc/self/status");
	lines(out, "mount", "/proc/self/mountinfo");
	fflush(out);
	if (out != stdout)
		fclose(out);
}

static void await(const char *path)
{
	while (access(path, F_OK) && !halted)
		usleep(10000);
}

static void append(const char *path)
{
	FILE *f = fopen(path, "ae");

	if (!f)
		exit(111);
	fputs("once more\n", f);
	fclose(f);
}

static void notify(const char *text)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path ? path : "");
	if (!path || sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, sizeof(a)) < 0)
		exit(111);
	close(fd);
}

static volatile sig_atomic_t heard;

static void on_any(int sig)
{
	heard = sig;
}

static void listen_to(void (*handler)(int), int sig)
{
	for (int i = 1; i <= 64; i++)
		if (i != SIGCHLD)
			signal(i, sig == 0 || sig == i ? handler : SIG_DFL);
}

static void hear(int sig)
{
	FILE *f;

	listen_to(on_any, sig);
	touch("/ready");
	while (!heard)
		usleep(10000);
	f = fopen("/heard", "we");
	if (f) {
		fprintf(f, "%d\n", (int)heard);
		fclose(f);
	}
	exit(0);
}

/* As pid 1 it dies of this alone: signals that it sends itself do not reach it. */
static void crash(void)
{
	volatile unsigned long nowhere = 8;

	*(volatile int *)nowhere = 1;
}

static void eat(int mib)
{
	for (int i = 0; i < mib; i++) {
		char *m = malloc(1 << 20);

		if (!m)
			exit(111);
		memset(m, 1, 1 << 20);
	}
}

static int is(const char *word, const char *name)
{
	return strcmp(word, name) == 0;
}

/* The words that take no argument; 0: not one of them. */
static int alone(const char *word)
{
	if (is(word, "sleep") || is(word, "spin"))
		stay(is(word, "spin"));
	else if (is(word, "stubborn"))
		for (catch_signals(SIG_IGN);; usleep(20000))
			reap();
	else if (is(word, "orphan"))
		orphan();
	else if (is(word, "stray"))
		stray();
	else if (is(word, "halt"))
		reboot(RB_HALT_SYSTEM);
	else if (is(word, "reboot"))
		reboot(RB_AUTOBOOT);
	else if (is(word, "crash"))
		crash();
	else if (is(word, "deaf"))
		for (listen_to(SIG_DFL, 0), touch("/ready");;)
			pause();
	else if (is(word, "echo"))
		echo(stdin, stdout);
	else if (is(word, "cat"))
		cat();
	else
		return 0;
	return 1;
}

static void with(const char *word, const char *arg)
{
	if (is(word, "exit"))
		exit(number(arg));
	else if (is(word, "kill"))
		kill(getpid(), number(arg));
	else if (is(word, "children"))
		children(number(arg));
	else if (is(word, "print"))
		printf("%s\n", arg);
	else if (is(word, "report"))
		report(arg);
	else if (is(word, "touch"))
		touch(arg);
	else if (is(word, "await"))
		await(arg);
	else if (is(word, "tty"))
		tty(arg);
	else if (is(word, "append"))
		append(arg);
	else if (is(word, "notify"))
		notify(arg);
	else if (is(word, "pour"))
		pour(atoi(arg));
	else if (is(word, "nap")) {
		listen_to(SIG_DFL, 0);
		usleep((useconds_t)number(arg) * 1000);
	} else if (is(word, "hear"))
		hear(number(arg));
	else if (is(word, "eat"))
		eat(number(arg));
	else if (is(word, "sethostname"))
		(void)!sethostname(arg, strlen(arg));
	else {
		fprintf(stderr, "answer: unknown word %s\n", word);
		exit(111);
	}
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	catch_signals(on_halt);
	if (argc < 2) {
		touch("/ready");
		stay(0);
	}
	for (int i = 1; i < argc; i++) {
		if (alone(argv[i]))
			continue;
		if (i + 1 == argc) {
			fprintf(stderr, "answer: %s wants an argument\n", argv[i]);
			return 111;
		}
		with(argv[i], argv[i + 1]);
		i++;
	}
	return 0;
}
