/* SPDX-License-Identifier: MIT */
/* A keeper that was killed could undo nothing: the next one does, by the same column. */
#include "engine/leftovers.h"

#include "base/io.h"
#include "base/own.h"
#include "engine/ended.h"
#include "engine/seq.h"
#include "engine/start.h"
#include "engine/state.h"

#include <fcntl.h>
#include <string.h>

/* The config that the dead keeper ran with; an empty one where it had not come that far. */
static int read_config(const struct run *holder, struct spec *s)
{
	_own_problems struct problems p = { 0 };
	_own_free char *text = NULL;
	size_t len;

	if (io_read_file(holder->runtime_fd, "config", 16 << 20, &text, &len) < 0)
		return 0;
	/* A line that this version does not know is no reason to leave things lying about. */
	(void)!spec_read_text(s, text, len, "", SPEC_WIRE, &p);
	return 0;
}

int leftovers_undo(const struct run *holder, struct err *e)
{
	static char *const no_argv[] = { "init", NULL };
	static const struct ended lost = { .reason = ENDED_LOST, .status = ENDED_UNKNOWN };
	const struct plan *now = holder->plan;
	struct request req = {
		.name = now->name, .lxcpath = now->lxcpath, .argv = (char **)no_argv, .stdio = { -1, -1, -1 }
	};
	_own_spec struct spec *spec = NULL;
	struct status s;
	struct plan plan;
	struct run old;
	int x = spec_new(&spec, e);

	if (x == 0)
		x = read_config(holder, spec);
	if (x == 0)
		x = plan_make(&plan, spec, now->host, &req, e);
	if (x < 0)
		return x;
	run_init_fields(&old, &plan);
	old.runtime_fd = holder->runtime_fd;
	old.hooks.until = seq_now() + LEFTOVERS_HOOKS_MS * 1000000LL;
	x = state_read(now->lxcpath, now->name, &s, e);
	if (x == 0) {
		old.nics = s.nics;
		s.nics = (struct nics){ 0 };
		(void)!str_copy(old.cgroup.path, sizeof(old.cgroup.path), s.cgroup);
		old.hooks.nics_up = old.nics.n;
		ended_write(now->lxcpath, now->name, &lost);
		asked_forget(holder->lock_fd);
		start_undo_rest(&old);
		free(old.nics.v);
		(void)unlinkat(holder->runtime_fd, "state", 0);
	}
	plan_free(&plan);
	return x;
}
