/* SPDX-License-Identifier: MIT */
#pragma once
/* What the bridge is to be: the variables of /etc/default/lxc-net, with their defaults. */
#include "base/err.h"
#include "sys/addr.h"
#include "sys/link.h"

struct settings {
	/* as they are written */
	char *use_bridge, *bridge, *bridge_mac, *addr, *netmask, *network, *dhcp_range, *dhcp_max, *dhcp_confile,
		*dhcp_ping, *domain, *ipv6_enable, *ipv6_addr, *ipv6_mask, *ipv6_network, *ipv6_nat, *run_dir,
		*lease_dir;
	char use_bridge_at[128]; /* "FILE:LINE", "" where nobody said anything */
	/* what they mean */
	bool wanted, ipv6, nat6, ping;
	unsigned char mac[MAC_LEN];
	struct ip ip4, ip6;
	int prefix4, prefix6;
	/* made of them */
	char *flag, *memory, *pid_file, *leases;
};

/* file NULL: the system's (/etc/default/lxc, then /etc/default/lxc-net; /etc/sysconfig where that is the custom). */
int settings_read(struct settings *s, const char *file, struct err *e) _must_check;
void settings_free(struct settings *s);
