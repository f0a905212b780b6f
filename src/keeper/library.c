/* SPDX-License-Identifier: MIT */
/* Says in /proc/PID/maps which library the keeper came with; see library.h. */
#include "keeper/library.h"

#include "base/own.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define FILE_NAME "liblxc.so.1"

/* Of the build folder that this program is run from, else the installed one. */
static int open_library(void)
{
	char path[PATH_MAX + sizeof("/../lib/" FILE_NAME)];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *name;
	int fd = -1;

	path[n < 0 ? 0 : n] = 0;
	name = strrchr(path, '/');
	if (name) {
		(void)strcpy(name, "/../lib/" FILE_NAME);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd >= 0 ? fd : open(KEG_LIBDIR "/" FILE_NAME, O_RDONLY | O_CLOEXEC);
}

void library_show(void)
{
	_own_fd int fd = open_library();

	if (fd >= 0)
		(void)!mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
}
