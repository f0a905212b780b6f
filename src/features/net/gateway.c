/* SPDX-License-Identifier: MIT */
/* lxc.net.#.ipv4.gateway and ipv6.gateway = auto: the host's address on .link. */
#include "features/net/net.h"

#include "base/own.h"
#include "features/net/nic.h"

#include <errno.h>
#include <string.h>

/*
 * Found by the KEEPER before the clone and read by INIT, whose memory is a copy of the KEEPER's: from
 * its own network namespace it could not look at the host's link. A keeper starts one container.
 */
static struct found {
	struct ip v4, v6;
} * found;
static size_t n_found;

static bool automatic(const struct text *gateway)
{
	return gateway->s && strcmp(gateway->s, "auto") == 0;
}

bool net_asks_link(const struct plan *p)
{
	const struct net *net = plan_part(p, FEATURE_NET);

	for (size_t i = 0; i < net->n && net_makes(p); i++)
		if (nic_has_device(net->v[i]) && (automatic(&net->v[i]->gateway4) || automatic(&net->v[i]->gateway6)))
			return true;
	return false;
}

struct ip gateway_of_link(size_t nth, int family)
{
	if (nth >= n_found)
		return (struct ip){ 0 };
	return family == AF_INET ? found[nth].v4 : found[nth].v6;
}

struct look {
	int index;
	struct found best;
	unsigned char scope; /* of best.v6 */
};

/* The first IPv4 address; the first IPv6 address that is not link-local, else the first of all. */
static int look_at(const struct addr_seen *a, void *arg)
{
	struct look *l = arg;

	if (a->index != l->index)
		return 0;
	if (a->ip.family == AF_INET && !l->best.v4.family)
		l->best.v4 = a->ip;
	if (a->ip.family == AF_INET6 &&
	    (!l->best.v6.family || (l->scope != RT_SCOPE_UNIVERSE && a->scope == RT_SCOPE_UNIVERSE))) {
		l->best.v6 = a->ip;
		l->scope = a->scope;
	}
	return 0;
}

static int none_there(const struct nic_job *j, const char *sub, const struct text *gateway, const char *kind,
		      struct err *e)
{
	int r = err_say(e, EADDRNOTAVAIL, "%s has no %s address that could be the gateway", j->nic->link.s, kind);

	err_hint(e, "give the bridge one, or write the gateway's address");
	return nic_blame(j, r, sub, gateway->at, e);
}

static int find_one(struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	struct look l = { 0 };
	struct link link;
	int r = nic_find_link(j, "find the gateway of", &link, e);

	if (r < 0)
		return r;
	l.index = link.index;
	r = addr_each(j->nl, AF_UNSPEC, -1, look_at, &l);
	if (r < 0)
		return err_num(e, -r, "read the addresses of", "%s", nic->link.s);
	if (automatic(&nic->gateway4) && !l.best.v4.family)
		return none_there(j, "ipv4.gateway", &nic->gateway4, "IPv4", e);
	if (automatic(&nic->gateway6) && !l.best.v6.family)
		return none_there(j, "ipv6.gateway", &nic->gateway6, "IPv6", e);
	found[j->nth] = l.best;
	return 0;
}

/*
 * Needs:  the host's network namespace.
 * Leaves: the gateways that INIT asks for by gateway_of_link().
 */
int net_find_gateways(struct run *run, struct err *e)
{
	const struct net *net = plan_part(run->plan, FEATURE_NET);
	_own_nl struct nl nl = NL_CLOSED;
	int r = nl_open(&nl, e);

	if (r < 0)
		return r;
	free(found);
	n_found = 0;
	found = calloc(net->n, sizeof(*found));
	if (!found)
		return err_num(e, ENOMEM, "find", "the gateways");
	n_found = net->n;
	for (size_t i = 0; i < net->n && r == 0; i++) {
		struct nic_job j = { .run = run, .net = net, .nth = i, .nic = net->v[i], .nl = &nl };

		if (nic_has_device(j.nic) && (automatic(&j.nic->gateway4) || automatic(&j.nic->gateway6)))
			r = find_one(&j, e);
	}
	return r;
}
