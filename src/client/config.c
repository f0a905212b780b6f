/* SPDX-License-Identifier: MIT */
/* The system configuration, lxc.conf(5): which lxcpath, which default config. */
#include "client/container.h"

#include "base/io.h"
#include "base/own.h"
#include "engine/places.h"
#include "features/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CONF_MOST = 1 << 20 };

/* In the order in which lxc-config -l lists them. */
static const struct global_key keys[] = {
	{ "lxc.default_config", "a file", "The config that new containers begin with (lxc-create without -f).",
	  KEG_SYSCONFDIR "/lxc/default.conf", ".config/lxc/default.conf", true },
	{ "lxc.lxcpath", "a folder", "The folder that holds the containers; the option -P takes its place.",
	  KEG_LXCPATH, ".local/share/lxc", true },
	{ "lxc.bdev.lvm.vg", "a name", "The LVM volume group of new containers on LVM.", "lxc", NULL, true },
	{ "lxc.bdev.lvm.thin_pool", "a name", "The LVM thin pool of new containers on LVM.", "lxc", NULL, true },
	{ "lxc.bdev.zfs.root", "a dataset", "The ZFS dataset below which new containers on ZFS lie.", "lxc", NULL,
	  true },
	{ "lxc.cgroup.use", "controllers parted by commas, or @all",
	  "The cgroup controllers that containers are limited by; all, where it is not set.", NULL, NULL, true },
	{ "lxc.cgroup.pattern", "a path with %n in it",
	  "How cgroups are called: %n is the container's name. Only where its config has no lxc.cgroup.dir.", NULL,
	  NULL, true },
	{ "lxc.bdev.rbd.rbdpool", "a name", "The Ceph pool of new containers on RBD.", "lxc", NULL, false },
	{ "lxc.bdev.rbd.rbduser", "a name", "The Ceph user of new containers on RBD.", NULL, NULL, false },
};

const struct global_key *global_key(size_t i)
{
	return i < ARRAY_SIZE(keys) ? &keys[i] : NULL;
}

static char *below_home(const char *path)
{
	const char *home = getenv("HOME");

	return str_fmt("%s/%s", home && *home ? home : "", path);
}

static char *conf_path(void)
{
	return geteuid() == 0 ? strdup(KEG_SYSCONFDIR "/lxc/lxc.conf") : below_home(".config/lxc/lxc.conf");
}

/* The value in a line "KEY = VALUE" of that key, NULL: another line. Trailing blanks belong to the value. */
static const char *line_value(const char *line, const char *key)
{
	size_t n = strlen(key);

	if (*line == '#')
		return NULL;
	line += strspn(line, " \t");
	if (strncmp(line, key, n) != 0)
		return NULL;
	line += n;
	line += strspn(line, " \t");
	if (*line++ != '=')
		return NULL;
	return line + strspn(line, " \t");
}

static char *from_file(const char *key)
{
	_own_free char *path = conf_path(), *text = NULL;
	char *rest, *line;

	if (!path || io_read_file(AT_FDCWD, path, CONF_MOST, &text, NULL) < 0)
		return NULL;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *v = line_value(line, key);

		if (v && *v)
			return strdup(v);
	}
	return NULL;
}

static void drop_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
}

char *global_config(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct global_key *s = &keys[i];
		char *v;

		if (strcmp(s->name, key) != 0)
			continue;
		v = from_file(key);
		if (!v && geteuid() != 0 && s->user)
			v = below_home(s->user);
		if (!v && s->root)
			v = strdup(s->root);
		if (v && strcmp(key, "lxc.lxcpath") == 0)
			drop_slashes(v);
		errno = 0;
		return v;
	}
	errno = EINVAL;
	return NULL;
}

char *default_config(void)
{
	_own_free char *configured = global_config("lxc.default_config"), *shipped = NULL;

	if (configured && access(configured, F_OK) == 0)
		return take_ptr(&configured);
	shipped = place_find(PLACE_CONFIG, "default.conf");
	if (shipped && access(shipped, F_OK) == 0)
		return take_ptr(&shipped);
	return take_ptr(&configured);
}

bool config_maps_ids(const char *path)
{
	_own_problems struct problems ignored = { 0 };
	_own_spec struct spec *s = NULL;
	struct err quiet = { 0 };

	return spec_new(&s, &quiet) == 0 && spec_read_file(s, path, &ignored, NULL) == 0 && userns_wanted(s);
}
