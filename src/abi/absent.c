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

void abi_absent_table(struct lxc_container *pub)
{
	pub->rename = no_rename;
	pub->clone = no_clone;
}
