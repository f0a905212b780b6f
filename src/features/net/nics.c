/* SPDX-License-Identifier: MIT */
/* The devices of a config: held, found and dropped; and what they ask for together. */
#include "features/net/net.h"

#include "features/net/nic.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static struct nic *nic_insert(struct net *net, size_t at, unsigned index)
{
	struct nic **grown = realloc(net->v, (net->n + 1) * sizeof(struct nic *));
	struct nic *nic = calloc(1, sizeof(*nic));

	if (grown)
		net->v = grown;
	if (!grown || !nic) {
		free(nic);
		return NULL;
	}
	nic->index = index;
	nic_reset(nic); /* a device whose type is not told is an empty one */
	memmove(&net->v[at + 1], &net->v[at], (net->n - at) * sizeof(struct nic *));
	net->v[at] = nic;
	net->n++;
	return nic;
}

void *nic_at(void *part, unsigned index, bool create)
{
	struct net *net = part;
	size_t i = 0;

	while (i < net->n && net->v[i]->index < index)
		i++;
	if (i < net->n && net->v[i]->index == index)
		return net->v[i];
	return create ? nic_insert(net, i, index) : NULL;
}

int nic_nth(const void *part, size_t n)
{
	const struct net *net = part;

	return n < net->n ? (int)net->v[n]->index : -1;
}

void nic_drop(void *part, unsigned index)
{
	struct net *net = part;
	size_t kept = 0;

	for (size_t i = 0; i < net->n; i++) {
		if (index == UINT_MAX || net->v[i]->index == index) {
			nic_reset(net->v[i]);
			free(net->v[i]);
		} else {
			net->v[kept++] = net->v[i];
		}
	}
	net->n = kept;
	if (!kept) {
		free(net->v);
		net->v = NULL;
	}
}

bool net_own_namespace(const struct spec *s)
{
	const struct net *net = s->part[FEATURE_NET];

	for (size_t i = 0; i < net->n; i++)
		if (net->v[i]->type.n != NET_NONE)
			return true;
	return net->n == 0;
}

bool nic_has_device(const struct nic *nic)
{
	return nic->type.n != NET_INVALID && nic->type.n != NET_EMPTY && nic->type.n != NET_NONE;
}

bool net_makes(const struct plan *p)
{
	const struct net *net = plan_part(p, FEATURE_NET);

	for (size_t i = 0; i < net->n && p->clone_flags & CLONE_NEWNET; i++)
		if (nic_has_device(net->v[i]) || nic_has_script(net->v[i]))
			return true;
	return false;
}

bool net_any(const struct plan *p)
{
	const struct net *net = plan_part(p, FEATURE_NET);

	for (size_t i = 0; i < net->n && p->clone_flags & CLONE_NEWNET; i++)
		if (nic_has_device(net->v[i]) || net->v[i]->flags.s)
			return true;
	return false;
}

int net_tell_names(struct spec *running, const struct nics *nics)
{
	struct net *net = running->part[FEATURE_NET];

	for (size_t i = 0; i < net->n && i < nics->n; i++) {
		struct nic *nic = net->v[i];

		if (nic->type.n != NET_VETH || nic->veth_pair.s || !nics->v[i].host[0])
			continue;
		nic->veth_pair.s = strdup(nics->v[i].host);
		if (!nic->veth_pair.s)
			return -ENOMEM;
	}
	return 0;
}
