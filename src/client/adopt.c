/* SPDX-License-Identifier: MIT */
/* Whoever asks for a container whose keeper was killed gives it a new one. */
#include "client/container.h"

#include "base/msg.h"
#include "base/own.h"
#include "base/spawn.h"
#include "engine/identity.h"
#include "engine/leftovers.h"
#include "engine/paths.h"
#include "keeper/verdict.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { ADOPT_MS = LEFTOVERS_HOOKS_MS + 30 * 1000 }; /* hooks are run where there is nothing to adopt */

static int spawn_adopter(const struct container *c, int verdict, struct err *e)
{
	_own_free char *path = path_libexec("keg-keeper");
	char *argv[] = { "keg-keeper", "adopt", c->name, c->lxcpath, NULL };
	const int null[3] = { -1, -1, -1 };
	const int fds[] = { [KEEPER_FD_CONFIG - 3] = -1, [KEEPER_FD_VERDICT - 3] = verdict };
	struct spawn s = { .path = path, .argv = argv, .stdio = null, .fds = fds, .n_fds = ARRAY_SIZE(fds) };

	s.session = s.detach = true;
	return path ? spawn(&s, NULL, e) : err_num(e, ENOMEM, "run", "the keeper");
}

static int take_verdict(const struct msg *m, struct err *e)
{
	struct verdict v;

	if (m->head.size != sizeof(v))
		return -EBADMSG;
	memcpy(&v, m->body, sizeof(v));
	if (m->head.type != VERDICT_FAILED)
		return m->head.type == VERDICT_RUNNING;
	*e = v.err;
	return -(e->errnum ? e->errnum : EIO);
}

int container_adopt(const struct container *c, struct err *e)
{
	static _Thread_local struct msg m;
	_own_fd int ours = -1, theirs = -1;
	int pair[2], x;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make", "a socket pair");
	ours = pair[0];
	theirs = pair[1];
	x = spawn_adopter(c, theirs, e);
	close_fd(&theirs);
	if (x < 0)
		return x;
	x = msg_recv(ours, &m, ADOPT_MS);
	if (x == 1) {
		msg_close_fds(&m);
		x = take_verdict(&m, e);
	} else if (x == 0) {
		x = -ECHILD;
	}
	if (x < 0 && !e->set)
		return err_say(e, -x, "its keeper was killed, and so was the one that was to follow");
	return x;
}

int container_look(const struct container *c, struct status *s, struct err *e)
{
	int x = state_read(c->lxcpath, c->name, s, e);

	if (x < 0 || !s->dead || !identity_outlives(s, NULL))
		return x;
	status_free(s);
	x = container_adopt(c, e);
	return x < 0 ? x : state_read(c->lxcpath, c->name, s, e);
}

/* Whoever was told that it has stopped, by its state or by a hook, is not told otherwise a moment later. */
static int look_at_end(const struct container *c, struct status *s, struct err *e)
{
	int x = container_look(c, s, e);

	if (x < 0 || !s->down)
		return x;
	status_free(s);
	x = container_wait(c, 1U << STOPPED, STATE_DOWN_MS, e);
	return x < 0 && x != -ETIMEDOUT ? x : container_look(c, s, e);
}

int container_at_rest(const struct container *c, struct err *e)
{
	struct status s;
	int x = look_at_end(c, &s, e);

	if (x < 0)
		return x;
	status_free(&s);
	if (s.state != STOPPED)
		return -EBUSY;
	x = s.dead ? container_adopt(c, e) : 0;
	return x == 1 ? -EBUSY : x;
}
