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

/* --- console_log.c --- */
void log_begin_console(void);
void log_console(const char *data, size_t n);
/* Whether it shall be told when the writer takes more: its fd or -1; then log_push(). */
int log_wait_fd(void);
void log_push(void);
/* init has ended: nothing comes any more. */
void log_drain(void);
/* The whole ring into the file, begun anew where old ones are kept. 0 or -errno. */
int log_shown(void);
