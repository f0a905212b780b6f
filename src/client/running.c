/* SPDX-License-Identifier: MIT */
/* The config that a container runs with: its keeper wrote it down when it started. */
#include "client/container.h"

#include "base/io.h"
#include "base/own.h"
#include "features/net/net.h"

enum { CONFIG_MOST = 16 << 20 };

int container_running_as(const struct container *c, const struct status *st, struct spec **out, struct err *e)
{
	_own_problems struct problems p = { 0 };
	_own_spec struct spec *s = NULL;
	_own_free char *text = NULL;
	_own_fd int dir = state_open_dir(c->lxcpath, c->name, false, e);
	size_t len;
	int x = dir < 0 ? dir : spec_new(&s, e);
	if (x < 0)
		return x;
	x = io_read_file(dir, "config", CONFIG_MOST, &text, &len);
	if (x < 0)
		return err_num(e, -x, "read", "the running config of %s", c->name);
	(void)!spec_read_text(s, text, len, "", SPEC_WIRE, &p);
	x = net_tell_names(s, &st->nics); /* what the config left to the keeper: the names of veths */
	if (x < 0)
		return err_num(e, -x, "read", "the devices of %s", c->name);
	*out = take_ptr(&s);
	return 0;
}

int container_running(const struct container *c, struct spec **out, struct err *e)
{
	struct status st;
	int x = container_look(c, &st, e);

	if (x < 0)
		return x;
	x = container_running_as(c, &st, out, e);
	status_free(&st);
	return x;
}
