/* SPDX-License-Identifier: MIT */
/* The runtime folder and the state file in it; see state.h. */
#include "engine/state.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/num.h"
#include "base/own.h"
#include "engine/ended.h"
#include "engine/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static const char *const names[] = {
	[STOPPED] = "STOPPED",	 [STARTING] = "STARTING", [RUNNING] = "RUNNING", [STOPPING] = "STOPPING",
	[ABORTING] = "ABORTING", [FREEZING] = "FREEZING", [FROZEN] = "FROZEN",	 [THAWED] = "THAWED",
};
_Static_assert(ARRAY_SIZE(names) == STATE_COUNT, "every state has its name");

const char *state_name(enum state s)
{
	return names[s];
}

int state_of_name(const char *name)
{
	for (int i = 0; i < STATE_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int state_open_dir(const char *lxcpath, const char *name, bool create, struct err *e)
{
	_own_free char *base = path_runtime(lxcpath), *path = base ? str_fmt("%s/%s", base, name) : NULL;
	int fd, x;

	if (!path)
		return err_num(e, ENOMEM, "open the runtime folder of", "%s", name);
	/* A stopping keeper takes the folders away behind us: once more, then. */
	for (int tries = 0;; tries++) {
		fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT || !create || tries == 100)
			return err_sys(e, "open", "the runtime folder %s", path);
		x = io_mkdir_p(base, 0711, e);
		if (x < 0)
			return x;
		if (mkdir(path, 0700) < 0 && errno != EEXIST && errno != ENOENT)
			return err_sys(e, "create folder", "%s", path);
	}
}

/* One line of the file: a word and its value. Unknown words are a newer keeper's. */
static int take_line(struct status *s, const char *word, char *value)
{
	int64_t n;

	if (strcmp(word, "state") == 0) {
		int state = state_of_name(value);

		if (state >= 0)
			s->state = (enum state)state;
	} else if (strcmp(word, "keeper") == 0 && num_i64(value, 1, INT_MAX, &n) == 0) {
		s->keeper_pid = (pid_t)n;
	} else if (strcmp(word, "init") == 0 && num_i64(value, 1, INT_MAX, &n) == 0) {
		s->init_pid = (pid_t)n;
	} else if (strcmp(word, "inode") == 0 && num_i64(value, 1, INT64_MAX, &n) == 0) {
		s->identity.inode = (uint64_t)n;
	} else if (strcmp(word, "since") == 0 && num_i64(value, 1, INT64_MAX, &n) == 0) {
		s->identity.since = (uint64_t)n;
	} else if (strcmp(word, "outlives") == 0) {
		s->outlives = strcmp(value, "1") == 0;
	} else if (strcmp(word, "pausing") == 0) {
		s->pausing = true;
	} else if (strcmp(word, "awaited") == 0) {
		s->awaited = true;
	} else if (strcmp(word, "cgroup") == 0) {
		return str_copy(s->cgroup, sizeof(s->cgroup), value);
	} else if (strcmp(word, "freezer") == 0) {
		return str_copy(s->freezer[s->freezer[0][0] ? 1 : 0], CGROUP_FREEZER_MOST, value);
	} else if (strcmp(word, "nic") == 0) {
		char *blank = strchr(value, ' ');
		struct nic_state *grown = realloc(s->nics.v, (s->nics.n + 1) * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->nics.v = grown;
		grown[s->nics.n] = (struct nic_state){ 0 };
		if (!blank)
			return 0;
		*blank = 0;
		if (num_i64(value, 0, INT_MAX, &n) == 0 && str_copy(grown[s->nics.n].host, 16, blank + 1) == 0)
			grown[s->nics.n++].ifindex = (int)n;
	}
	return 0;
}

static int parse(struct status *s, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');
		int r;

		if (!blank)
			continue;
		*blank = 0;
		r = take_line(s, line, blank + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

/* In one read where it fits, as the file is short and never changed in its place; else into *big. */
static int read_text(int dir, char *small, size_t size, char **big, char **text)
{
	_own_fd int fd = openat(dir, "state", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, small, size - 1); /* waits: a file of the keeper's, on a tmpfs */

	if (n < 0)
		return -errno;
	small[n] = 0;
	*text = small;
	if ((size_t)n == size - 1) {
		int x = io_read_file(dir, "state", 1 << 16, big, NULL);

		*text = *big;
		return x;
	}
	return 0;
}

int state_read(const char *lxcpath, const char *name, struct status *s, struct err *e)
{
	struct err none = { 0 };
	_own_fd int dir = state_open_dir(lxcpath, name, false, &none);
	_own_free char *big = NULL;
	char small[4096], *text = small;
	int held, r;

	*s = (struct status){ .state = STOPPED };
	if (dir == -ENOENT)
		return 0;
	if (dir < 0) {
		*e = none;
		return dir;
	}
	held = lock_held(dir, "lock");
	if (held < 0)
		return err_num(e, -held, "look at", "the lock of %s", name);
	r = read_text(dir, small, sizeof(small), &big, &text);
	if (r == -ENOENT) { /* the keeper has just begun or ended */
		s->state = held ? STARTING : STOPPED;
		return 0;
	}
	if (r == 0)
		r = parse(s, text);
	if (r < 0) {
		status_free(s);
		return err_num(e, -r, "read", "the state of %s", name);
	}
	s->stored = s->state;
	s->dead = !held;
	s->down = held && s->stored == STOPPED;
	if (s->dead)
		s->state = STOPPED;
	else if (s->down)
		s->state = STOPPING;
	s->ready = s->state == RUNNING && (!s->awaited || ready_read(dir));
	return 0;
}

int state_write(int runtime_fd, const struct status *s, struct err *e)
{
	_own_buf struct buf b = { 0 };

	buf_addf(&b, "state %s\nkeeper %d\n", state_name(s->state), (int)s->keeper_pid);
	if (s->init_pid > 0)
		buf_addf(&b, "init %d\n", (int)s->init_pid);
	if (s->identity.inode)
		buf_addf(&b, "inode %llu\n", (unsigned long long)s->identity.inode);
	if (s->identity.since)
		buf_addf(&b, "since %llu\n", (unsigned long long)s->identity.since);
	if (s->outlives)
		buf_addf(&b, "outlives 1\n");
	if (s->pausing)
		buf_addf(&b, "pausing 1\n");
	if (s->awaited)
		buf_addf(&b, "awaited 1\n");
	buf_addf(&b, "cgroup %s\n", s->cgroup);
	for (int i = 0; i < CGROUP_FREEZERS; i++)
		if (s->freezer[i][0])
			buf_addf(&b, "freezer %s\n", s->freezer[i]);
	for (size_t i = 0; i < s->nics.n; i++)
		buf_addf(&b, "nic %d %s\n", s->nics.v[i].ifindex, s->nics.v[i].host);
	if (b.failed)
		return err_num(e, ENOMEM, "write", "the state");
	return io_replace_file_fast(runtime_fd, "state", b.s, b.len, 0600, e);
}

void status_free(struct status *s)
{
	free(s->nics.v);
	s->nics = (struct nics){ 0 };
}
