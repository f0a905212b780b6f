/* SPDX-License-Identifier: MIT */
/*
 * Who in a container's cgroups waits inside the kernel, where neither a signal nor the freezer reaches it: for a disk
 * or a file system that does not answer. /proc calls that state D; it calls a frozen task of v1 so, too.
 */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { LOOKS = 3, PAUSE_MS = 20 };

/* "1234 (NAME) D ...": a name may hold anything, a ")" as well. */
static bool is_uninterruptible(int task)
{
	char line[512], *behind;

	if (io_read_line(task, "stat", line, sizeof(line)) < 0)
		return false;
	behind = strrchr(line, ')');
	return behind && strncmp(behind, ") D", 3) == 0;
}

/* Most are there for a moment only, and so it is looked again. */
static bool is_stuck(int task)
{
	for (int i = 0; i < LOOKS; i++) {
		if (i > 0)
			cgroup_sleep(PAUSE_MS);
		if (!is_uninterruptible(task))
			return false;
	}
	return true;
}

/* Both come from the container or from the kernel: no more than a word of them is shown. */
static void read_word(int task, const char *file, char *to, size_t size)
{
	if (io_read_line(task, file, to, size) <= 0)
		to[0] = 0;
	for (char *c = to; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static bool look(pid_t pid, void *out)
{
	struct cgroup_stuck *s = out;
	char path[48];
	_own_dir DIR *tasks = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	for (struct dirent *t; tasks && (t = readdir(tasks));) {
		_own_fd int task =
			t->d_name[0] == '.' ? -1 : openat(dirfd(tasks), t->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (task < 0 || !is_stuck(task))
			continue;
		s->pid = pid;
		read_word(task, "comm", s->name, sizeof(s->name));
		read_word(task, "wchan", s->where, sizeof(s->where));
		return true;
	}
	return false;
}

bool cgroup_tree_stuck(const struct cgroup_tree *t, struct cgroup_stuck *out)
{
	*out = (struct cgroup_stuck){ 0 };
	for (size_t i = 0; i < t->host->n; i++)
		if (t->fd[i] >= 0)
			return cgroup_find_below(t->fd[i], look, out);
	return false;
}

int cgroup_blame_stuck(const struct cgroup_stuck *s, const char *what, struct err *e)
{
	bool known = s->where[0] && strcmp(s->where, "0") != 0;
	int x = err_say(e, ETIMEDOUT, "process %d (%s) %s: it waits inside the kernel%s%s", (int)s->pid, s->name, what,
			known ? ", in " : "", known ? s->where : "");

	err_hint(e, "what does not answer it is a disk or a file system: see /proc/%d/stack", (int)s->pid);
	return x;
}
