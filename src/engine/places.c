/* SPDX-License-Identifier: MIT */
/* Where what is shipped beside the programs lies; see places.h. */
#include "engine/places.h"

#include "base/own.h"
#include "base/str.h"
#include "engine/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *place_installed(enum place where)
{
	switch (where) {
	case PLACE_TEMPLATES:
		return KEG_DATADIR "/templates";
	case PLACE_CONFIG:
		return KEG_DATADIR "/config";
	}
	return "";
}

/* The build folder that the program is run from: one that Meson keeps its notes in. */
static char *build_folder(void)
{
	static const char *const up[] = { "..", "../.." };
	_own_free char *here = path_own_folder();

	for (size_t i = 0; here && i < ARRAY_SIZE(up); i++) {
		_own_free char *mark = str_fmt("%s/%s/meson-private", here, up[i]);

		if (mark && access(mark, F_OK) == 0)
			return str_fmt("%s/%s", here, up[i]);
	}
	return NULL;
}

char *place_find(enum place where, const char *file)
{
	static const char *const inside[][2] = {
		[PLACE_TEMPLATES] = { "templates", "../templates" },
		[PLACE_CONFIG] = { "config", "../config" },
	};
	_own_free char *build = build_folder();

	for (size_t i = 0; build && i < ARRAY_SIZE(inside[where]); i++) {
		_own_free char *path = str_fmt("%s/%s/%s", build, inside[where][i], file);
		char *real = path ? realpath(path, NULL) : NULL;

		if (real)
			return real;
	}
	return str_fmt("%s/%s", place_installed(where), file);
}

char *place_program(const char *program)
{
	return path_libexec(program);
}

/* Where LXC's packages put theirs. Configs of containers name it, and its files each other. */
#define LXC_CONFIG "/usr/share/lxc/config/"

char *place_instead(const char *path)
{
	_own_free char *ours = NULL;

	if (!str_starts(path, LXC_CONFIG) || access(path, F_OK) == 0 || errno != ENOENT)
		return NULL;
	ours = place_find(PLACE_CONFIG, path + strlen(LXC_CONFIG));
	return ours && access(ours, R_OK) == 0 ? take_ptr(&ours) : NULL;
}
