/* SPDX-License-Identifier: MIT */
/*
 * The engine stage of a keeper: starts a container, undoes it when it has ended, and clears up after a
 * keeper that was killed. In between it is the idle stage (idle.c) that waits.
 *
 *	keg-keeper start [--foreground | --tell-late] [--execute] [--config FILE] [--pidfile FILE]
 *		[--log-prefix TOOL] [--log-level LEVEL] [--cgroup-pattern PATTERN] [--cgroup-use CONTROLLERS] NAME
 *		LXCPATH [ARGV...]
 *	keg-keeper stop FD		the hand-over is in that fd
 *	keg-keeper resume FD		goes on for one that was killed, whose fds it has
 *	keg-keeper adopt NAME LXCPATH	goes on for one that was killed, or clears up what it left
 *	keg-keeper ready NAME LXCPATH	tells listeners that it is
 */
#include "keeper/keeper.h"

#include "base/mem.h"
#include "base/own.h"
#include "engine/fault.h"
#include "keeper/library.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	sigset_t all;

	library_show();
	mem_populate();
	fault_begin();
	/* Signals wait until the idle stage reads them. SIGCHLD must not be ignored, or init reaps itself. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)prctl(PR_SET_NAME, "keg-keeper", 0, 0, 0);
	if (argc > 3 && strcmp(argv[1], "start") == 0)
		return keeper_start(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], "stop") == 0)
		return keeper_stop(argv[2]);
	if (argc == 3 && strcmp(argv[1], "resume") == 0)
		return keeper_resume(argv[2]);
	if (argc == 4 && strcmp(argv[1], "adopt") == 0)
		return keeper_adopt(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "ready") == 0)
		return keeper_ready(argv[2], argv[3]);
	(void)fprintf(stderr, "keg-keeper is run by keg: see keg(1)\n");
	return 2;
}
