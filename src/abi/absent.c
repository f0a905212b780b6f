/* SPDX-License-Identifier: MIT */
/* The table's functions that are not there yet: each says so, and fails as it fails in LXC. */
#include "abi/handle.h"

#include <errno.h>

static int absent(struct lxc_container *pub, const char *function)
{
	struct err e = { 0 };

	if (!pub)
		return -EINVAL;
	(void)err_say(&e, ENOTSUP, "%s is not there yet", function);
	abi_fail(pub, ENOTSUP, &e);
	return -ENOTSUP;
}

static bool no_rename(struct lxc_container *pub, const char *name)
{
	(void)name;
	return absent(pub, "rename") == 0;
}

static char **no_interfaces(struct lxc_container *pub)
{
	(void)absent(pub, "get_interfaces");
	return NULL;
}

static struct lxc_container *no_clone(struct lxc_container *pub, const char *name, const char *lxcpath, int flags,
				      const char *bdevtype, const char *bdevdata, uint64_t size, char **hook_args)
{
	(void)name;
	(void)lxcpath;
	(void)flags;
	(void)bdevtype;
	(void)bdevdata;
	(void)size;
	(void)hook_args;
	(void)absent(pub, "clone");
	return NULL;
}

static bool no_attach_interface(struct lxc_container *pub, const char *dev, const char *to)
{
	(void)dev;
	(void)to;
	return absent(pub, "attach_interface") == 0;
}

static bool no_detach_interface(struct lxc_container *pub, const char *dev, const char *to)
{
	(void)dev;
	(void)to;
	return absent(pub, "detach_interface") == 0;
}

static bool no_checkpoint(struct lxc_container *pub, char *folder, bool stop, bool verbose)
{
	(void)folder;
	(void)stop;
	(void)verbose;
	return absent(pub, "checkpoint") == 0;
}

static bool no_restore(struct lxc_container *pub, char *folder, bool verbose)
{
	(void)folder;
	(void)verbose;
	return absent(pub, "restore") == 0;
}

static int no_migrate(struct lxc_container *pub, unsigned command, struct migrate_opts *o, unsigned size)
{
	(void)command;
	(void)o;
	(void)size;
	return absent(pub, "migrate");
}

static int no_console_log(struct lxc_container *pub, struct lxc_console_log *log)
{
	(void)log;
	return absent(pub, "console_log");
}

static int no_mount(struct lxc_container *pub, const char *source, const char *target, const char *type,
		    unsigned long flags, const void *data, struct lxc_mount *m)
{
	(void)source;
	(void)target;
	(void)type;
	(void)flags;
	(void)data;
	(void)m;
	return absent(pub, "mount");
}

static int no_umount(struct lxc_container *pub, const char *target, unsigned long flags, struct lxc_mount *m)
{
	(void)target;
	(void)flags;
	(void)m;
	return absent(pub, "umount");
}

/* LXC's own word for a container that has none. */
static int no_notify_fd(struct lxc_container *pub)
{
	(void)absent(pub, "seccomp_notify_fd");
	return -EBADF;
}

static int no_devpts_fd(struct lxc_container *pub)
{
	return absent(pub, "devpts_fd");
}

void abi_absent_table(struct lxc_container *pub)
{
	pub->rename = no_rename;
	pub->get_interfaces = no_interfaces;
	pub->clone = no_clone;
	pub->attach_interface = no_attach_interface;
	pub->detach_interface = no_detach_interface;
	pub->checkpoint = no_checkpoint;
	pub->restore = no_restore;
	pub->migrate = no_migrate;
	pub->console_log = no_console_log;
	pub->mount = no_mount;
	pub->umount = no_umount;
	pub->seccomp_notify_fd = no_notify_fd;
	pub->seccomp_notify_fd_active = no_notify_fd;
	pub->devpts_fd = no_devpts_fd;
}
