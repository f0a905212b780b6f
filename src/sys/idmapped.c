/* SPDX-License-Identifier: MIT */
/* Gives a mount an id map of its own, and says why that may be impossible. */
#include "sys/idmapped.h"

#include "base/own.h"
#include "base/str.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

int idmapped_set(int tree, bool all, int userns)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	unsigned flags = AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0);

	return syscall(SYS_mount_setattr, tree, "", flags, &a, sizeof(a)) < 0 ? -errno : 0;
}

/* The file system of a detached mount, by a mount of the same device that can be looked up. */
static bool type_of(int tree, char *type, size_t size)
{
	_own_file FILE *f = fopen("/proc/self/mountinfo", "re");
	_own_free char *line = NULL;
	size_t cap = 0;
	struct stat st;

	if (!f || fstat(tree, &st) < 0)
		return false;
	while (getline(&line, &cap, f) > 0) {
		const char *rest = strstr(line, " - ");
		unsigned maj, min;

		if (!rest || sscanf(line, "%*d %*d %u:%u", &maj, &min) != 2 || makedev(maj, min) != st.st_dev)
			continue;
		(void)snprintf(type, size, "%.*s", (int)strcspn(rest + 3, " "), rest + 3);
		return true;
	}
	return false;
}

void idmapped_hint(int tree, int error, struct err *e)
{
	char type[32];

	if (error == ENOSYS)
		err_hint(e, "idmapped mounts need Linux 5.12; without them, chown the files to the container's ids");
	else if (error == EPERM)
		err_hint(e, "this takes root, and a mount that has no id map yet");
	else if (error == EINVAL && type_of(tree, type, sizeof(type)))
		err_hint(e, "%s cannot be idmapped by this kernel; chown the files to the container's ids instead",
			 type);
}
