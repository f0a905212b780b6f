/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files of the idle stage share. */
#include "keeper/handover.h"
#include "keeper/live.h"

#include <stdbool.h>

extern struct handover hand;
extern struct live *live;
extern int hand_fd;

/* --- exchange.c --- */
/* Becomes the engine stage; does not return. */
_Noreturn void become_engine(void);
/* Becomes another program of this stage; 0 or an errno value where that cannot be run. */
int become_newer(const char *idle, const char *keeper);
/* A process beside this one that holds its fds, and goes on where it is killed. */
void guard_begin(void);
/* Another one, which knows what of the hand-over has changed. */
void guard_renew(void);
/* After SIGCHLD: another one, where it has ended. */
void guard_look(void);
