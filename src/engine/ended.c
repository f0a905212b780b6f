/* SPDX-License-Identifier: MIT */
/* How a container ended, and what it had been asked for; see ended.h. */
#include "engine/ended.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOWN "ended.console"

enum { ENDED_MOST = 4096, ASKED_SIZE = READY_AT };

static const char *const reasons[] = {
	[ENDED_EXIT] = "exit",	     [ENDED_HALT] = "halt",   [ENDED_REBOOT] = "reboot",
	[ENDED_STOP] = "stop",	     [ENDED_KILL] = "kill",   [ENDED_OOM] = "oom",
	[ENDED_SECCOMP] = "seccomp", [ENDED_CRASH] = "crash", [ENDED_LOST] = "lost",
};
_Static_assert(ARRAY_SIZE(reasons) == ENDED_REASONS, "every reason has its name");

static const char *const asks[] = {
	[ASKED_NOTHING] = "", [ASKED_STOP] = "stop", [ASKED_KILL] = "kill", [ASKED_REBOOT] = "reboot"
};
_Static_assert(ARRAY_SIZE(asks) == ASKED_COUNT, "all that can be asked has its name");

const char *ended_name(enum ended_reason reason)
{
	return reasons[reason];
}

/* reboot(2) in a pid namespace ends its init by SIGHUP for a restart, by SIGINT for a halt. */
enum ended_reason ended_why(int status, enum asked_for asked, bool oom)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGHUP)
		return ENDED_REBOOT;
	if (sig == SIGKILL && asked == ASKED_KILL)
		return ENDED_KILL;
	if (sig == SIGKILL)
		return oom ? ENDED_OOM : ENDED_CRASH;
	if (sig == SIGSYS)
		return ENDED_SECCOMP;
	if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT || sig == SIGTRAP)
		return ENDED_CRASH;
	if (asked == ASKED_KILL || asked == ASKED_STOP)
		return asked == ASKED_KILL ? ENDED_KILL : ENDED_STOP;
	return sig == 0 ? ENDED_EXIT : sig == SIGINT ? ENDED_HALT : ENDED_CRASH;
}

int ended_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int word_of(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

/* The container's folder, which is not made for this. */
static int open_folder(const char *lxcpath, const char *name)
{
	_own_free char *path = str_fmt("%s/%s", lxcpath, name);

	return path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* A line's word and number; lines of a later version are left alone. */
static void take_line(struct ended *out, const char *word, const char *value)
{
	int64_t n;

	if (strcmp(word, "reason") == 0 && word_of(reasons, ENDED_REASONS, value) >= 0)
		out->reason = (enum ended_reason)word_of(reasons, ENDED_REASONS, value);
	else if (strcmp(word, "status") == 0 && num_i64(value, 0, UINT16_MAX, &n) == 0)
		out->status = (int)n;
	else if (strcmp(word, "at") == 0 && num_i64(value, 1, INT64_MAX, &n) == 0)
		out->at_ms = n;
	else if (strcmp(word, "restarts") == 0 && num_i64(value, 0, UINT32_MAX, &n) == 0)
		out->restarts = (unsigned)n;
	else if (strcmp(word, "shown") == 0 && num_i64(value, 1, INT64_MAX, &n) == 0)
		out->shown = (uint64_t)n;
}

int ended_read(const char *lxcpath, const char *name, struct ended *out)
{
	_own_fd int dir = open_folder(lxcpath, name);
	_own_free char *text = NULL;
	char *save = NULL;
	int x = dir < 0 ? -ENOENT : io_read_file(dir, "ended", ENDED_MOST, &text, NULL);

	*out = (struct ended){ .status = ENDED_UNKNOWN };
	if (x < 0)
		return x;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank)
			continue;
		*blank = 0;
		take_line(out, line, blank + 1);
	}
	return out->at_ms ? 0 : -ENOENT;
}

void ended_write(const char *lxcpath, const char *name, const struct ended *end)
{
	_own_fd int dir = open_folder(lxcpath, name);
	_own_buf struct buf b = { 0 };
	struct err ignored = { 0 };
	struct timespec now;

	if (dir < 0)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	buf_addf(&b, "at %lld\nreason %s\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		 reasons[end->reason]);
	if (end->status != ENDED_UNKNOWN)
		buf_addf(&b, "status %d\n", end->status);
	if (end->restarts)
		buf_addf(&b, "restarts %u\n", end->restarts);
	if (end->shown)
		buf_addf(&b, "shown %llu\n", (unsigned long long)end->shown);
	if (!b.failed)
		(void)!io_replace_file_fast(dir, "ended", b.s, b.len, 0644, &ignored);
}

int ended_read_shown(const char *lxcpath, const char *name, char **text, size_t *len)
{
	_own_fd int dir = open_folder(lxcpath, name);

	return dir < 0 ? -ENOENT : io_read_file(dir, SHOWN, ENDED_SHOWN_MOST, text, len);
}

bool ended_write_shown(const char *lxcpath, const char *name, const char *text, size_t len)
{
	_own_fd int dir = open_folder(lxcpath, name);
	struct err ignored = { 0 };

	return dir >= 0 && io_replace_file_fast(dir, SHOWN, text, len, 0600, &ignored) == 0;
}

int asked_note(int runtime_fd, enum asked_for asked)
{
	_own_fd int fd = openat(runtime_fd, "lock", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	char word[ASKED_SIZE] = { 0 };

	(void)!str_copy(word, sizeof(word), asks[asked]);
	return fd < 0 || pwrite(fd, word, sizeof(word), 0) < 0 ? -errno : 0;
}

enum asked_for asked_read(int lock_fd)
{
	char word[ASKED_SIZE + 1] = { 0 };
	int asked = pread(lock_fd, word, ASKED_SIZE, 0) <= 0 ? -1 : word_of(asks, ASKED_COUNT, word);

	return asked < 0 ? ASKED_NOTHING : (enum asked_for)asked;
}

bool asked_for_end(enum asked_for asked)
{
	return asked == ASKED_STOP || asked == ASKED_KILL;
}

void asked_forget(int lock_fd)
{
	(void)!ftruncate(lock_fd, 0);
}

bool ready_read(int runtime_fd)
{
	_own_fd int fd = openat(runtime_fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char is = 0;

	return fd >= 0 && pread(fd, &is, 1, READY_AT) == 1 && is;
}
