/* SPDX-License-Identifier: MIT */
/* lxc.sysctl.*: kernel parameters of the container's namespaces, written before its init runs. */
#include "features/sysctl.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "spec/key.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct sysctls {
	struct list list; /* names, values */
};

void sysctl_path(char *name)
{
	char first = name[strcspn(name, "./")];

	for (char *c = name; first == '.' && *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
}

/* No part is empty, "." or "..". */
static bool is_below(const char *path)
{
	for (const char *at = path;; at++) {
		size_t n = strcspn(at, "/");

		if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += n;
		if (!*at)
			return true;
	}
}

static int check_parameter(const char *name, struct err *e)
{
	_own_free char *path = strdup(name);

	if (!path)
		return -ENOMEM;
	sysctl_path(path);
	if (is_below(path))
		return 0;
	return err_say(e, EINVAL,
		       "lxc.sysctl.%s: the name is that of a file below /proc/sys, such as net.ipv4.ip_forward", name);
}

static const struct key keys[] = {
	{
		.name = "lxc.sysctl",
		.type = &type_whole,
		.field = offsetof(struct sysctls, list),
		.values = "nothing: an empty value takes all lxc.sysctl.* away",
		.help = "All lxc.sysctl.* together. Reading it gives them as \"KEY = VALUE\" lines.",
		.since = "3.0",
		.bad = { "5" },
	},
	{
		.name = "lxc.sysctl.*",
		.type = &type_named,
		.field = offsetof(struct sysctls, list),
		.values = "what the kernel takes for that parameter",
		.help = "A kernel parameter and its value, set before init runs. Dots in the name part folders; where "
			"the "
			"first of \"/\" and \".\" is a \"/\", dots are dots (net/ipv4/conf/eth0.1/forwarding). What "
			"belongs to no namespace of the container's is the host's.",
		.since = "3.0",
		.good = { "net.ipv4.ip_forward=1", "net/ipv4/conf/eth0.1/forwarding=1", "kernel.msgmax=4096" },
		.bad = { "../../etc/passwd=x", "net..ip_forward=1", "/net/core=1" },
		.check_name = check_parameter,
		.once = true,
	},
};

const struct feature sysctl_feature = {
	.name = "sysctl",
	.size = sizeof(struct sysctls),
	.keys = keys,
	FEATURE_TEXT("Kernel parameters",
		     "Values below /proc/sys, set once the namespaces are the container's own, see sysctl(8)."),
	.n_keys = ARRAY_SIZE(keys),
};

bool sysctl_given(const struct plan *p)
{
	const struct sysctls *s = plan_part(p, FEATURE_SYSCTL);

	return s->list.n;
}

/*
 * Needs:   to be where the host's /proc is: a user namespace may mount a procfs only where it sees a whole one.
 * Leaves:  r->proc_fd, a detached procfs; where none may be mounted (keg runs in a container itself), the one at
 *	    /proc. /proc/sys shows the namespaces of whoever looks, in every procfs.
 * Mustn't: use the container's: it can be read-only, covered, or a folder that somebody filled.
 */
int sysctl_open(struct run *r, struct err *e)
{
	struct err none = { 0 };

	if (r->proc_fd >= 0)
		return 0;
	r->proc_fd = mount_new("proc", "proc", NULL, 0, &none);
	if (r->proc_fd < 0)
		r->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->proc_fd < 0 ? err_sys(e, "open", "/proc") : 0;
}

static int write_one(int sys, const struct item *it, struct err *e)
{
	_own_free char *path = strdup(it->name), *key = str_fmt("lxc.sysctl.%s", it->name);
	_own_fd int fd = -1;
	int x;

	if (!path || !key)
		return err_num(e, ENOMEM, "hold", "a name");
	sysctl_path(path);
	x = fd = beneath_open(sys, path, O_WRONLY | O_NOCTTY, 0);
	if (x >= 0)
		x = io_write_all(fd, it->text, strlen(it->text));
	if (x >= 0)
		return 0;
	(void)err_num(e, -x, "set", "%s to %s", it->name, it->text);
	err_key(e, key, it->at);
	if (x == -ENOENT)
		err_hint(e, "the container has no /proc/sys/%s", path);
	if (x == -EACCES || x == -EPERM)
		err_hint(e, "it belongs to the host: the container's namespaces have none of their own");
	return x;
}

/*
 * Needs:  sysctl.open, the namespaces, their network.
 * Leaves: the parameters set; nothing of that procfs.
 */
int sysctl_write(struct run *r, struct err *e)
{
	const struct sysctls *s = plan_part(r->plan, FEATURE_SYSCTL);
	_own_fd int sys = beneath_open(r->proc_fd, "sys", O_PATH | O_DIRECTORY, 0);
	int x = sys < 0 ? err_num(e, -sys, "open", "/proc/sys") : 0;

	for (size_t i = 0; x == 0 && i < s->list.n; i++)
		x = write_one(sys, &s->list.v[i], e);
	close_fd(&r->proc_fd);
	return x;
}
