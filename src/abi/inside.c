/* SPDX-License-Identifier: MIT */
/* The table's functions that reach into a running container. */
#include "abi/handle.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* --- console --- */

static int console_getfd(struct lxc_container *pub, int *tty, int *master)
{
	struct err e = { 0 };
	int hold = -1, fd;

	if (!pub || !tty || !master)
		return -1;
	fd = container_tty(container_of(pub), tty, &hold, &e);
	if (!abi_done(pub, fd, &e))
		return -1;
	*master = fd;
	return hold;
}

static int console(struct lxc_container *pub, int tty, int in, int out, int err, int escape)
{
	_own_fd int master = -1, hold = -1;
	struct err e = { 0 };
	int r;

	(void)err;
	if (!pub)
		return -1;
	master = container_tty(container_of(pub), &tty, &hold, &e);
	if (!abi_done(pub, master, &e))
		return -1;
	r = container_console(tty, master, hold, in, out, escape, &e);
	return abi_done(pub, r, &e) ? 0 : -1;
}

static int console_log(struct lxc_container *pub, struct lxc_console_log *log)
{
	struct console_log l = { 0 };
	struct err e = { 0 };
	char *data = NULL;
	size_t len = 0;
	int r;

	if (!pub || !log || !log->read_max)
		return -EINVAL;
	l = (struct console_log){ .read = log->read, .clear = log->clear, .most = *log->read_max };
	r = container_console_log(container_of(pub), &l, &data, &len, &e);
	if (!abi_done(pub, r, &e))
		return r;
	*log->read_max = len;
	log->data = data;
	return 0;
}

/* --- cgroups, devices, addresses --- */

static int get_cgroup_item(struct lxc_container *pub, const char *file, char *buf, int size)
{
	_own_buf struct buf value = { 0 };
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err e = { 0 };
	int r, n;

	if (!pub || !file)
		return -1;
	r = container_cgroup_begun(container_of(pub), &host, &tree, &e);
	if (r == 0) {
		r = cgroup_tree_get(&tree, file, &value, &e);
		cgroup_tree_close(&tree);
	}
	if (!abi_done(pub, r, &e))
		return -1;
	if (!buf || size <= 0)
		return (int)value.len;
	n = value.len < (size_t)size ? (int)value.len : size; /* LXC's way: as much as fits, perhaps without NUL */
	memcpy(buf, value.s ? value.s : "", (size_t)n + ((size_t)n < (size_t)size));
	return n;
}

static bool set_cgroup_item(struct lxc_container *pub, const char *file, const char *value)
{
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err e = { 0 };
	int r;

	if (!pub || !file || !value)
		return false;
	r = container_cgroup_begun(container_of(pub), &host, &tree, &e);
	if (r == 0) {
		r = cgroup_tree_set(&tree, file, value, &e);
		cgroup_tree_close(&tree);
	}
	return abi_done(pub, r, &e);
}

static bool add_device_node(struct lxc_container *pub, const char *path, const char *to)
{
	struct err e = { 0 };

	/* LXC looks the node's place up on the host, too, where the one without the other is refused. */
	if (pub && path && to && access(to, F_OK) < 0)
		return abi_done(pub, err_sys(&e, "find on the host", "%s", to), &e);
	return pub && path && abi_done(pub, container_device_node(container_of(pub), true, path, to, &e), &e);
}

static bool remove_device_node(struct lxc_container *pub, const char *path, const char *to)
{
	struct err e = { 0 };

	return pub && path && abi_done(pub, container_device_node(container_of(pub), false, path, to, &e), &e);
}

static bool attach_interface(struct lxc_container *pub, const char *device, const char *to)
{
	struct err e = { 0 };

	return pub && device && abi_done(pub, container_device_net(container_of(pub), true, device, to, &e), &e);
}

static bool detach_interface(struct lxc_container *pub, const char *device, const char *to)
{
	struct err e = { 0 };

	return pub && device && abi_done(pub, container_device_net(container_of(pub), false, device, to, &e), &e);
}

/* LXC: any other word is no family, and finds nothing. */
static int family_of(const char *name)
{
	return !name ? 0 : strcmp(name, "inet") == 0 ? AF_INET : strcmp(name, "inet6") == 0 ? AF_INET6 : -1;
}

static char **get_ips(struct lxc_container *pub, const char *interface, const char *family, int scope)
{
	_own_strv struct strv found = { 0 };
	struct err e = { 0 };
	int f = family_of(family), r;

	if (!pub)
		return NULL;
	r = f < 0 ? err_say(&e, EINVAL, "\"%s\" is not a family: inet, inet6", family)
		  : container_ips(container_of(pub), interface, f, scope, &found, &e);
	return abi_done(pub, r, &e) ? abi_strings(&found) : NULL;
}

static char **get_interfaces(struct lxc_container *pub)
{
	_own_strv struct strv found = { 0 };
	struct err e = { 0 };

	if (!pub || !abi_done(pub, container_interfaces(container_of(pub), &found, &e), &e))
		return NULL;
	return abi_strings(&found);
}

/* --- mounts --- */

static int do_mount(struct lxc_container *pub, const char *source, const char *target, const char *type,
		    unsigned long flags, const void *data, struct lxc_mount *m)
{
	const struct mount_request r = {
		.source = source, .target = target, .type = type, .flags = flags, .data = data
	};
	struct err e = { 0 };
	int x;

	(void)m;
	if (!pub || !target)
		return -EINVAL;
	x = container_mount(container_of(pub), &r, &e);
	return abi_done(pub, x, &e) ? 0 : x;
}

static int do_umount(struct lxc_container *pub, const char *target, unsigned long flags, struct lxc_mount *m)
{
	struct err e = { 0 };
	int x;

	(void)m;
	if (!pub || !target)
		return -EINVAL;
	x = container_umount(container_of(pub), target, flags, &e);
	return abi_done(pub, x, &e) ? 0 : x;
}

/* --- fds of a running one --- */

static int devpts_fd(struct lxc_container *pub)
{
	struct err e = { 0 };
	int fd;

	if (!pub)
		return -EINVAL;
	fd = container_devpts(container_of(pub), &e);
	(void)abi_done(pub, fd, &e);
	return fd;
}

/* The listener belongs to the keeper, never to a config in somebody's memory. */
static int seccomp_notify_fd(struct lxc_container *pub)
{
	struct err e = { 0 };

	if (!pub)
		return -EINVAL;
	(void)err_say(&e, EBADF, "this process has no listener: seccomp_notify_fd_active() gets the running one's");
	abi_fail(pub, EBADF, &e);
	return -EBADF;
}

static int seccomp_notify_fd_active(struct lxc_container *pub)
{
	struct err e = { 0 };
	int fd;

	if (!pub)
		return -EINVAL;
	fd = container_seccomp_fd(container_of(pub), &e);
	(void)abi_done(pub, fd, &e);
	return fd == -ENODEV ? -EBADF : fd; /* LXC's own word for a container that has none */
}

void abi_inside_table(struct lxc_container *pub)
{
	pub->console_getfd = console_getfd;
	pub->console = console;
	pub->get_cgroup_item = get_cgroup_item;
	pub->set_cgroup_item = set_cgroup_item;
	pub->add_device_node = add_device_node;
	pub->remove_device_node = remove_device_node;
	pub->get_ips = get_ips;
	pub->get_interfaces = get_interfaces;
	pub->attach_interface = attach_interface;
	pub->detach_interface = detach_interface;
	pub->mount = do_mount;
	pub->umount = do_umount;
	pub->devpts_fd = devpts_fd;
	pub->seccomp_notify_fd = seccomp_notify_fd;
	pub->seccomp_notify_fd_active = seccomp_notify_fd_active;
	pub->console_log = console_log;
}
