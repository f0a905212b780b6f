/* SPDX-License-Identifier: MIT */
/* What the signals that end a command do to one with something to take back, or to put right, first. */
#include "cli/cli.h"

#include "base/own.h"
#include "client/disk.h"

#include <signal.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

volatile sig_atomic_t cli_told_to_end;

static void cancel(int sig)
{
	(void)sig;
	disk_cancelled = 1;
}

static void note(int sig)
{
	(void)sig;
	cli_told_to_end = 1;
}

void cli_undo_at_end(bool yes)
{
	struct sigaction a = { .sa_handler = yes ? cancel : SIG_DFL };

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)sigaction(ending[i], &a, NULL);
}

void cli_end_while_waiting(sigset_t *while_waiting)
{
	struct sigaction a = { .sa_handler = note };
	sigset_t block;

	(void)sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		(void)sigaction(ending[i], &a, NULL);
		(void)sigaddset(&block, ending[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &block, while_waiting);
}
