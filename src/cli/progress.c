/* SPDX-License-Identifier: MIT */
/*
 * A line on stderr about what takes longer than half a second: what it is, how much was copied, for how long. A process
 * of its own shows it, so that the work need not think of it; it ends, and the line with it, when the pipe to it
 * closes, also where the command was killed.
 */
#include "cli/progress.h"

#include "base/own.h"
#include "base/spawn.h"
#include "client/disk.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 500, NEXT_MS = 200, END_MS = 2000, MIB = 1 << 20 };

static void show(const char *what, const char *name, uint64_t copied, time_t seconds)
{
	char line[512], mib[32] = "";

	if (copied >= MIB)
		(void)snprintf(mib, sizeof(mib), "%llu MiB, ", (unsigned long long)copied / MIB);
	(void)snprintf(line, sizeof(line), "%s: %s, %s%lld s", name, what, mib, (long long)seconds);
	text_cut(line, text_columns(STDERR_FILENO) - 1); /* a whole line would make some terminals go on to the next */
	(void)dprintf(STDERR_FILENO, "\r%s\033[K", line);
}

static void tell_until_closed(int fd, const char *what, const char *name)
{
	struct pollfd p = { .fd = fd };
	time_t begin = time(NULL);
	bool shown = false;

	while (poll(&p, 1, shown ? NEXT_MS : FIRST_MS) == 0) {
		show(what, name, __atomic_load_n(disk_copied, __ATOMIC_RELAXED), time(NULL) - begin);
		shown = true;
	}
	if (shown)
		(void)dprintf(STDERR_FILENO, "\r\033[K");
}

/* Signals of the terminal are the command's: it says when this ends. Locks must not be held by this process, too. */
static void become_teller(int fd, const char *what, const char *name)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU };

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	if (dup2(fd, 3) < 0)
		_exit(1);
	(void)close_range(4, ~0U, 0);
	tell_until_closed(3, what, name);
	_exit(0);
}

void progress_begin(struct progress *p, const struct cli *c, const char *what, const char *name)
{
	void *page;
	int fd[2];

	*p = (struct progress){ .fd = -1 };
	if (c->quiet || !isatty(STDERR_FILENO) || pipe2(fd, O_CLOEXEC) < 0)
		return;
	page = mmap(NULL, sizeof(*disk_copied), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page != MAP_FAILED) {
		disk_copied = page;
		p->pid = fork();
	}
	if (page != MAP_FAILED && p->pid == 0) {
		(void)close(fd[1]);
		become_teller(fd[0], what, name);
	}
	(void)close(fd[0]);
	p->fd = fd[1];
}

void progress_end(struct progress *p)
{
	int status;

	close_fd(&p->fd);
	if (p->pid > 0)
		(void)!spawn_wait(p->pid, END_MS, &status);
	p->pid = 0;
}
