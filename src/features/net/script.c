/* SPDX-License-Identifier: MIT */
/* lxc.net.#.script.up and .down: programs of the user's, when a device comes and before it goes. */
#include "features/net/net.h"

#include "base/own.h"
#include "features/hook_call.h"
#include "features/net/nic.h"

#include <errno.h>

bool nic_has_script(const struct nic *nic)
{
	return nic->type.n != NET_INVALID && nic->type.n != NET_NONE && (nic->script_up.s || nic->script_down.s);
}

bool net_ends_by_script(const struct plan *p)
{
	const struct net *net = plan_part(p, FEATURE_NET);

	for (size_t i = 0; i < net->n && net_makes(p); i++)
		if (nic_has_script(net->v[i]) && net->v[i]->script_down.s)
			return true;
	return false;
}

/* "veth LINK PEER", "macvlan LINK", "empty"; the same again as variables. Without a link it is "veth PEER". */
static int describe(const struct nic *nic, const char *peer, struct strv *args, struct strv *env)
{
	const char *type = nic_type_name(nic), *link = nic->link.s ? nic->link.s : "";
	int bad = strv_add(args, type) | strv_addf(env, "LXC_NET_TYPE=%s", type);

	if (nic->type.n == NET_EMPTY)
		return bad;
	bad |= (*link ? strv_add(args, link) : 0) | strv_addf(env, "LXC_NET_PARENT=%s", link);
	if (nic->type.n == NET_VETH)
		bad |= strv_add(args, peer) | strv_addf(env, "LXC_NET_PEER=%s", peer);
	return bad;
}

static int run_script(const struct run *r, size_t nth, bool down, struct err *e)
{
	const struct net *net = plan_part(r->plan, FEATURE_NET);
	const struct nic *nic = net->v[nth];
	const struct text *script = down ? &nic->script_down : &nic->script_up;
	const char *peer = nth < r->nics.n ? r->nics.v[nth].host : "";
	_own_strv struct strv args = { 0 }, env = { 0 };
	char key[NIC_KEY];

	if (!script->s || !nic_has_script(nic))
		return 0;
	if (describe(nic, peer, &args, &env) < 0)
		return err_num(e, ENOMEM, "run", "%s", script->s);
	const struct hook_call c = { .plan = r->plan,
				     .section = "net",
				     .type = down ? "down" : "up",
				     .run = r,
				     .ends = down,
				     .env = env.v,
				     .args = args.v };

	return hook_call(&c, script->s, nic_key(nic, down ? "script.down" : "script.up", key), script->at, e);
}

int nic_script_up(struct nic_job *j, struct err *e)
{
	j->run->hooks.nics_up = j->nth + 1;
	return run_script(j->run, j->nth, false, e);
}

void nic_scripts_down(struct run *r)
{
	const struct net *net = plan_part(r->plan, FEATURE_NET);

	for (size_t i = 0; i < net->n && i < r->hooks.nics_up; i++) {
		struct err e = { 0 };

		if (run_script(r, i, true, &e) < 0)
			hook_report(&e);
	}
	r->hooks.nics_up = 0;
}
