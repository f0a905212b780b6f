/* SPDX-License-Identifier: MIT */
/* The table's functions that write a running container down, and go on from what was written: not there yet. */
#include "abi/handle.h"

#include <errno.h>
#include <string.h>

static int refuse(struct lxc_container *pub, const char *function)
{
	struct err e = { 0 };

	if (!pub)
		return -EINVAL;
	(void)err_say(&e, ENOTSUP, "%s: checkpoints are not in this version", function);
	abi_fail(pub, ENOTSUP, &e);
	return -ENOTSUP;
}

static bool checkpoint(struct lxc_container *pub, char *folder, bool stop, bool verbose)
{
	(void)folder;
	(void)stop;
	(void)verbose;
	return refuse(pub, "checkpoint") == 0;
}

static bool restore(struct lxc_container *pub, char *folder, bool verbose)
{
	(void)folder;
	(void)verbose;
	return refuse(pub, "restore") == 0;
}

/* A caller of a later LXC may have more fields: what is in them has to be nothing. */
static bool fits(const struct migrate_opts *o, unsigned size)
{
	const unsigned char *bytes = (const unsigned char *)o;

	for (size_t i = sizeof(*o); i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Asked which features there are: none, and that is no error to read of. */
static int migrate(struct lxc_container *pub, unsigned command, struct migrate_opts *o, unsigned size)
{
	struct err e = { 0 };

	if (!pub)
		return -EINVAL;
	if (o && !fits(o, size)) {
		(void)err_say(&e, E2BIG, "migrate was called with options that are not known here");
		abi_fail(pub, E2BIG, &e);
		return -E2BIG;
	}
	if (o && command == MIGRATE_FEATURE_CHECK &&
	    size >= offsetof(struct migrate_opts, features_to_check) + sizeof(o->features_to_check))
		o->features_to_check = 0;
	return refuse(pub, "migrate");
}

void abi_criu_table(struct lxc_container *pub)
{
	pub->checkpoint = checkpoint;
	pub->restore = restore;
	pub->migrate = migrate;
}
