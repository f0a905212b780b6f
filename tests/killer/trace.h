/* SPDX-License-Identifier: MIT */
/*
 * Runs a command and all that comes of it under ptrace, and kills one of its processes before one of its system calls.
 *
 * Processes are numbered as they are born: 0 is the command, 1 a keeper that was there before, if one is watched, else
 * the command's first child, and so on. Calls are numbered from the process's birth, those of the command from its
 * exec.
 */
#ifndef KILLER_TRACE_H
#define KILLER_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROCESSES = 32 };

struct victim {
	int process; /* negative: nobody is killed, every call of everybody is counted */
	long call;
	bool whole_life; /* the container ends by itself: its keeper is watched through the idle stage */
};

struct outcome {
	bool killed;
	char what[32], who[32]; /* the call before which it was killed, and the program's name */
	int status;		/* of the command, as wait(2) tells */
	long calls[PROCESSES];	/* how many system calls each process made, of those that are counted */
	char name[PROCESSES][32];
	int processes;
	char hangs[256]; /* who had not come to rest within the deadline; empty: nobody */
};

/* A process that the container's own program has been given to counts for us no more; it is known by its file. */
void trace_payload(const char *file);

/*
 * keeper: the idle keeper of a running container that is watched, too; 0: none. err_fd gets the command's stderr.
 * Returns when the command has ended and every other process has ended or come to rest: a keeper in its idle stage, an
 * init with its own program. Those run on, untraced. Negative: the harness itself failed.
 */
int trace_run(char *const argv[], pid_t keeper, struct victim v, int err_fd, struct outcome *out);

#endif
