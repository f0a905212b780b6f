/* SPDX-License-Identifier: MIT */
/*
 * The idle stage is exchanged for another program: the engine, because init has ended; a newer one of its own kind; or,
 * where it is killed and init is to outlive it, the engine again in the guard, a process beside this one that does
 * nothing but share its table of fds. A pty is gone with the last fd of its master, and nothing but a process can
 * hold one.
 */
#include "base/own.h"
#include "keeper/idle.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pid_t guard = -1;

static char *decimal(int n, char *room)
{
	char digits[12];
	int i = 0, at = 0;

	do
		digits[i++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (i > 0)
		room[at++] = digits[--i];
	room[at] = 0;
	return room;
}

/* Every fd that the next program needs stays open across the exec. */
static int write_back(void)
{
	hand.peer_fd = live->peer_fd;
	hand.foreground = live->foreground;
	live_inherit(live, true);
	return handover_write(hand_fd, &hand);
}

static void exec_engine(const char *stage)
{
	char number[12], *argv[] = { "keg-keeper", (char *)stage, decimal(hand_fd, number), NULL };

	if (write_back() == 0)
		(void)execve(hand.keeper, argv, environ);
}

/* --- the guard --------------------------------------------------------------------------------- */

_Noreturn static void keep_guard(pid_t keeper)
{
	sigset_t death;

	(void)prctl(PR_SET_NAME, "keg-guard", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
	(void)sigemptyset(&death);
	(void)sigaddset(&death, SIGUSR1);
	while (getppid() == keeper)
		(void)sigwaitinfo(&death, NULL); /* waits: the keeper's death is the signal */
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	exec_engine("resume");
	_exit(1);
}

void guard_begin(void)
{
	pid_t keeper = getpid();

	if (!hand.outlives)
		return;
	guard = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (guard == 0)
		keep_guard(keeper);
}

void guard_look(void)
{
	if (guard > 0 && waitpid(guard, NULL, WNOHANG) == guard)
		guard_begin();
}

/* Its fds are a copy from our exec on: the lock would never fall free. */
static void end_guard(void)
{
	if (guard <= 0)
		return;
	(void)kill(guard, SIGKILL);
	(void)waitpid(guard, NULL, 0); /* waits: it is killed */
	guard = -1;
}

void guard_renew(void)
{
	end_guard();
	guard_begin();
}

/* --- others ------------------------------------------------------------------------------------ */

void become_engine(void)
{
	end_guard();
	exec_engine("stop");
	_exit(1); /* the lock goes with us; the next command clears up */
}

int become_newer(const char *idle, const char *keeper)
{
	char number[12], *argv[] = { "keg-keeper", decimal(hand_fd, number), hand.name, hand.lxcpath, NULL };
	char was[sizeof(hand.keeper)];
	int error;

	memcpy(was, hand.keeper, sizeof(was));
	memcpy(hand.keeper, keeper, strlen(keeper) + 1);
	end_guard();
	error = -write_back();
	if (!error) {
		(void)execve(idle, argv, environ);
		error = errno;
	}
	memcpy(hand.keeper, was, sizeof(was));
	live_inherit(live, false);
	(void)!handover_write(hand_fd, &hand);
	guard_begin();
	return error;
}
