/* SPDX-License-Identifier: MIT */
#pragma once
/* The rules that let containers reach dnsmasq and the world: tables `inet lxc`, `ip lxc`, `ip6 lxc`. */
#include "bridge/settings.h"

/* In one transaction; what stood in our tables before is replaced. */
int firewall_up(const struct settings *s, struct err *e) _must_check;
int firewall_down(struct err *e) _must_check;
/* Whether our main table is there. */
bool firewall_is_up(void);
