/* SPDX-License-Identifier: MIT */
#pragma once
/* VLANs of a bridge and of its ports (802.1Q filtering). 0 or -errno, the kernel's words in the socket's `said`. */
#include "sys/netlink.h"

#include <stdbool.h>

struct bridge_vlans {
	bool filtering;
	uint16_t default_pvid; /* the VLAN that a new port gets, untagged; 0: none */
};

int bridge_vlans_get(struct nl *n, int bridge, struct bridge_vlans *out) _must_check;

/* flags: BRIDGE_VLAN_INFO_PVID, BRIDGE_VLAN_INFO_UNTAGGED; 0: tagged */
int port_vlan_add(struct nl *n, int port, uint16_t id, uint16_t flags) _must_check;
int port_vlan_del(struct nl *n, int port, uint16_t id) _must_check;
