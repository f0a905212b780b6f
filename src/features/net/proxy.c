/* SPDX-License-Identifier: MIT */
/* lxc.net.#.l2proxy: on .link the host answers for the container's addresses, which lie behind another device. */
#include "features/net/nic.h"

#include "base/num.h"
#include "base/own.h"
#include "sys/neigh.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

/* An entry that was there before is the administrator's, and stays when the container ends. */
static int proxy_one(struct nic_job *j, const struct link *link, const struct ip *a, const char *text, struct err *e)
{
	_own_free char *name = str_fmt("%s@%s", text, link->name);
	char index[16];
	int r = neigh_proxy_look(j->nl, link->index, a);

	if (r == 0)
		return 0;
	(void)snprintf(index, sizeof(index), "%d", link->index);
	r = name ? journal_note(j->run, "proxy", name, index, e) : err_num(e, ENOMEM, "note", "the proxy entries");
	if (r < 0)
		return r;
	r = neigh_proxy_add(j->nl, link->index, a);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "answer for", "%s on %s", text, link->name);
	return nic_blame(j, r, "l2proxy", j->nic->l2proxy.at, e);
}

/*
 * The device of an ipvlan hears what comes in on .link, but the host would answer for an address only where its route
 * leads to another device: to lo, so that it is not sent round in circles.
 */
static int route_to_lo(struct nic_job *j, const struct ip *a, const char *text, struct err *e)
{
	int r = journal_note(j->run, "route", text, "1", e);

	if (r < 0)
		return r;
	r = route_add(j->nl, 1, a->family, a, ip_bits(a), NULL);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "route", "%s to lo", text);
	return nic_blame(j, r, "l2proxy", j->nic->l2proxy.at, e);
}

static int proxy_list(struct nic_job *j, const struct link *link, const struct list *l, int family, struct err *e)
{
	char text[IP_TEXT];
	struct ip a;
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++) {
		r = nic_item_ip(&l->v[i], family, &a);
		if (r < 0)
			return err_num(e, -r, "read", "%s", l->v[i].text);
		ip_print(&a, text);
		r = proxy_one(j, link, &a, text, e);
		if (r == 0 && j->nic->type.n == NET_IPVLAN)
			r = route_to_lo(j, &a, text, e);
	}
	return r;
}

int proxy_make(struct nic_job *j, struct err *e)
{
	struct link link;
	int r = nic_find_link(j, "answer for the container on", &link, e);

	if (r == 0)
		r = proxy_list(j, &link, &j->nic->ipv4, AF_INET, e);
	return r < 0 ? r : proxy_list(j, &link, &j->nic->ipv6, AF_INET6, e);
}

/* proxy ADDRESS@LINK INDEX: by the index, which no other link gets after it. */
void proxy_undo(struct undo *u, char **words, size_t n)
{
	char *at = strchr(words[1], '@');
	int64_t index;
	struct ip a;

	if (n != 3 || !at || num_i64(words[2], 1, INT32_MAX, &index) < 0)
		return;
	*at = 0;
	if (ip_parse(0, words[1], &a) == 0)
		(void)!neigh_proxy_del(&u->here, (int)index, &a);
}

/* route ADDRESS INDEX */
void host_route_undo(struct undo *u, char **words, size_t n)
{
	int64_t index;
	struct ip a;

	if (n == 3 && num_i64(words[2], 1, INT32_MAX, &index) == 0 && ip_parse(0, words[1], &a) == 0)
		(void)!route_del(&u->here, (int)index, &a, ip_bits(&a));
}
