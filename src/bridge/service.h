/* SPDX-License-Identifier: MIT */
#pragma once
/* The whole of it: bridge, forwarding, firewall, dnsmasq. */
#include "bridge/bridge.h"

#include <sys/types.h>

struct service {
	struct bridge_state bridge;
	bool flag, firewall;
	pid_t dnsmasq; /* 0: not running */
};

static inline void service_free(struct service *v)
{
	bridge_state_free(&v->bridge);
}
#define _own_service __attribute__((cleanup(service_free)))

int service_look(const struct settings *s, struct service *v, struct err *e) _must_check;
bool service_is_up(const struct service *v);
/* Nothing of it is there. */
bool service_is_down(const struct service *v);

/* Makes what is missing. Where that fails, all is taken away again, unless a part of it was there before and in use. */
int service_up(const struct settings *s, struct err *e) _must_check;
/* 1: the bridge stays, for ports are attached to it. */
int service_down(const struct settings *s, struct err *e) _must_check;
/* One up or down at a time: an fd to keep open meanwhile. */
int service_lock(const struct settings *s, struct err *e) _must_check;
