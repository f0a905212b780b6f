/* SPDX-License-Identifier: MIT */
/* Finds the process behind a bound port: the socket's inode in /proc/net, then whose fd it is. */
#include "bridge/holder.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

enum { TCP_LISTENING = 0x0A };

/* A line of /proc/net/udp or tcp: "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode". */
static unsigned long inode_in(const char *table, in_addr_t addr, int port)
{
	_own_file FILE *f = fopen(table, "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned local, at, state;
		unsigned long inode;

		if (sscanf(line, " %*[^:]: %8X:%4X %*s %2X %*s %*s %*s %*s %*s %lu", &local, &at, &state, &inode) != 4)
			continue;
		if (at == (unsigned)port && (local == addr || local == INADDR_ANY) &&
		    (strstr(table, "udp") || state == TCP_LISTENING))
			return inode;
	}
	return 0;
}

static bool has_socket(int proc, const char *pid, const char *socket)
{
	_own_free char *path = str_fmt("%s/fd", pid);
	int fd = path ? openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	_own_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char target[PATH_MAX];

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	for (struct dirent *x; (x = readdir(d));) {
		ssize_t n = readlinkat(dirfd(d), x->d_name, target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = 0;
		if (strcmp(target, socket) == 0)
			return true;
	}
	return false;
}

static char *owner_of(unsigned long inode)
{
	_own_free char *socket = str_fmt("socket:[%lu]", inode);
	_own_dir DIR *proc = opendir("/proc");

	if (!socket || !proc)
		return NULL;
	for (struct dirent *x; (x = readdir(proc));) {
		_own_free char *path = NULL;
		char comm[64];

		if (!isdigit((unsigned char)x->d_name[0]) || !has_socket(dirfd(proc), x->d_name, socket))
			continue;
		path = str_fmt("%s/comm", x->d_name);
		if (!path || io_read_line(dirfd(proc), path, comm, sizeof(comm)) < 0)
			return NULL;
		return str_fmt("%s (process %s)", comm, x->d_name);
	}
	return NULL;
}

bool holder_find(const char *addr, int port, char **who)
{
	static const char *const tables[] = { "/proc/self/net/udp", "/proc/self/net/tcp" };
	struct in_addr a;

	if (inet_pton(AF_INET, addr, &a) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		unsigned long inode = inode_in(tables[i], a.s_addr, port);

		if (inode) {
			*who = owner_of(inode);
			return true;
		}
	}
	return false;
}
