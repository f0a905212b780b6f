/* SPDX-License-Identifier: MIT */
#pragma once
/* dnsmasq, which gives the containers their addresses and answers for names. */
#include "bridge/settings.h"

#include <sys/types.h>

/* Starts it and returns when it listens. */
int dnsmasq_start(const struct settings *s, struct err *e) _must_check;
/* Ends the one that is ours, if there is one; its files go, too. */
int dnsmasq_stop(const struct settings *s, struct err *e) _must_check;
/* The pid of the one that is ours, 0: none. */
pid_t dnsmasq_pid(const struct settings *s);
