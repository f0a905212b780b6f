/* SPDX-License-Identifier: MIT */
/* See identity.h. */
#include "engine/identity.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* Of linux/pidfd.h since Linux 6.13; its exit_code since 6.15. */
struct end_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
_Static_assert(sizeof(struct end_info) == 64, "the kernel's first version of it");
#define ASK_END	 _IOWR(0xff, 11, struct end_info)
#define INFO_END (UINT64_C(1) << 3)

enum { EXITING = 4 }; /* PF_EXITING of the kernel's */

enum { REAP_MS = 1000, STEP_MS = 5 };

/* Words behind the name of /proc/PID/stat, which may hold blanks and brackets itself; counted from 3, as in proc(5). */
enum { STAT_STATE = 3, STAT_FLAGS = 9, STAT_START = 22, STAT_EXIT_CODE = 52, STAT_WORDS = 53 };

static int read_stat(pid_t pid, char *line, size_t size, char *word[STAT_WORDS])
{
	char path[32], *at, *save = NULL;
	int x, n = STAT_STATE;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	x = io_read_line(AT_FDCWD, path, line, size);
	at = x < 0 ? NULL : strrchr(line, ')');
	if (!at)
		return x < 0 ? x : -EBADMSG;
	for (at = strtok_r(at + 1, " ", &save); at && n < STAT_WORDS; at = strtok_r(NULL, " ", &save))
		word[n++] = at;
	return n == STAT_WORDS ? 0 : -EBADMSG;
}

int identity_start(pid_t pid, uint64_t *since)
{
	char line[1024], *word[STAT_WORDS];
	int x = read_stat(pid, line, sizeof(line), word);
	int64_t n = 0;

	if (x == 0)
		x = num_i64(word[STAT_START], 0, INT64_MAX, &n);
	*since = (uint64_t)n;
	return x;
}

int identity_look(pid_t pid, int pidfd, struct identity *b)
{
	struct stat st;

	*b = (struct identity){ 0 };
	if (fstat(pidfd, &st) < 0)
		return -errno;
	/* Linux 6.9: a file system of their own, in which no number comes twice. Before that all pidfds are one inode.
	 */
	if (S_ISREG(st.st_mode)) {
		b->inode = st.st_ino;
		return 0;
	}
	return identity_start(pid, &b->since);
}

/* A start time counts hundredths of a second: somebody else's process is not in the container's cgroup as well. */
static bool is_in_cgroup(const struct status *s)
{
	_own_free char *text = NULL;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)s->init_pid);
	return !s->cgroup[0] || (io_read_file(AT_FDCWD, path, 1 << 16, &text, NULL) == 0 && strstr(text, s->cgroup));
}

static bool has_ended(int pidfd, int timeout_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) > 0;
}

static bool has_begun_to_end(pid_t pid)
{
	char line[1024], *word[STAT_WORDS];
	int64_t flags = 0;

	return read_stat(pid, line, sizeof(line), word) < 0 ||
	       (num_i64(word[STAT_FLAGS], 0, UINT32_MAX, &flags) == 0 && flags & EXITING);
}

bool identity_is_ending(pid_t pid, int pidfd, int timeout_ms)
{
	for (int ms = 0;; ms += STEP_MS) {
		if (has_begun_to_end(pid) || has_ended(pidfd, 0))
			return true;
		if (ms >= timeout_ms)
			return false;
		(void)has_ended(pidfd, STEP_MS);
	}
}

int identity_hold(const struct status *s)
{
	_own_fd int fd = s->init_pid > 0 ? (int)syscall(SYS_pidfd_open, s->init_pid, 0) : -1; /* Linux 5.3 */
	struct identity now;

	if (fd < 0 || has_ended(fd, 0) || identity_look(s->init_pid, fd, &now) < 0)
		return -ESRCH;
	if (now.inode != s->identity.inode || now.since != s->identity.since)
		return -ESRCH;
	return now.inode || is_in_cgroup(s) ? take_fd(&fd) : -ESRCH;
}

bool identity_outlives(const struct status *s, int *pidfd)
{
	int fd = s->stored == RUNNING && s->outlives ? identity_hold(s) : -ESRCH;

	if (fd >= 0 && pidfd)
		*pidfd = fd;
	else if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* As long as nobody has reaped it, /proc has its status. */
static int end_of_zombie(pid_t pid, int pidfd, int *status)
{
	char line[1024], *word[STAT_WORDS];
	int64_t code;
	int x = read_stat(pid, line, sizeof(line), word);

	if (x == 0)
		x = num_i64(word[STAT_EXIT_CODE], 0, INT32_MAX, &code);
	if (x < 0 || *word[STAT_STATE] != 'Z')
		return -ENODATA;
	/* It was that process, if it is still there now. */
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return -ENODATA;
	*status = (int)code;
	return 0;
}

static int end_of_reaped(int pidfd, int *status)
{
	struct end_info i = { .mask = INFO_END };

	if (ioctl(pidfd, ASK_END, &i) < 0 || !(i.mask & INFO_END))
		return -ENODATA;
	*status = i.exit_code;
	return 0;
}

int identity_end(pid_t pid, int pidfd, int *status)
{
	const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };

	if (waitpid(pid, status, WNOHANG) == pid)
		return 0;
	for (int ms = 0; has_ended(pidfd, 0) && ms <= REAP_MS; ms += STEP_MS) {
		if (end_of_zombie(pid, pidfd, status) == 0 || end_of_reaped(pidfd, status) == 0)
			return 0;
		/* waits: the loop has its end */
		(void)nanosleep(&pause, NULL);
	}
	return -ENODATA;
}
