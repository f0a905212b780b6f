/* SPDX-License-Identifier: MIT */
/* Tells and hears changes of state; see event.h. */
#include "engine/event.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"
#include "engine/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum { TRIES = 100, PATIENCE_MS = 200 };

/* A socket's path may be longer than sun_path: it is reached through the fd of its folder. */
static void address(struct sockaddr_un *a, int dir, const char *name)
{
	a->sun_family = AF_UNIX;
	(void)snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%.64s", dir, name); /* ours are "PID.N" */
}

/* Makes the folder and binds the socket in it. -ENOENT: a listener that left took the folder along. */
static int bind_in(const char *folder, int fd, struct err *e)
{
	static atomic_uint serial;
	_own_fd int dir = -1;
	struct sockaddr_un a = { 0 };
	char name[32];
	int r = io_mkdir_p(folder, 0711, e);

	if (r < 0)
		return r;
	(void)chmod(folder, 0700);
	dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	(void)snprintf(name, sizeof(name), "%d.%u", (int)getpid(), atomic_fetch_add(&serial, 1));
	(void)unlinkat(dir, name, 0); /* of a killed process with our pid */
	address(&a, dir, name);
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
}

int monitor_open(const char *lxcpath, struct err *e)
{
	_own_free char *folder = path_monitors(lxcpath);
	_own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = -ENOENT;

	if (!folder)
		return err_num(e, ENOMEM, "listen", "below %s", lxcpath);
	if (fd < 0)
		return err_sys(e, "listen", "in %s", folder);
	for (int tries = 0; r == -ENOENT && tries < TRIES; tries++)
		r = bind_in(folder, fd, e);
	return r < 0 ? err_num(e, -r, "listen", "in %s", folder) : take_fd(&fd);
}

int monitor_next(int fd, struct event *ev, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	*ev = (struct event){ 0 };
	/* A keeper of another version sends less, or more; another thread may have had it. */
	n = recv(fd, ev, sizeof(*ev), MSG_DONTWAIT);
	if (n < (ssize_t)offsetof(struct event, reason))
		return n < 0 ? -errno : -EBADMSG;
	ev->name[sizeof(ev->name) - 1] = 0;
	return 1;
}

void monitor_close(int fd, const char *lxcpath)
{
	_own_free char *folder = path_monitors(lxcpath);
	_own_fd int dir = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct sockaddr_un a = { 0 };
	socklen_t len = sizeof(a);
	char *name;

	/* The name that it was bound to ends in the file's own. */
	if (dir >= 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0) {
		name = strrchr(a.sun_path, '/');
		if (name)
			(void)unlinkat(dir, name + 1, 0);
		path_leave(folder);
	}
	(void)close(fd);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/*
 * The kernel keeps ten for a socket (net.unix.max_dgram_qlen): a listener that is only behind gets a moment. One that
 * is stopped holds up a process of ours once, not at each event.
 */
static int tell_slow(int fd, const struct event *ev, const struct sockaddr_un *a)
{
	static atomic_int patience = PATIENCE_MS;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t began = now_ms(), left;

	/* waits: a datagram socket's is done at once */
	if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0) /* only so does poll(2) look at the listener */
		return -errno;
	while ((left = began + patience - now_ms()) > 0) {
		if (poll(&p, 1, (int)left) > 0 && send(fd, ev, sizeof(*ev), MSG_NOSIGNAL) > 0)
			return 0;
	}
	patience = 0;
	return -ETIMEDOUT;
}

static int tell_one(const struct event *ev, const struct sockaddr_un *a)
{
	_own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (sendto(fd, ev, sizeof(*ev), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)a, sizeof(*a)) >= 0)
		return 0;
	return errno == EAGAIN ? tell_slow(fd, ev, a) : -errno;
}

void monitor_tell(const char *lxcpath, const struct event *ev)
{
	_own_free char *folder = path_monitors(lxcpath);
	_own_dir DIR *d = folder ? opendir(folder) : NULL;

	if (!d)
		return;
	for (struct dirent *x; (x = readdir(d));) {
		struct sockaddr_un a = { 0 };

		if (x->d_name[0] == '.')
			continue;
		address(&a, dirfd(d), x->d_name);
		/* A socket that nobody has open any more was a killed listener's. */
		if (tell_one(ev, &a) == -ECONNREFUSED)
			(void)unlinkat(dirfd(d), x->d_name, 0);
	}
}

void monitor_tell_state(const char *lxcpath, const char *name, int state)
{
	struct event ev = { .value = state };

	(void)!str_copy(ev.name, sizeof(ev.name), name);
	monitor_tell(lxcpath, &ev);
}
