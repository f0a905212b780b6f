/* SPDX-License-Identifier: MIT */
/*
 * lxc.net.#.veth.mode = router: no bridge. The host routes each of the container's addresses to its end of the veth,
 * and answers there for the gateways that the container has, whatever addresses those are.
 * All of it is on the host's end and goes with it: there is nothing to undo.
 */
#include "features/net/nic.h"

#include "base/io.h"
#include "base/own.h"
#include "sys/neigh.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int switch_on(const struct nic_job *j, const char *family, const char *setting, const struct text *gateway,
		     const char *sub, struct err *e)
{
	_own_free char *path = str_fmt("/proc/sys/net/%s/conf/%s/%s", family, j->state->host, setting);
	int r = path ? io_write_file(AT_FDCWD, path, "1") : -ENOMEM;

	if (r == 0)
		return 0;
	r = err_num(e, -r, "switch on", "%s of %s", setting, j->state->host);
	return nic_blame(j, r, sub, gateway->at, e);
}

/* The gateway's address, family 0 where there is none to answer for ("dev", or no gateway at all). */
static int gateway_ip(const struct nic_job *j, const struct text *gateway, int family, struct ip *out)
{
	*out = (struct ip){ 0 };
	if (!gateway->s || strcmp(gateway->s, "dev") == 0)
		return 0;
	if (strcmp(gateway->s, "auto") != 0)
		return ip_parse(family, gateway->s, out);
	*out = gateway_of_link(j->nth, family);
	return 0;
}

static int answer_as(const struct nic_job *j, const struct text *gateway, int family, const char *sub, struct err *e)
{
	struct ip a;
	int r = gateway_ip(j, gateway, family, &a);

	if (r < 0 || !a.family)
		return r < 0 ? err_num(e, -r, "read", "%s", gateway->s) : 0;
	if (family == AF_INET) /* arp: only a device that forwards looks at its proxy entries */
		r = switch_on(j, "ipv4", "forwarding", gateway, sub, e);
	else
		r = switch_on(j, "ipv6", "proxy_ndp", gateway, sub, e);
	if (r < 0)
		return r;
	r = neigh_proxy_add(j->nl, j->state->ifindex, &a);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "answer for the gateway", "%s on %s", gateway->s, j->state->host);
	return nic_blame(j, r, sub, gateway->at, e);
}

static int route_each(const struct nic_job *j, const struct list *l, int family, const char *sub, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct ip a;
		int r = nic_item_ip(&l->v[i], family, &a);

		if (r == 0)
			r = route_add(j->nl, j->state->ifindex, family, &a, ip_bits(&a), NULL);
		if (r < 0) {
			r = err_num(e, -r, "route", "%s to %s", l->v[i].text, j->state->host);
			if (r == -EEXIST)
				err_hint(e, "the host has a route to that address already");
			return nic_blame(j, r, sub, l->v[i].at, e);
		}
	}
	return 0;
}

int router_make(const struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	int r = answer_as(j, &nic->gateway4, AF_INET, "ipv4.gateway", e);

	if (r == 0)
		r = answer_as(j, &nic->gateway6, AF_INET6, "ipv6.gateway", e);
	if (r == 0)
		r = route_each(j, &nic->ipv4, AF_INET, "ipv4.address", e);
	return r < 0 ? r : route_each(j, &nic->ipv6, AF_INET6, "ipv6.address", e);
}
