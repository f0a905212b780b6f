/* SPDX-License-Identifier: MIT */
/* The terminal that `top` takes, and leaves as it found it: at its end, by a signal, and while it is stopped. */
#include "cli/top.h"

#include "base/own.h"

#include <poll.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char to_own_screen[] = "\033[?1049h\033[?25l", to_old_screen[] = "\033[?25h\033[?1049l";

static struct termios was;
static bool taken, own_screen;
static sigset_t while_waiting;
static volatile sig_atomic_t told_to_pause, resized, shown_is_wrong;

static void note_pause(int sig)
{
	(void)sig;
	told_to_pause = 1;
}

static void note_size(int sig)
{
	(void)sig;
	resized = 1;
}

static void tell(const char *escape)
{
	if (!own_screen)
		return;
	(void)fputs(escape, stdout);
	(void)fflush(stdout);
}

static bool enter(void)
{
	struct termios now = was;

	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &now) < 0)
		return false;
	tell(to_own_screen);
	return true;
}

/* All signals that are waited for come while waiting only: none is lost between a look at the flags and the wait. */
bool top_terminal_take(bool screen)
{
	struct sigaction pause = { .sa_handler = note_pause }, size = { .sa_handler = note_size };
	sigset_t more;

	cli_end_while_waiting(&while_waiting);
	if (tcgetattr(STDIN_FILENO, &was) < 0)
		return false;
	(void)sigemptyset(&more);
	(void)sigaddset(&more, SIGTSTP);
	(void)sigaddset(&more, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &more, NULL);
	(void)sigaction(SIGTSTP, &pause, NULL);
	(void)sigaction(SIGWINCH, &size, NULL);
	own_screen = screen && isatty(STDOUT_FILENO);
	taken = enter();
	return taken;
}

void top_terminal_leave(void)
{
	if (!taken)
		return;
	tell(to_old_screen);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &was);
	if (!own_screen)
		(void)putchar('\n');
	(void)fflush(stdout);
	taken = false;
}

/* Stops as if nobody had caught the signal; whoever lets it go on finds it where it was. */
static void be_stopped(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, pause = { .sa_handler = note_pause };
	sigset_t it;

	told_to_pause = 0;
	top_terminal_leave();
	(void)sigaction(SIGTSTP, &usual, NULL);
	(void)sigemptyset(&it);
	(void)sigaddset(&it, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &it, NULL); /* it is stopped here */
	(void)sigprocmask(SIG_BLOCK, &it, NULL);
	(void)sigaction(SIGTSTP, &pause, NULL);
	taken = enter();
	shown_is_wrong = 1;
}

bool top_terminal_changed(void)
{
	bool changed = shown_is_wrong || resized;

	shown_is_wrong = resized = 0;
	return changed;
}

size_t top_terminal_wait(int64_t ms, char *keys, size_t size)
{
	struct pollfd p = { .fd = taken ? STDIN_FILENO : -1, .events = POLLIN };
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	ssize_t n;

	if (cli_told_to_end)
		return 0;
	if (ppoll(&p, 1, &t, &while_waiting) <= 0) {
		if (told_to_pause)
			be_stopped();
		return 0;
	}
	/* waits: poll has seen it */
	n = read(STDIN_FILENO, keys, size);
	if (n <= 0) /* the terminal is gone */
		cli_told_to_end = 1;
	return n > 0 ? (size_t)n : 0;
}
