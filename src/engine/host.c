/* SPDX-License-Identifier: MIT */
/* Looks at the host, once. */
#include "engine/host.h"

#include "base/io.h"
#include "base/own.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define APPARMOR "/sys/kernel/security/apparmor"

static void look_at_apparmor(struct host *h)
{
	char stack[8] = "";

	h->apparmor_mounts = access(APPARMOR "/features/mount", F_OK) == 0;
	h->apparmor_spaces = access(APPARMOR "/policy/namespaces", W_OK) == 0 &&
			     io_read_line(AT_FDCWD, APPARMOR "/features/domain/stack", stack, sizeof(stack)) == 3 &&
			     strcmp(stack, "yes") == 0;
}

/* The capability alone says nothing where the network is that of a user namespace above ours. */
static bool look_at_network(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	_own_fd int netns = -1, owner = -1;

	if (syscall(SYS_capget, &head, data) < 0 ||
	    !(data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)))
		return false;
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	owner = netns < 0 ? -1 : ioctl(netns, NS_GET_USERNS); /* EPERM: above */
	return owner >= 0;
}

int host_look(struct host *h, struct err *e)
{
	*h = (struct host){ 0 };
	/* The kernel shows the folder only where AppArmor is enabled, and securityfs need not be mounted for it. */
	h->apparmor = access("/sys/module/apparmor/parameters/enabled", F_OK) == 0 && access(APPARMOR, F_OK) == 0;
	if (h->apparmor)
		look_at_apparmor(h);
	h->selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
	h->ipv6 = access("/proc/net/if_inet6", F_OK) == 0;
	h->net_admin = look_at_network();
	return cgroup_look(&h->cgroup, e);
}

int host_use(struct host *h, const char *controllers, struct err *e)
{
	int x = cgroup_use(&h->cgroup, controllers, e);

	if (x < 0) {
		err_key(e, "lxc.cgroup.use", (struct origin){ 0 });
		err_hint(e, "lxc.cgroup.use of the system's lxc.conf lists what every container needs");
	}
	return x;
}

void host_free(struct host *h)
{
	*h = (struct host){ 0 };
}
