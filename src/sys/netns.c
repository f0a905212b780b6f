/* SPDX-License-Identifier: MIT */
/* Network namespaces of others. */
#include "sys/netns.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

int netns_of_pid(pid_t pid)
{
	char path[48];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_id(const struct nlmsghdr *h, void *arg)
{
	const struct rtattr *a[NETNSA_MAX + 1];

	if (h->nlmsg_type != RTM_NEWNSID)
		return 0;
	nl_attrs(h, sizeof(struct rtgenmsg), a, NETNSA_MAX);
	if (a[NETNSA_NSID])
		*(int *)arg = (int)nl_u32(a[NETNSA_NSID]);
	return 0;
}

static int ask_id(struct nl *n, uint16_t type, int netns_fd, int *id)
{
	struct rtgenmsg g = { .rtgen_family = AF_UNSPEC };
	struct nl_msg m;

	nl_begin(&m, type, 0, &g, sizeof(g));
	nl_put_u32(&m, NETNSA_FD, (uint32_t)netns_fd);
	if (type == RTM_NEWNSID)
		nl_put_u32(&m, NETNSA_NSID, UINT32_MAX); /* -1: the kernel chooses */
	return nl_talk(n, &m, type == RTM_GETNSID ? read_id : NULL, id);
}

int netns_id(struct nl *n, int netns_fd, int *id)
{
	int found = NETNSA_NSID_NOT_ASSIGNED, r = ask_id(n, RTM_GETNSID, netns_fd, &found);

	if (r == 0 && found < 0) {
		r = ask_id(n, RTM_NEWNSID, netns_fd, NULL);
		if (r == 0 || r == -EEXIST) /* somebody else was quicker: just as good */
			r = ask_id(n, RTM_GETNSID, netns_fd, &found);
	}
	if (r == 0 && found < 0)
		r = -ENOENT;
	if (r == 0)
		*id = found;
	return r;
}

int netns_id_of_pid(struct nl *n, pid_t pid, int *id)
{
	_own_fd int theirs = netns_of_pid(pid);
	struct stat a, b;

	if (theirs < 0)
		return theirs;
	if (fstat(theirs, &a) < 0 || stat("/proc/thread-self/ns/net", &b) < 0)
		return -errno;
	if (a.st_ino == b.st_ino && a.st_dev == b.st_dev) {
		*id = -1;
		return 0;
	}
	return netns_id(n, theirs, id);
}

int netns_nl_open(struct nl *n, int netns_fd, struct err *e)
{
	_own_fd int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (home < 0)
		return err_sys(e, "open", "the own network namespace");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_sys(e, "enter", "the container's network namespace");
	r = nl_open(n, e);
	if (setns(home, CLONE_NEWNET) <
	    0) { /* cannot fail in practice; a caller in the wrong namespace must not go on */
		nl_close(n);
		return err_sys(e, "return to", "the own network namespace");
	}
	return r;
}
