/* SPDX-License-Identifier: MIT */
/* keg config: the system's settings (as lxc-config), and `check NAME`: is a container's config right? */
#include "cli/cli.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>

/* Those that -l prints, and that are known by name; in LXC's order. */
static const char *const items[] = {
	"lxc.default_config", "lxc.lxcpath",	"lxc.bdev.lvm.vg",    "lxc.bdev.lvm.thin_pool",
	"lxc.bdev.zfs.root",  "lxc.cgroup.use", "lxc.cgroup.pattern",
};

static int check(int argc, char **argv)
{
	_own_container struct container *ct = NULL;
	_own_problems struct problems p = { 0 };
	struct err e = { 0 };
	int r;

	if (argc < 2 || argc > 3) {
		(void)fputs("Usage: keg config check NAME [LXCPATH]\n", stderr);
		return 1;
	}
	if (container_open(&ct, argv[1], argc > 2 ? argv[2] : NULL, &e) < 0) {
		err_print(&e, "keg", argv[1]);
		return 1;
	}
	r = container_load(ct, NULL, &p);
	if (r == -ENOENT) {
		(void)fprintf(stderr, "keg: %s: Container is not defined\n", argv[1]);
		return 1;
	}
	if (spec_check(ct->spec, &p) < 0 || r < 0) {
		for (size_t i = 0; i < p.n; i++)
			err_print(&p.v[i], "keg", argv[1]);
		return 1;
	}
	(void)printf("%s: nothing is wrong with %s\n", argv[1], ct->config_file);
	return 0;
}

static int usage(const char *prog)
{
	(void)printf("Usage: %s -l: list all available configuration items\n"
		     "       %s ITEM: print the value of a configuration item\n"
		     "       keg config check NAME: tell every mistake in a container's config\n",
		     prog, prog);
	return 0;
}

/* LXC compares what is given as a prefix: "lxc" prints the first item. */
static int print_item(const char *wanted)
{
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		_own_free char *value = NULL;

		if (strncmp(items[i], wanted, strlen(wanted)) != 0)
			continue;
		value = global_config(items[i]);
		if (value)
			(void)puts(value);
		else
			(void)printf("%s is not set.\n", wanted);
		return 0;
	}
	(void)printf("Unknown configuration item: %s\n", wanted);
	return 1;
}

static int raw(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		return usage(argv[0]);
	if (strcmp(argv[1], "check") == 0)
		return check(argc - 1, argv + 1);
	if (strcmp(argv[1], "-l") != 0)
		return print_item(argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		(void)puts(items[i]);
	return 0;
}

const struct verb verb_config = {
	.name = "config",
	.synopsis = "-l | ITEM | check NAME",
	.about = "shows the system's settings, or checks a container's config",
	.flags = VERB_RAW,
	.raw = raw,
};
