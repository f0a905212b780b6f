/* SPDX-License-Identifier: MIT */
/* Up and down, in order; each part can be there already or be gone already. */
#include "bridge/service.h"

#include "base/io.h"
#include "base/own.h"
#include "bridge/dnsmasq.h"
#include "bridge/firewall.h"
#include "bridge/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum { LOCK_MS = 30000, LOCK_STEP_MS = 50 };

int service_look(const struct settings *s, struct service *v, struct err *e)
{
	v->flag = access(s->flag, F_OK) == 0;
	v->dnsmasq = dnsmasq_pid(s);
	v->firewall = firewall_is_up();
	return bridge_look(s, &v->bridge, e);
}

bool service_is_up(const struct service *v)
{
	return v->flag && v->bridge.there && v->bridge.up && v->bridge.addressed && v->firewall && v->dnsmasq;
}

bool service_is_down(const struct service *v)
{
	return !v->flag && !v->dnsmasq && !v->firewall && !v->bridge.addressed;
}

/* 0: somebody else has it, or has just taken the folder away. */
static int try_lock(const struct settings *s, struct err *e)
{
	_own_fd int fd = -1;
	struct stat st;
	int r = io_mkdir_p(s->run_dir, 0755, e);

	if (r < 0)
		return r;
	fd = open(s->run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "open", "%s", s->run_dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : err_sys(e, "lock", "%s", s->run_dir);
	return fstat(fd, &st) == 0 && st.st_nlink ? take_fd(&fd) : 0;
}

/* flock(2), since it takes a folder and so leaves no file behind. */
int service_lock(const struct settings *s, struct err *e)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };

	for (int waited = 0; waited < LOCK_MS; waited += LOCK_STEP_MS) {
		int fd = try_lock(s, e);

		if (fd)
			return fd;
		/* waits: the loop counts */
		(void)nanosleep(&step, NULL);
	}
	return err_say(e, EBUSY, "another up or down of %s does not come to its end", s->bridge);
}

static int make(const struct settings *s, struct err *e)
{
	int r = bridge_up(s, e);

	if (r == 0)
		r = forward_on(s, e);
	if (r == 0)
		r = firewall_up(s, e);
	if (r == 0 && !dnsmasq_pid(s))
		r = dnsmasq_start(s, e);
	if (r == 0)
		r = io_replace_file_fast(AT_FDCWD, s->flag, "", 0, 0644, e);
	return r;
}

int service_up(const struct settings *s, struct err *e)
{
	_own_service struct service before = { 0 };
	struct err ignored = { 0 };
	int r = service_look(s, &before, e);

	if (r < 0)
		return r;
	r = make(s, e);
	if (r < 0 && service_is_down(&before))
		(void)!service_down(s, &ignored);
	return r;
}

/* Goes on after a failure: the first one is told. */
int service_down(const struct settings *s, struct err *e)
{
	int dns = dnsmasq_stop(s, e), rules = firewall_down(e), link;

	forward_back(s);
	link = bridge_down(s, e);
	(void)unlink(s->flag);
	return dns < 0 ? dns : rules < 0 ? rules : link;
}
