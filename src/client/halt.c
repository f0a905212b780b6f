/* SPDX-License-Identifier: MIT */
/* How the init of a container is told to end; see halt.h. Nothing of the container's is opened for that. */
#include "client/halt.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SETTLE_MS = 2000, STATUS_MOST = 1 << 16, SIGNALS = 3 };

/*
 * Init systems by the name of their program. Of the signals the first that it listens to is right; a later one is for
 * other builds of it. {SIGRTMIN + 3} is no constant: 34 is glibc's and musl's SIGRTMIN as seen from outside.
 */
enum { RTMIN = 34 };
static const struct known {
	const char *name;
	int stop[SIGNALS], reboot[SIGNALS];
} known[] = {
	{ "systemd", { RTMIN + 3 }, { SIGINT } },
	{ "busybox", { SIGUSR1 }, { SIGTERM } },
	{ "openrc-init", { SIGTERM }, { SIGINT } },
	{ "runit", { SIGPWR, SIGCONT }, { SIGINT } }, /* PWR is Debian's; CONT ends it where its stopit file says so */
	/* It blocks all and knows what a file of its folder says to each; without files TERM alone ends it. Where one
	 * makes that a reboot, no next life begins: the keeper was asked for an end. */
	{ "s6-svscan", { SIGTERM, SIGUSR1 }, { SIGINT } },
	{ "dinit", { SIGTERM }, { SIGINT } },
	{ "finit", { SIGUSR2 }, { SIGTERM } },
	{ "sinit", { SIGUSR1 }, { SIGINT } },
};

/* A program of no known name. One that calls itself init is told as LXC tells all: System V's ends by SIGPWR. */
static const struct known an_init = { "", { SIGPWR, SIGTERM }, { SIGINT } };
static const struct known a_program = { "", { SIGTERM, SIGPWR, SIGINT }, { SIGINT } };

struct look {
	char program[64], comm[32];
	unsigned long long caught, blocked, ignored, awaited;
	int64_t age_ms;
};

/* Its program's name: only the words of the link, which lead to a file of the container's. */
static void read_program(pid_t pid, struct look *l)
{
	char path[32], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = 0;
	slash = strrchr(target, '/');
	(void)snprintf(l->program, sizeof(l->program), "%.*s", (int)sizeof(l->program) - 1, slash ? slash + 1 : target);
	l->program[strcspn(l->program, " .")] = 0; /* "busybox.static", "systemd (deleted)" */
}

static unsigned long long mask_in(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? strtoull(at + strlen(word), NULL, 16) : 0;
}

static int read_signals(pid_t pid, struct look *l)
{
	_own_free char *text = NULL;
	char path[32];
	int x;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	x = io_read_file(AT_FDCWD, path, STATUS_MOST, &text, NULL);
	if (x < 0)
		return x;
	if (strncmp(text, "Name:\t", 6) == 0)
		(void)snprintf(l->comm, sizeof(l->comm), "%.*s", (int)strcspn(text + 6, "\n"), text + 6);
	l->blocked = mask_in(text, "\nSigBlk:\t");
	l->ignored = mask_in(text, "\nSigIgn:\t");
	l->caught = mask_in(text, "\nSigCgt:\t");
	return 0;
}

/*
 * Who is in sigtimedwait(2), as busybox' init and tini are, seems to block nothing: for that time the kernel lets
 * through what is awaited. It is the set at the first argument, in memory of the container's: eight bytes, and no more
 * than a guess of ours hangs on them.
 */
static void read_awaited(pid_t pid, struct look *l)
{
	_own_free char *text = NULL;
	unsigned long long set = 0;
	struct iovec to = { &set, sizeof(set) }, from = { NULL, sizeof(set) };
	char path[32], *end;

	(void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	if (io_read_file(AT_FDCWD, path, STATUS_MOST, &text, NULL) < 0 || strtol(text, &end, 10) != SYS_rt_sigtimedwait)
		return;
	from.iov_base =
		(void *)(uintptr_t)strtoull(end, NULL, 16); /* NOLINT(performance-no-int-to-ptr): of another process */
	if (process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof(set))
		l->awaited |= set;
}

/* The 22nd word: when it was born, in ticks since the machine's boot. */
static void read_age(pid_t pid, struct look *l)
{
	_own_free char *text = NULL;
	struct timespec now;
	const char *at;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (io_read_file(AT_FDCWD, path, STATUS_MOST, &text, NULL) < 0 || !(at = strrchr(text, ')')))
		return;
	for (int i = 2; i < 22 && at; i++)
		at = strchr(at + 1, ' ');
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	if (at)
		l->age_ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000 -
			    strtoll(at, NULL, 10) * 1000 / sysconf(_SC_CLK_TCK);
}

/* Blocked is as good as caught: for a signalfd, or sigwait(3). Signals that nobody catches do not reach a pid 1. */
static bool hears(const struct look *l, int sig)
{
	unsigned long long bit = 1ULL << (sig - 1);

	return sig == SIGKILL || sig == SIGSTOP || (l->caught | l->awaited) & bit ||
	       (l->blocked & bit && !(l->ignored & bit));
}

/* LXC's mark of it. Who blocks all signals, SIGSEGV too, waits for any. */
static bool is_like_systemd(const struct look *l)
{
	return l->blocked >> (RTMIN + 3 - 1) & 1 && !(l->blocked >> (SIGSEGV - 1) & 1);
}

static const struct known *find(const struct look *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(l->program, known[i].name) == 0 || (!*l->program && strcmp(l->comm, known[i].name) == 0))
			return &known[i];
	if (is_like_systemd(l))
		return &known[0];
	return strcmp(l->program, "init") == 0 || strcmp(l->comm, "init") == 0 ? &an_init : &a_program;
}

static void choose(const struct look *l, const int *sigs, struct halt *h)
{
	h->sig = SIGPWR;
	for (int i = 0; i < SIGNALS && sigs[i] && !h->heard; i++) {
		h->heard = hears(l, sigs[i]);
		if (h->heard || i == 0)
			h->sig = sigs[i];
	}
}

int halt_look(pid_t init, enum halt_end end, int configured, struct halt *h)
{
	struct look l = { 0 };
	const struct known *k;
	int x;

	read_awaited(init, &l);
	x = read_signals(init, &l);
	read_awaited(init, &l); /* it may have begun to wait in between */
	*h = (struct halt){ .sig = configured ?: end == HALT_STOP ? SIGPWR : SIGINT, .is = "" };
	if (x < 0)
		return x;
	read_program(init, &l);
	read_age(init, &l);
	h->settled = l.age_ms >= SETTLE_MS;
	k = find(&l);
	h->is = k->name;
	if (configured)
		h->heard = hears(&l, configured);
	else
		choose(&l, end == HALT_STOP ? k->stop : k->reboot, h);
	return 0;
}
