/* SPDX-License-Identifier: MIT */
#pragma once
/* The bridge itself: made, addressed, looked at, taken away; by netlink. */
#include "base/str.h"
#include "bridge/settings.h"

struct bridge_state {
	bool there, up, addressed; /* addressed: it has LXC_ADDR */
	unsigned char mac[MAC_LEN];
	struct strv addresses, ports;
};

/* -EEXIST: another kind of device has the name. */
int bridge_look(const struct settings *s, struct bridge_state *b, struct err *e) _must_check;
void bridge_state_free(struct bridge_state *b);

/* What is there already is kept and completed. */
int bridge_up(const struct settings *s, struct err *e) _must_check;
/* Takes it away. While ports are attached it stays, down and without our addresses: 1. */
int bridge_down(const struct settings *s, struct err *e) _must_check;
