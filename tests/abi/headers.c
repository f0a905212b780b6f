/* SPDX-License-Identifier: MIT */
/* What a caller writes, in C99 and in C++. */
#include <errno.h>
#include <lxc/lxccontainer.h>
#include <lxc/version.h>

int answer(void);
int answer(void)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct lxc_container *c = lxc_container_new("c", NULL);
	int r = options.log_fd;

	if (c && c->is_defined(c))
		r = c->attach_run_wait(c, &options, "true", NULL);
	lxc_container_put(c);
	return r;
}
