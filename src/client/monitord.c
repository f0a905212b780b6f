/* SPDX-License-Identifier: MIT */
/* Where LXC's monitor channel is; see monitord.h. */
#include "client/monitord.h"

#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

socklen_t monitord_address(const char *lxcpath, struct sockaddr_un *a)
{
	_own_free char *hashed = str_fmt("lxc/%s/monitor-sock", lxcpath);
	int n;

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "lxc/%016llx/%s", hashed ? str_fnv64(hashed) : 0,
		     lxcpath);
	if (n > (int)sizeof(a->sun_path) - 2)
		n = (int)sizeof(a->sun_path) - 2;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* /run of who owns it; LXC's order for all others. */
static char *run_folder(void)
{
	const char *xdg = secure_getenv("XDG_RUNTIME_DIR"), *home = secure_getenv("HOME");
	struct stat st;

	if (stat("/run", &st) == 0 && (st.st_uid == geteuid() || st.st_gid == getegid()))
		return strdup("/run");
	if (xdg && *xdg == '/')
		return strdup(xdg);
	return home && *home == '/' ? str_fmt("%s/.cache/lxc/run", home) : strdup("/run");
}

char *monitord_fifo(const char *lxcpath)
{
	_own_free char *run = run_folder();

	return run ? str_fmt("%s/lxc/%s/monitor-fifo", run, lxcpath + strspn(lxcpath, "/")) : NULL;
}

int monitord_quit(const char *lxcpath)
{
	_own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	socklen_t len = monitord_address(lxcpath, &a);
	size_t n = sizeof(monitord_quit_word) - 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, len) < 0) /* waits: not at all, it does not block */
		return -errno;
	return send(fd, monitord_quit_word, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -errno;
}
