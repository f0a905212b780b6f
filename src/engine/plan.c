/* SPDX-License-Identifier: MIT */
/* Makes a plan: all that can be decided before anything is done. */
#include "engine/plan.h"

#include "base/own.h"
#include "features/cgroup.h"
#include "features/init.h"
#include "features/namespaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int choose_argv(struct plan *p, const struct request *r, struct err *e)
{
	_own_strv struct strv argv = { 0 };
	int x = 0;

	if (r->use_init && (strv_add(&argv, "init") < 0 || strv_add(&argv, "--") < 0))
		return err_num(e, ENOMEM, "hold", "the command");
	if (!r->argv || !r->argv[0])
		x = init_command(p->spec, r->use_init, &argv, e);
	for (char **a = r->argv; x == 0 && a && *a; a++)
		x = strv_add(&argv, *a);
	if (x == 0)
		x = init_refuse_hosts(p->spec, argv.v[r->use_init ? 2 : 0], e);
	if (x < 0)
		return e->set ? x : err_num(e, ENOMEM, "hold", "the command");
	p->argv = argv.v;
	argv = (struct strv){ 0 };
	return 0;
}

int plan_make(struct plan *p, const struct spec *s, const struct host *h, const struct request *r, struct err *e)
{
	*p = (struct plan){
		.name = r->name,
		.lxcpath = r->lxcpath,
		.config_file = r->config_file ? r->config_file : "",
		.cgroup_pattern = r->cgroup_pattern ? r->cgroup_pattern : "",
		.spec = s,
		.host = h,
		.clone_flags = namespaces_flags(s),
		.foreground = r->foreground,
		.use_init = r->use_init,
	};
	memcpy(p->stdio, r->stdio, sizeof(p->stdio));
	return choose_argv(p, r, e);
}

void plan_free(struct plan *p)
{
	for (char **a = p->argv; a && *a; a++)
		free(*a);
	free(p->argv);
	p->argv = NULL;
}

void plan_warnings(const struct plan *p, struct problems *out)
{
	static void (*const askers[])(const struct plan *, struct problems *) = { cgroup_warn };

	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		askers[i](p, out);
}
