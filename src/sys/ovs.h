/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Bridges of Open vSwitch, by its own ovs-vsctl, found along $PATH. Its database outlives devices: a port is taken
 * away explicitly.
 */
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

bool ovs_has_bridge(const char *name);
/* vlans: words such as "tag=5"; empty: the port carries all VLANs, as they are. */
int ovs_add_port(const char *bridge, const char *port, const struct strv *vlans, struct err *e) _must_check;
/* It, or the port, may be gone already. */
int ovs_del_port(const char *bridge, const char *port, struct err *e) _must_check;
