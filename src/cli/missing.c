/* SPDX-License-Identifier: MIT */
/* What keg's users are told where a container is not there, or does not run. lxc-* say what LXC's say. */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { EDITS = 3 }; /* more are another name */

/* Half-made ones count: they can be destroyed; and those that run without a config of their own. */
static bool is_anywhere(const struct cli *c, const struct container *ct)
{
	return container_defined(ct) || access(ct->dir, F_OK) == 0 || cli_runs(c, ct);
}

int cli_no_container(const struct cli *c, const struct container *ct)
{
	_own_strv struct strv names = { 0 };
	struct err e = { 0 }, quiet = { 0 };
	size_t len = strlen(ct->name);
	struct nearest near = { .to = ct->name, .edits = len < EDITS ? (unsigned)len : EDITS };

	(void)!list_defined(ct->lxcpath, &names, &quiet);
	for (size_t i = 0; i < names.n; i++)
		nearest_see(&near, names.v[i]);
	(void)err_say(&e, ENOENT, "there is no container of that name");
	if (near.found)
		err_hint(&e, "did you mean %s?", near.found);
	else if (geteuid() != 0)
		err_hint(&e, "yours are in %.150s; for those of root be root (sudo)", ct->lxcpath);
	else if (names.n)
		err_hint(&e, "lxc-ls lists those that there are");
	else
		err_hint(&e, "lxc-create -n %s -t busybox makes it", ct->name);
	return cli_fail(c, &e);
}

bool cli_must_exist(const struct cli *c, const struct container *ct)
{
	return !cli_is_keg(c) || !(c->verb->flags & VERB_EXISTING) || is_anywhere(c, ct) ||
	       (cli_no_container(c, ct), false);
}

int cli_not_running(const struct cli *c, const char *lxc_says, ...)
{
	struct err e = { .set = true };
	va_list ap;

	va_start(ap, lxc_says);
	(void)vsnprintf(e.object, sizeof(e.object), cli_is_keg(c) ? "it is not running" : lxc_says, ap);
	va_end(ap);
	if (cli_is_keg(c))
		err_hint(&e, "lxc-start -n %s", c->name);
	return cli_fail(c, &e);
}
