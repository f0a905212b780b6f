/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Changes of state, told to whoever listens: every listener has a datagram socket below
 * /run/keg/monitors/<lxcpath>/, every teller sends to all of them and waits for none. No daemon.
 */
#include "base/err.h"

enum event_kind {
	EVENT_STATE,  /* value is an enum state */
	EVENT_EXITED, /* value is init's wait status, reason an enum ended_reason */
	EVENT_READY,  /* as lxc.start.ready has it */
};

struct event {
	char name[256];
	int kind, value;
	int reason; /* what older tellers do not send is 0 */
};

/* A socket that gets every event of the lxcpath's containers from now on. Ended with monitor_close(). */
int monitor_open(const char *lxcpath, struct err *e) _must_check;
/* 1: an event; -ETIMEDOUT; -errno. -1 as timeout: for ever. */
int monitor_next(int fd, struct event *ev, int timeout_ms) _must_check;
void monitor_close(int fd, const char *lxcpath);
/* Sends an event to all who listen. */
void monitor_tell(const char *lxcpath, const struct event *ev);
void monitor_tell_state(const char *lxcpath, const char *name, int state);
