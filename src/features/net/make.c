/* SPDX-License-Identifier: MIT */
/* Makes every device, host side, with its other end in the container's namespace; and takes them away. */
#include "features/net/net.h"

#include "base/num.h"
#include "base/own.h"
#include "features/net/nic.h"

#include <errno.h>
#include <string.h>

int nic_blame(const struct nic_job *j, int r, const char *sub, struct origin at, struct err *e)
{
	char key[NIC_KEY];

	nl_said(j->nl, e);
	err_key(e, nic_key(j->nic, sub, key), at);
	return r;
}

int nic_find_link(const struct nic_job *j, const char *what, struct link *out, struct err *e)
{
	const char *link = j->nic->link.s;
	int r = link_get(j->nl, link, out);

	if (r == 0)
		return 0;
	r = err_num(e, -r, what, "%s", link);
	if (r == -ENODEV && strcmp(link, "lxcbr0") == 0)
		err_hint(e, "create it: \"keg net up\" makes lxcbr0");
	else if (r == -ENODEV)
		err_hint(e, "the host has no device %s: \"ip link\" shows those it has", link);
	return nic_blame(j, r, "link", j->nic->link.at, e);
}

unsigned nic_mtu(const struct nic *nic)
{
	int64_t v = 0;

	if (nic->mtu.s && num_i64(nic->mtu.s, 1, INT32_MAX, &v) < 0)
		return 0;
	return (unsigned)v;
}

/* The name that a device asks for by itself; NULL: it gets a number. */
static const char *own_name(const struct nic *nic)
{
	return nic->name.s && !nic_name_pattern(nic->name.s) ? nic->name.s : NULL;
}

static bool name_taken(const struct net *net, size_t before, const char *name)
{
	char other[IFNAMSIZ];

	for (size_t i = 0; i < net->n; i++) {
		const char *own = own_name(net->v[i]);

		if (!nic_has_device(net->v[i]))
			continue;
		if (own && strcmp(own, name) == 0)
			return true;
		if (own || i >= before)
			continue;
		nic_inner_name(net, i, other);
		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

void nic_inner_name(const struct net *net, size_t nth, char name[IFNAMSIZ])
{
	const struct nic *nic = net->v[nth];
	const char *pattern = nic->name.s ?: "eth%d", *number = strstr(pattern, "%d");

	if (own_name(nic)) {
		(void)!str_copy(name, IFNAMSIZ, nic->name.s);
		return;
	}
	for (unsigned n = 0;; n++) {
		(void)snprintf(name, IFNAMSIZ, "%.*s%u%s", (int)(number - pattern), pattern, n, number + 2);
		if (!name_taken(net, nth, name))
			return;
	}
}

/*
 * A device on top of another gets a name of its own at first: kernels before 6.14 look for the new name in
 * the host's namespace, too, and an eth0 there would stand in the way of an eth0 in the container.
 */
void nic_birth_name(const struct net *net, size_t nth, char name[IFNAMSIZ])
{
	long long type = net->v[nth]->type.n;

	if (type == NET_VETH || type == NET_PHYS)
		nic_inner_name(net, nth, name);
	else
		(void)snprintf(name, IFNAMSIZ, "kegnic%zu", nth);
}

int nic_item_ip(const struct item *it, int family, struct ip *out)
{
	_own_free char *text = strndup(it->text, strcspn(it->text, " ")); /* a broadcast address may follow */
	int prefix;

	return text ? ip_parse_prefix(family, text, out, &prefix) : -ENOMEM;
}

static int make_one(struct nic_job *j, struct err *e)
{
	switch ((enum net_type)j->nic->type.n) {
	case NET_INVALID:
	case NET_EMPTY:
	case NET_NONE:
	case NET_TYPES:
		return 0;
	case NET_VETH:
		return j->run->plan->host->net_admin ? veth_make(j, e) : user_nic_make(j, e);
	case NET_VLAN:
	case NET_MACVLAN:
	case NET_IPVLAN:
		return stacked_make(j, e);
	case NET_PHYS:
		return phys_make(j, e);
	}
	return 0;
}

/*
 * Needs:  init, in its own network namespace; the runtime folder, where devices of the host's move.
 * Leaves: every device in init's namespace, down; the host's ends up; r->nics, one for each lxc.net.N.
 */
int net_make(struct run *run, struct err *e)
{
	const struct net *net = plan_part(run->plan, FEATURE_NET);
	_own_nl struct nl nl = NL_CLOSED;
	int r = nl_open(&nl, e);

	if (r < 0)
		return r;
	free(run->nics.v);
	run->nics = (struct nics){ .v = calloc(net->n, sizeof(struct nic_state)) };
	if (!run->nics.v)
		return err_num(e, ENOMEM, "make", "the network devices");
	run->nics.n = net->n;
	for (size_t i = 0; i < net->n && r == 0; i++) {
		struct nic_job j = {
			.run = run, .net = net, .nth = i, .nic = net->v[i], .nl = &nl, .state = &run->nics.v[i]
		};

		if (j.nic->type.n == NET_PHYS) /* its script finds the device where it still is */
			r = nic_script_up(&j, e);
		if (r == 0)
			r = make_one(&j, e);
		if (r == 0 && j.nic->l2proxy.n)
			r = proxy_make(&j, e);
		if (r == 0 && j.nic->type.n != NET_PHYS)
			r = nic_script_up(&j, e);
	}
	return r;
}

/* Our own devices go by index, and only under the name that they got: an index alone may be somebody else's by now. */
static void remove_one(struct nl *nl, struct nic_state *s)
{
	struct link l;

	if (s->ifindex > 0 && link_get_index(nl, s->ifindex, &l) == 0 && strcmp(l.name, s->host) == 0 &&
	    strcmp(l.kind, "veth") == 0)
		(void)!link_delete(nl, s->ifindex);
	s->ifindex = 0;
}

void net_undo(struct run *run)
{
	_own_nl struct nl nl = NL_CLOSED;
	struct err ignored = { 0 };

	nic_scripts_down(run); /* before anything goes */
	if (!run->nics.n)
		return;
	if (nl_open(&nl, &ignored) == 0)
		for (size_t i = 0; i < run->nics.n; i++)
			remove_one(&nl, &run->nics.v[i]);
	free(run->nics.v);
	run->nics = (struct nics){ 0 };
}
