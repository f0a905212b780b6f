/* SPDX-License-Identifier: MIT */
/* Freezing: by the v1 freezer where that is mounted (scripts read its freezer.state), else by v2. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int v1_fd(const struct cgroup_tree *t)
{
	int i = cgroup_v1_index(t->host, "freezer");

	return i < 0 ? -1 : t->fd[i];
}

static int v2_fd(const struct cgroup_tree *t)
{
	return t->host->unified < 0 ? -1 : t->fd[t->host->unified];
}

/* Reading the state is what moves the kernel from FREEZING to FROZEN; there is nothing to poll. */
static int await_v1(int dir, const char *want, int64_t deadline)
{
	for (unsigned ms = 1;; ms = ms < 16 ? ms * 2 : 16) {
		char is[16];
		int r = io_read_line(dir, "freezer.state", is, sizeof(is));

		if (r < 0 || strcmp(is, want) == 0)
			return r < 0 ? r : 0;
		if (cgroup_left(deadline) == 0)
			return -ETIMEDOUT;
		cgroup_sleep(ms);
	}
}

static int set_v1(int dir, bool freeze, int64_t deadline)
{
	const char *want = freeze ? "FROZEN" : "THAWED";
	int r = io_write_file(dir, "freezer.state", want);

	if (r == 0)
		r = await_v1(dir, want, deadline);
	if (r < 0)
		cgroup_try(io_write_file(dir, "freezer.state", freeze ? "THAWED" : "FROZEN"));
	return r;
}

static int set_v2(int dir, bool freeze, int64_t deadline)
{
	int r = io_write_file(dir, "cgroup.freeze", freeze ? "1" : "0");

	if (r == 0)
		r = cgroup_await_event(dir, "frozen", freeze, deadline);
	if (r < 0)
		cgroup_try(io_write_file(dir, "cgroup.freeze", freeze ? "0" : "1"));
	return r;
}

static bool frozen_v2(int dir)
{
	int64_t frozen = 0;

	return dir >= 0 && cgroup_read_word(dir, "cgroup.events", "frozen", &frozen) == 0 && frozen;
}

/* After the roll-back: until then v1 shows all that are frozen as it shows the one that cannot be. */
static int blame(const struct cgroup_tree *t, bool freeze, int timeout_ms, struct err *e)
{
	struct cgroup_stuck s;

	if (freeze && cgroup_tree_stuck(t, &s))
		return cgroup_blame_stuck(&s, "does not freeze, so all run on", e);
	return err_say(e, ETIMEDOUT, "its processes did not %s within %d s, and are as they were",
		       freeze ? "freeze" : "thaw", timeout_ms / 1000);
}

int cgroup_tree_freeze(const struct cgroup_tree *t, bool freeze, int timeout_ms, struct err *e)
{
	int64_t deadline = cgroup_now() + timeout_ms;
	int v1 = v1_fd(t), v2 = v2_fd(t), r = 0;

	if (v1 < 0 && v2 < 0)
		return err_say(e, ENOENT, "the cgroup %s is in no hierarchy that can freeze", t->path);
	if (v1 >= 0)
		r = set_v1(v1, freeze, deadline);
	if (r == 0 && v2 >= 0 && (v1 < 0 || (!freeze && frozen_v2(v2)))) /* somebody froze it there */
		r = set_v2(v2, freeze, deadline);
	if (r == -ETIMEDOUT)
		return blame(t, freeze, timeout_ms, e);
	if (r < 0)
		return err_num(e, -r, freeze ? "freeze" : "thaw", "the cgroup %s", t->path);
	return 0;
}

void cgroup_tree_let_go(const struct cgroup_tree *t)
{
	int v1 = v1_fd(t), v2 = v2_fd(t);

	if (v1 >= 0)
		cgroup_try(io_write_file(v1, "freezer.state", "THAWED"));
	if (v2 >= 0)
		cgroup_try(io_write_file(v2, "cgroup.freeze", "0"));
}

int cgroup_tree_frozen(const struct cgroup_tree *t)
{
	char state[16];
	int v1 = v1_fd(t);

	if (v1 >= 0 && io_read_line(v1, "freezer.state", state, sizeof(state)) > 0 && strcmp(state, "FROZEN") == 0)
		return 1;
	return frozen_v2(v2_fd(t));
}

static void add_file(const struct cgroup_tree *t, int i, const char *name, char file[CGROUP_FREEZER_MOST])
{
	char path[CGROUP_PATH];

	*file = 0;
	if (i >= 0 && cgroup_full_path(t, (size_t)i, path, sizeof(path), NULL) == 0 &&
	    snprintf(file, CGROUP_FREEZER_MOST, "%s/%s", path, name) >= CGROUP_FREEZER_MOST)
		*file = 0;
}

void cgroup_tree_freezers(const struct cgroup_tree *t, char file[CGROUP_FREEZERS][CGROUP_FREEZER_MOST])
{
	add_file(t, cgroup_v1_index(t->host, "freezer"), "freezer.state", file[0]);
	add_file(t, t->host->unified, "cgroup.events", file[1]);
}

/* Either file in one read: the kernel makes the text as a whole. */
int cgroup_freezer_frozen(const char *file)
{
	_own_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1); /* waits: a file of the kernel's answers at once */

	if (n < 0)
		return -errno;
	text[n] = 0;
	return strncmp(text, "FROZEN", 6) == 0 || strstr(text, "frozen 1") != NULL;
}
