/* SPDX-License-Identifier: MIT */
/* The tests' fault points; empty in the real keeper. */
#include "engine/fault.h"

#ifdef KEG_FAULTS
#include "base/script.h"
#include "sys/mount.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_asked(const char *what, const char *step)
{
	const char *fault = getenv("KEG_FAULT");
	size_t n = strlen(what);

	return fault && strncmp(fault, what, n) == 0 && strcmp(fault + n, step) == 0;
}

void fault_begin(void)
{
	mount_pretend_old(is_asked("old-", "mount"));
	if (is_asked("hurry-", "hooks"))
		script_hurry(1000);
}

int fault_hit(const char *step, struct run *r, struct err *e)
{
	if (is_asked("fail:", step))
		return err_num(e, EIO, "do", "%s, as the test asked", step);
	if (is_asked("hold:", step))
		/* waits: in tests */
		(void)usleep(200000);
	if (is_asked("kill-keeper:", step) && r->who == KEEPER)
		(void)kill(getpid(), SIGKILL);
	if (is_asked("kill-init:", step) && r->who == INIT)
		_exit(137);
	if (is_asked("kill-init:", step) && r->init_pid > 0)
		(void)kill(r->init_pid, SIGKILL);
	return 0;
}

int fault_hit_undo(const char *step, struct run *r, struct err *e)
{
	(void)e;
	if (is_asked("undo:", step) && r->who == KEEPER)
		(void)kill(getpid(), SIGKILL);
	return 0;
}
#endif
