/* SPDX-License-Identifier: MIT */
/* The kernel's pressure stall information, as `top` and `info` tell it. */
#include "cli/cli.h"

#include "base/own.h"

#include <inttypes.h>

static int add_one(struct strv *cells, const struct cgroup_pressure *p)
{
	if (p->ns < 0)
		return strv_add(cells, "") < 0 || strv_add(cells, "") < 0;
	return strv_addf(cells, "%" PRId64, p->ns) < 0 ||
	       strv_addf(cells, "%" PRId64 ".%02d", p->percent / 100, (int)(p->percent % 100)) < 0;
}

int cli_add_pressure(struct strv *cells, const struct cgroup_stats *s)
{
	return add_one(cells, &s->cpu_pressure) || add_one(cells, &s->memory_pressure) ||
	       add_one(cells, &s->io_pressure);
}

bool cli_pressure_text(const struct cgroup_stats *s, char *text, size_t size)
{
	if (s->cpu_pressure.ns < 0 || s->memory_pressure.ns < 0 || s->io_pressure.ns < 0)
		return false;
	(void)snprintf(text, size, "cpu %.2f %%, memory %.2f %%, I/O %.2f %%", (double)s->cpu_pressure.percent / 100,
		       (double)s->memory_pressure.percent / 100, (double)s->io_pressure.percent / 100);
	return true;
}
