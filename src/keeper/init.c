/* SPDX-License-Identifier: MIT */
/*
 * keg-init: pid 1 of an application container (lxc-execute). Runs one command as its child, passes
 * signals on, reaps whatever is orphaned, and ends as the command ends: its status, 128 + N for a
 * signal, 255 where it cannot be run.
 *
 *	init -- COMMAND [ARG...]		by our keeper
 *	init.lxc --name=NAME -- COMMAND [ARG...]	by whoever knows LXC's
 */
#include "keeper/init_words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT_RUN = 255, GRACE_S = 1 };

static pid_t run(char **argv, const sigset_t *before, bool quiet)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)setsid();
	if (isatty(0))
		(void)ioctl(0, TIOCSCTTY, 1); /* taken over from us */
	(void)sigprocmask(SIG_SETMASK, before, NULL);
	(void)execvp(argv[0], argv);
	if (!quiet)
		(void)dprintf(2, "init: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(CANNOT_RUN);
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* All that have ended. Whether the command is among them. */
static bool reap(pid_t command, int *status)
{
	bool ended = false;
	pid_t pid;
	int one;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*status = one;
		ended = true;
	}
	return ended;
}

/* Everybody is asked to end, and after a second ended. The kernel ends who is left when we do, after the command. */
static void end_all(pid_t command, int *status)
{
	struct timespec grace = { .tv_sec = GRACE_S };
	pid_t everybody = getpid() == 1 ? -1 : command; /* no namespace of our own: the others are not ours */
	sigset_t chld;

	(void)kill(everybody, SIGTERM);
	(void)sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	while (!reap(command, status)) {
		if (sigtimedwait(&chld, NULL, &grace) >= 0)
			continue;
		(void)kill(everybody, SIGKILL);
		(void)waitpid(command, status, 0); /* waits: it was killed */
		return;
	}
}

int main(int argc, char **argv)
{
	int status = 0, first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	bool quiet = false;
	sigset_t all, before;
	pid_t command;

	if (argc > 0 && init_words_wanted(argv[0]))
		first = init_words(argc, argv, &quiet);
	if (first < 0)
		return -1 - first;
	if (argc <= first)
		return CANNOT_RUN;
	(void)prctl(PR_SET_NAME, "init", 0, 0, 0);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	command = run(argv + first, &before, quiet);
	if (command < 0)
		return CANNOT_RUN;
	for (;;) {
		/* waits: for the program that it is the init of */
		int sig = sigwaitinfo(&all, NULL);

		if (sig == SIGTERM || sig == SIGPWR) {
			end_all(command, &status);
			return exit_code(status);
		}
		if (sig > 0 && sig != SIGCHLD)
			(void)kill(command, sig);
		if (reap(command, &status))
			return exit_code(status);
	}
}
