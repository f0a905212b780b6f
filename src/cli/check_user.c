/* SPDX-License-Identifier: MIT */
/* What a plain user's containers need beside what the kernel has: ids, and a config that maps them. */
#include "cli/check.h"

#include "base/accounts.h"
#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "client/isolate.h"
#include "engine/paths.h"
#include "usernic/usernet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 100000, COUNT = 65536, FILE_MOST = 1 << 20 };

static const char veth[] = "lxc.net.0.type = veth\\nlxc.net.0.link = " DEFAULT_BRIDGE "\\nlxc.net.0.flags = up\\n";
static const char *const files[] = { "/etc/subuid", "/etc/subgid" };

/* Behind all ranges of "NAME:START:COUNT" lines. */
static uint64_t end_of_ranges(const char *file)
{
	_own_free char *text = NULL;
	uint64_t end = FIRST;
	char *rest, *line;

	if (io_read_file(AT_FDCWD, file, FILE_MOST, &text, NULL) < 0)
		return end;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
		int64_t a, n;

		if (!count)
			continue;
		*count = 0;
		if (num_i64(start + 1, 0, UINT32_MAX, &a) == 0 && num_i64(count + 1, 0, UINT32_MAX, &n) == 0 &&
		    (uint64_t)(a + n) > end)
			end = (uint64_t)(a + n);
	}
	return end;
}

static bool own_range(const char *file, struct idmap_extent *range)
{
	_own_free struct idmap *m = calloc(1, sizeof(*m));
	struct err quiet = { 0 };
	bool has = m && user_subids(file, m, &quiet) == 0 && m->n;

	if (has)
		*range = m->v[0];
	return has;
}

void check_maps(int unused, struct finding *f)
{
	uint64_t a = end_of_ranges(files[0]), b = end_of_ranges(files[1]), first = a > b ? a : b,
		 last = first + COUNT - 1;
	char name[ACCOUNT_NAME];

	(void)unused;
	f->root = true;
	if (access("/usr/bin/newuidmap", X_OK) < 0 || access("/usr/bin/newgidmap", X_OK) < 0) {
		f->why = "newuidmap and newgidmap are not installed";
		f->command = "apt-get install uidmap";
	} else if (!own_range(files[0], &(struct idmap_extent){ 0 }) ||
		   !own_range(files[1], &(struct idmap_extent){ 0 })) {
		account_name(getuid(), name, sizeof(name));
		f->why = "/etc/subuid and /etc/subgid give this user no ids";
		(void)snprintf(f->text, sizeof(f->text), "usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
			       (unsigned long long)first, (unsigned long long)last, (unsigned long long)first,
			       (unsigned long long)last, name);
		f->command = f->text;
	}
}

static bool is_setuid_root(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid == 0 && st.st_mode & S_ISUID;
}

/* What stands between this user and a veth at that bridge; NULL: nothing. In root's words, for f->command. */
static const char *lacks_nic(const char *bridge, struct finding *f)
{
	_own_free char *found = path_libexec("lxc-user-nic"), *path = found ? realpath(found, NULL) : NULL;
	char name[ACCOUNT_NAME];
	unsigned most = 0;
	int r;

	if (!path)
		return "lxc-user-nic is not installed";
	if (!is_setuid_root(path)) {
		(void)snprintf(f->text, sizeof(f->text), "chown root %s; chmod u+s %s", path, path);
		return "lxc-user-nic, which gives a user's containers an interface, is not setuid root";
	}
	r = usernet_mine("veth", bridge, &most);
	if (r == 0 && most)
		return NULL;
	if (r == -EPERM) {
		(void)snprintf(f->text, sizeof(f->text), "chown root " USERNET_FILE "; chmod go-w " USERNET_FILE);
		return USERNET_FILE " is not heeded while others than root may write to it";
	}
	account_name(getuid(), name, sizeof(name));
	(void)snprintf(f->text, sizeof(f->text), "echo \"%s veth %s 10\" >>" USERNET_FILE, name, bridge);
	return USERNET_FILE " gives this user no veth at " DEFAULT_BRIDGE;
}

void check_user_nic(int unused, struct finding *f)
{
	(void)unused;
	f->why = lacks_nic(DEFAULT_BRIDGE, f);
	f->command = *f->text ? f->text : NULL;
	f->root = true;
}

/* What new containers begin with; without a map in it they would take root. */
void check_default_config(int unused, struct finding *f)
{
	_own_free char *path = default_config(), *own = global_config("lxc.default_config");
	const char *net = lacks_nic(DEFAULT_BRIDGE, &(struct finding){ 0 }) ? "lxc.net.0.type = empty\\n" : veth;
	struct idmap_extent u, g;

	(void)unused;
	if ((path && config_maps_ids(path)) || !own)
		return;
	f->why = "new containers get no id map, and so would take root";
	if (!own_range(files[0], &u) || !own_range(files[1], &g))
		return; /* ids first */
	(void)snprintf(f->text, sizeof(f->text),
		       "mkdir -p %.*s && printf '%slxc.idmap = u 0 %u %u\\nlxc.idmap = g 0 %u %u\\n' >>%s",
		       (int)(strrchr(own, '/') - own), own, access(own, F_OK) == 0 ? "" : net, u.outside, u.count,
		       g.outside, g.count, own);
	f->command = f->text;
}
