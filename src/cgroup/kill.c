/* SPDX-License-Identifier: MIT */
/* Killing all that lives in a container's cgroups, and seeing to it that it is dead. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum { DEPTH_MOST = 128, PROCS_MOST = 64 << 20 };

int64_t cgroup_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int cgroup_left(int64_t deadline)
{
	int64_t left = deadline - cgroup_now();

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void cgroup_sleep(unsigned ms)
{
	struct timespec t = { .tv_nsec = (long)ms * 1000000 };

	/* waits: the callers' loops have their deadline */
	(void)nanosleep(&t, NULL);
}

int cgroup_word_in(const char *text, const char *word, int64_t *out)
{
	size_t n = strlen(word);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, n) == 0 && line[n] == ' ') {
			*out = strtoll(line + n, NULL, 10);
			return 0;
		}
	}
	return -ENODATA;
}

int cgroup_read_word(int dir, const char *file, const char *word, int64_t *out)
{
	_own_free char *text = NULL;
	int r = io_read_file(dir, file, 1 << 20, &text, NULL);

	return r < 0 ? r : cgroup_word_in(text, word, out);
}

int cgroup_read_i64(int dir, const char *file, int64_t *out)
{
	char line[32];
	int r = io_read_line(dir, file, line, sizeof(line));

	return r < 0 ? r : num_i64(line, INT64_MIN, INT64_MAX, out);
}

int cgroup_await_event(int dir, const char *word, bool value, int64_t deadline)
{
	_own_fd int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		char text[256];
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		int64_t is = 0;
		int r;

		if (n < 0)
			return -errno;
		text[n] = 0;
		r = cgroup_word_in(text, word, &is);
		if (r < 0 || (is != 0) == value)
			return r;
		if (cgroup_left(deadline) == 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, cgroup_left(deadline)) < 0 && errno != EINTR)
			return -errno;
	}
}

/* What is done with each process that is found. */
struct walk {
	int sig;   /* is sent to it, 0: nothing */
	bool thaw; /* its v1 cgroup, behind it */
	pid_t *any;
	bool (*is)(pid_t pid, void *arg); /* true: this one was looked for */
	void *arg;
	bool found;
};

/* A pid of 0 stands for a process that our pid namespace does not see. */
static unsigned procs(int dir, struct walk *w)
{
	_own_free char *text = NULL;
	char *save = NULL;
	unsigned n = 0;

	if (io_read_file(dir, "cgroup.procs", PROCS_MOST, &text, NULL) < 0)
		return 0; /* removed under our hands, or a threaded one (EOPNOTSUPP): its domain lists them */
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int64_t pid;

		if (num_i64(line, 0, INT_MAX, &pid) < 0)
			continue;
		n++;
		if (w->any)
			*w->any = (pid_t)pid;
		if (w->sig && pid > 0 && pid != getpid())
			(void)kill((pid_t)pid, w->sig);
		if (w->is && pid > 0 && !w->found)
			w->found = w->is((pid_t)pid, w->arg);
	}
	return n;
}

/* All, or up to the first where that is the question. */
static bool goes_on(const struct walk *w, unsigned n)
{
	return w->is ? !w->found : w->sig || n == 0;
}

static unsigned below(int dir, struct walk *w, unsigned depth)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned n;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return 0;
	}
	n = procs(dir, w);
	while (goes_on(w, n) && depth < DEPTH_MOST && (entry = readdir(d))) {
		_own_fd int child = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == 0 || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		child = openat(fd, entry->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			n += below(child, w, depth + 1);
	}
	if (w->thaw)
		cgroup_try(io_write_file(dir, "freezer.state", "THAWED"));
	return n;
}

unsigned cgroup_kill_below(int dir, bool freezer, pid_t *any)
{
	struct walk w = { .sig = SIGKILL, .thaw = freezer, .any = any };

	return below(dir, &w, 0);
}

bool cgroup_find_below(int dir, bool (*is)(pid_t pid, void *arg), void *arg)
{
	struct walk w = { .is = is, .arg = arg };

	(void)below(dir, &w, 0);
	return w.found;
}

bool cgroup_populated(int dir, bool v2, pid_t *any)
{
	struct walk w = { .any = any };
	int64_t populated;

	if (v2 && cgroup_read_word(dir, "cgroup.events", "populated", &populated) == 0) {
		if (populated)
			(void)below(dir, &w, 0);
		return populated;
	}
	return below(dir, &w, 0) > 0;
}

/* Whether anybody was there. Frozen first, so that nothing forks while the list is read. */
static bool kill_v2(int dir, pid_t *any)
{
	if (!cgroup_populated(dir, true, any))
		return false;
	if (io_write_file(dir, "cgroup.kill", "1") == 0) /* Linux 5.14 */
		return true;
	if (io_write_file(dir, "cgroup.freeze", "1") == 0)
		cgroup_try(cgroup_await_event(dir, "frozen", true, cgroup_now() + 100));
	(void)cgroup_kill_below(dir, false, any);
	cgroup_try(io_write_file(dir, "cgroup.freeze", "0"));
	return true;
}

static bool kill_v1(int dir, bool freezer, pid_t *any)
{
	if (!cgroup_populated(dir, false, any))
		return false;
	if (freezer)
		cgroup_try(io_write_file(dir, "freezer.state", "FROZEN"));
	(void)cgroup_kill_below(dir, freezer, any);
	return true;
}

/* The same processes are in all hierarchies, mostly: v2 kills fastest, the freezer surest. */
static bool kill_once(const struct cgroup_tree *t, pid_t *any, size_t *where)
{
	const struct cgroup_host *h = t->host;
	int freezer = cgroup_v1_index(h, "freezer");
	bool found = false;

	if (h->unified >= 0 && t->fd[h->unified] >= 0 && kill_v2(t->fd[h->unified], any)) {
		*where = (size_t)h->unified;
		found = true;
	}
	/* who is frozen by v1 does not die of v2's signal before it is thawed */
	if (freezer >= 0 && t->fd[freezer] >= 0 && kill_v1(t->fd[freezer], true, any)) {
		*where = (size_t)freezer;
		found = true;
	}
	for (size_t i = 0; i < h->n && !found; i++) {
		if (h->v[i].v2 || (int)i == freezer || t->fd[i] < 0 || !kill_v1(t->fd[i], false, any))
			continue;
		*where = i;
		found = true;
	}
	return found;
}

int cgroup_tree_kill(const struct cgroup_tree *t, int timeout_ms, struct err *e)
{
	int64_t deadline = cgroup_now() + timeout_ms;
	int unified = t->host->unified;
	pid_t pid = 0;
	size_t where = 0;

	for (unsigned ms = 1; kill_once(t, &pid, &where); ms = ms < 16 ? ms * 2 : 16) {
		if (cgroup_left(deadline) == 0)
			return err_say(e, ETIMEDOUT, "process %d in the cgroup %s of %s was killed but does not end",
				       (int)pid, t->path, t->host->v[where].mount);
		if ((int)where == unified)
			cgroup_try(cgroup_await_event(t->fd[unified], "populated", false, cgroup_now() + ms));
		else
			cgroup_sleep(ms);
	}
	return 0;
}
