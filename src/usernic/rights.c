/* SPDX-License-Identifier: MIT */
/* The rights of a setuid program; see rights.h. */
#include "usernic/rights.h"

#include "base/own.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What the caller has handed down beside his arguments. 0, 1 and 2 are open: libc sees to that in a setuid program. */
static int clear_heritage(void)
{
	sigset_t all;

	if (syscall(SYS_close_range, 3, ~0U, 0) < 0) /* Linux 5.9 */
		return -errno;
	if (clearenv() != 0 || setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0)
		return -ENOMEM;
	(void)umask(077);
	if (chdir("/") < 0)
		return -errno;
	for (int n = 1; n < _NSIG; n++)
		(void)signal(n, SIG_DFL);
	(void)sigfillset(&all);
	return sigprocmask(SIG_SETMASK, &all, NULL) < 0 ? -errno : 0;
}

static int ask_groups(struct caller *c)
{
	int n = getgroups(0, NULL);

	c->gids = n < 0 ? NULL : calloc((size_t)n + 1, sizeof(gid_t));
	if (!c->gids || getgroups(n, c->gids) != n)
		return -ENOMEM;
	c->gids[n] = getgid();
	c->n = (size_t)n + 1;
	return 0;
}

int rights_step_back(struct caller *c)
{
	int r;

	*c = (struct caller){ .uid = getuid() };
	if (geteuid() != 0)
		return -EPERM;
	r = clear_heritage();
	if (r == 0)
		r = ask_groups(c);
	return r < 0 || seteuid(c->uid) == 0 ? r : -errno;
}

/* Limits of the caller's could end us between the file and the device; timers go with the signals that are blocked. */
static void lift_limits(void)
{
	static const int limits[] = { RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC };
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY }, files = { 1024, 1024 };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		(void)setrlimit(limits[i], limits[i] == RLIMIT_NOFILE ? &files : &none);
}

static int keep_net_admin(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap != CAP_NET_ADMIN && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective = CAP_TO_MASK(CAP_NET_ADMIN);
	data[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted = CAP_TO_MASK(CAP_NET_ADMIN);
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int rights_take(void)
{
	if (seteuid(0) < 0 || setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	lift_limits();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return keep_net_admin();
}
