/* SPDX-License-Identifier: MIT */
/* Who writes the id maps of a user namespace, and how. */
#include "sys/idmap.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/spawn.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { HELPER_MS = 30 * 1000 };

/* What differs between the two maps. */
static const struct kind {
	const char *what, *file, *helper, *subids;
	int cap;
} kinds[] = {
	{ "user", "uid_map", "newuidmap", "/etc/subuid", CAP_SETUID },
	{ "group", "gid_map", "newgidmap", "/etc/subgid", CAP_SETGID },
};

int idmap_parse(const char *text, struct idmap_extent *out)
{
	_own_strv struct strv word = { 0 };
	int64_t n[3];

	if (strv_split(&word, text, " \t") < 0)
		return -ENOMEM;
	if (word.n != 3)
		return -EINVAL;
	for (size_t i = 0; i < 3; i++) {
		int x = num_i64(word.v[i], 0, UINT32_MAX, &n[i]);

		if (x < 0)
			return x;
	}
	*out = (struct idmap_extent){ (uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2] };
	return 0;
}

int64_t idmap_out(const struct idmap *m, uint32_t inside)
{
	for (size_t i = 0; i < m->n; i++)
		if (inside >= m->v[i].inside && inside - m->v[i].inside < m->v[i].count)
			return (int64_t)m->v[i].outside + (inside - m->v[i].inside);
	return -1;
}

static bool overlap(uint64_t a, uint64_t na, uint64_t b, uint64_t nb)
{
	return a < b + nb && b < a + na;
}

const char *idmap_overlap(const struct idmap_extent *a, const struct idmap_extent *b)
{
	if (overlap(a->inside, a->count, b->inside, b->count))
		return "inside";
	return overlap(a->outside, a->count, b->outside, b->count) ? "on the host" : NULL;
}

static bool has_cap(int cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	return syscall(SYS_capget, &h, d) == 0 && d[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

/* Without privilege the kernel takes nothing but one's own id, and a group only of who gave up setgroups(2). */
static bool is_own_id(const struct kind *k, const struct idmap *m)
{
	uint32_t own = k->cap == CAP_SETUID ? geteuid() : getegid();

	return m->n == 1 && m->v[0].count == 1 && m->v[0].outside == own;
}

static int write_directly(const struct kind *k, pid_t pid, const struct idmap *m, struct err *e)
{
	_own_buf struct buf text = { 0 };
	char path[64];
	int x = 0;

	for (size_t i = 0; i < m->n; i++)
		buf_addf(&text, "%u %u %u\n", m->v[i].inside, m->v[i].outside, m->v[i].count);
	if (text.failed)
		return err_num(e, ENOMEM, "write", "the %s map", k->what);
	if (k->cap == CAP_SETGID && !has_cap(CAP_SETGID)) {
		(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		x = io_write_file(AT_FDCWD, path, "deny");
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, k->file);
	if (x == 0) /* the kernel takes a map whole, in one write, once */
		x = io_write_file(AT_FDCWD, path, text.s);
	if (x < 0) {
		x = err_num(e, -x, "write", "the %s map of the container", k->what);
		if (x == -EPERM)
			err_hint(e, "some of these ids of the host are not ours to give: see /proc/self/%s", k->file);
	}
	return x;
}

/* Along $PATH; setuid programs are where their package puts them, so nothing else is tried. */
static char *find_helper(const char *name)
{
	const char *path = getenv("PATH");
	_own_strv struct strv folder = { 0 };

	if (strv_split(&folder, path ? path : "/usr/local/bin:/usr/bin:/bin", ":") < 0)
		return NULL;
	for (size_t i = 0; i < folder.n; i++) {
		_own_free char *file = str_fmt("%s/%s", folder.v[i], name);

		if (file && *file == '/' && access(file, X_OK) == 0)
			return take_ptr(&file);
	}
	return NULL;
}

/* What it says on stderr, at most `size`, until it has closed it. */
static void listen_to(int fd, char *said, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	while (n < size - 1 && poll(&p, 1, HELPER_MS) > 0) {
		/* waits: poll has seen it */
		ssize_t some = read(fd, said + n, size - 1 - n);

		if (some <= 0)
			break;
		n += (size_t)some;
	}
	while (n && said[n - 1] == '\n')
		n--;
	said[n] = 0;
}

/* "NAME:FIRST:COUNT" of /etc/subuid, with the user's name or number, holds the whole extent. */
static bool line_allows(char *line, const char *user, const char *number, const struct idmap_extent *x)
{
	char *name = strsep(&line, ":"), *first = strsep(&line, ":");
	int64_t at, n;

	return line && (strcmp(name, user) == 0 || strcmp(name, number) == 0) &&
	       num_i64(first, 0, UINT32_MAX, &at) == 0 && num_i64(line, 0, UINT32_MAX, &n) == 0 && x->outside >= at &&
	       (int64_t)x->outside + x->count <= at + n;
}

static bool is_allowed(const struct kind *k, const char *user, const char *number, const struct idmap_extent *x)
{
	_own_free char *text = NULL;
	char *save = NULL;

	if (io_read_file(AT_FDCWD, k->subids, 1 << 20, &text, NULL) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (line_allows(line, user, number, x))
			return true;
	return false;
}

/* newuidmap(1) takes one's own id without a line, too. */
static void hint_subids(const struct kind *k, const struct idmap *m, struct err *e)
{
	uint32_t own = k->cap == CAP_SETUID ? geteuid() : getegid();
	const char *user = getenv("USER");
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", geteuid());
	user = user && *user ? user : number;
	for (size_t i = 0; i < m->n; i++) {
		const struct idmap_extent *x = &m->v[i];

		if ((x->count == 1 && x->outside == own) || is_allowed(k, user, number, x))
			continue;
		err_hint(e, "%s needs a line that allows it, such as %s:%u:%u", k->subids, user, x->outside, x->count);
		return;
	}
}

static int run_helper(const struct kind *k, const char *file, char *const argv[], char *said, size_t size,
		      struct err *e)
{
	_own_fd int read_end = -1, write_end = -1;
	int pipe[2], status = 0, x;
	pid_t pid;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return err_sys(e, "make", "a pipe");
	read_end = pipe[0];
	write_end = pipe[1];
	const int stdio[3] = { -1, -1, write_end };
	const struct spawn s = { .path = file, .argv = argv, .stdio = stdio };

	x = spawn(&s, &pid, e);
	if (x < 0)
		return x;
	close_fd(&write_end);
	listen_to(read_end, said, size);
	x = spawn_wait(pid, HELPER_MS, &status);
	if (x == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_say(e, EPERM, "%s refuses the %s map of the container", k->helper, k->what);
}

static int write_by_helper(const struct kind *k, pid_t pid, const struct idmap *m, struct err *e)
{
	_own_free char *file = find_helper(k->helper);
	_own_strv struct strv argv = { 0 };
	char said[512] = "";
	int bad, x;

	if (!file) {
		x = err_say(e, ENOENT, "%s, which writes the %s map for who is not root, is not installed", k->helper,
			    k->what);
		err_hint(e, "install it (Debian's package uidmap), or start the container as root");
		return x;
	}
	bad = strv_add(&argv, k->helper) | strv_addf(&argv, "%d", (int)pid);
	for (size_t i = 0; i < m->n; i++)
		bad |= strv_addf(&argv, "%u", m->v[i].inside) | strv_addf(&argv, "%u", m->v[i].outside) |
		       strv_addf(&argv, "%u", m->v[i].count);
	x = bad ? err_num(e, ENOMEM, "run", "%s", file) : run_helper(k, file, argv.v, said, sizeof(said), e);
	if (x < 0) {
		if (*said)
			err_said(e, "%s", said);
		hint_subids(k, m, e);
	}
	return x;
}

static int write_map(const struct kind *k, pid_t pid, const struct idmap *m, struct err *e)
{
	if (has_cap(k->cap) || is_own_id(k, m))
		return write_directly(k, pid, m, e);
	return write_by_helper(k, pid, m, e);
}

int idmap_write(pid_t pid, const struct idmap *uid, const struct idmap *gid, struct err *e)
{
	int x = write_map(&kinds[0], pid, uid, e);

	return x < 0 ? x : write_map(&kinds[1], pid, gid, e);
}

int idmap_write_users(pid_t pid, const struct idmap *uid, struct err *e)
{
	return write_map(&kinds[0], pid, uid, e);
}
