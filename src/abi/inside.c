/* SPDX-License-Identifier: MIT */
/* The table's functions that reach into a running container. */
#include "abi/handle.h"

#include <errno.h>
#include <string.h>

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
	r = container_cgroup(container_of(pub), &host, &tree, &e);
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
	r = container_cgroup(container_of(pub), &host, &tree, &e);
	if (r == 0) {
		r = cgroup_tree_set(&tree, file, value, &e);
		cgroup_tree_close(&tree);
	}
	return abi_done(pub, r, &e);
}

static bool add_device_node(struct lxc_container *pub, const char *path, const char *to)
{
	struct err e = { 0 };

	return pub && path && abi_done(pub, container_device_node(container_of(pub), true, path, to, &e), &e);
}

static bool remove_device_node(struct lxc_container *pub, const char *path, const char *to)
{
	struct err e = { 0 };

	return pub && path && abi_done(pub, container_device_node(container_of(pub), false, path, to, &e), &e);
}

static char **get_ips(struct lxc_container *pub, const char *interface, const char *family, int scope)
{
	_own_strv struct strv found = { 0 };
	struct err e = { 0 };
	int r = 0;

	if (!pub)
		return NULL;
	if (interface || scope)
		r = err_say(&e, ENOTSUP, "the addresses of one interface, or of another scope, are not there yet");
	if (r == 0 && (!family || strcmp(family, "inet") == 0))
		r = container_addresses(container_of(pub), false, &found, &e);
	if (r == 0 && (!family || strcmp(family, "inet6") == 0))
		r = container_addresses(container_of(pub), true, &found, &e);
	return abi_done(pub, r, &e) ? abi_strings(&found) : NULL;
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
}
