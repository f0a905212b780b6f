/* SPDX-License-Identifier: MIT */
/* Finds our own programs and run-time folders. */
#include "engine/paths.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef KEG_LIBEXECDIR
#define KEG_LIBEXECDIR "/usr/libexec/keg"
#endif

static const char *library; /* set once, before main() */

void path_set_library(const char *file)
{
	library = file;
}

char *path_own_folder(void)
{
	char exe[PATH_MAX];
	ssize_t n = library ? 0 : readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (library ? !realpath(library, exe) : n <= 0)
		return NULL;
	if (!library)
		exe[n] = 0;
	*strrchr(exe, '/') = 0;
	return strdup(exe);
}

char *path_libexec(const char *program)
{
	const char *forced = secure_getenv("KEG_LIBEXEC");
	_own_free char *folder = NULL;

	if (forced)
		return str_fmt("%s/%s", forced, program);
	folder = path_own_folder();
	for (size_t i = 0; folder && i < 2; i++) {
		_own_free char *path =
			i == 0 ? str_fmt("%s/%s", folder, program) : str_fmt("%s/../libexec/%s", folder, program);

		if (path && access(path, X_OK) == 0)
			return take_ptr(&path);
	}
	return str_fmt("%s/%s", KEG_LIBEXECDIR, program);
}

char *path_escape(const char *path)
{
	_own_buf struct buf b = { 0 };

	if (strlen(path) > 100)
		return str_fmt("#%016llx", str_fnv64(path));
	for (; *path; path++) {
		if (*path == '/')
			buf_addf(&b, "-");
		else if (*path == '-')
			buf_addf(&b, "\\x2d");
		else
			buf_add(&b, path, 1);
	}
	return buf_take(&b);
}

/* The run-time folder: root's, or one below $XDG_RUNTIME_DIR or, without it, the home, if it is the user's at all. */
static char *runtime(void)
{
	const char *xdg = secure_getenv("XDG_RUNTIME_DIR"), *home = secure_getenv("HOME");

	if (geteuid() == 0)
		return strdup("/run/keg");
	if (xdg && *xdg == '/')
		return str_fmt("%s/keg", xdg);
	if (home && *home == '/' && access(home, X_OK) == 0)
		return str_fmt("%s/.cache/keg/run", home);
	return str_fmt("/run/user/%u/keg", geteuid());
}

static char *below_runtime(const char *folder, const char *lxcpath)
{
	_own_free char *top = runtime(), *word = path_escape(lxcpath);

	return top && word ? str_fmt("%s%s/%s", top, folder, word) : NULL;
}

char *path_runtime(const char *lxcpath)
{
	return below_runtime("", lxcpath);
}

char *path_monitors(const char *lxcpath)
{
	return below_runtime("/monitors", lxcpath);
}

char *path_mountpoint(const char *lxcpath, const char *name)
{
	_own_free char *folder = below_runtime("/rootfs", lxcpath);

	return folder ? str_fmt("%s/%s", folder, name) : NULL;
}

void path_leave(const char *folder)
{
	_own_free char *top = runtime();

	if (top)
		io_rmdir_up(folder, top);
}

#ifndef KEG_BINDIR
#define KEG_BINDIR "/usr/bin"
#endif

char *path_keg(void)
{
	_own_free char *folder = path_own_folder(), *path = folder ? str_fmt("%s/../bin/keg", folder) : NULL;

	if (path && access(path, X_OK) == 0)
		return take_ptr(&path);
	return strdup(KEG_BINDIR "/keg");
}
