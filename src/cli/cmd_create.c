/* SPDX-License-Identifier: MIT */
/* keg create: a new container, from a template. */
#include "cli/cli.h"

#include "base/own.h"
#include "client/disk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *config, *template, *bdev, *dir;
	const char *unused; /* of storage drivers that are not there */
};

static const struct opt opts[] = {
	{ 'B', "bdev", "BDEV", OPT_TEXT, offsetof(struct options, bdev), false,
	  "The storage of the rootfs: dir, overlay" },
	{ 'f', "config", "FILE", OPT_TEXT, offsetof(struct options, config), false, "The initial config" },
	{ 't', "template", "TEMPLATE", OPT_TEXT, offsetof(struct options, template), false,
	  "The template that fills the rootfs; \"none\": no rootfs" },
	{ 0, "lvname", "LVNAME", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "vgname", "VG", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "thinpool", "TP", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "fstype", "TYPE", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "fssize", "SIZE", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "zfsroot", "PATH", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "dir", "DIR", OPT_TEXT, offsetof(struct options, dir), false, "The rootfs' own folder" },
	{ 0, "rbdname", "NAME", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "rbdpool", "POOL", OPT_TEXT, offsetof(struct options, unused), false, NULL },
	{ 0, "rbduser", "USER", OPT_TEXT, offsetof(struct options, unused), false, NULL },
};

/* The buffer takes memory as far as something is shown: some KiB for a system that boots. */
#define KEPT_CONSOLE                                                                                                   \
	{                                                                                                              \
		"lxc.console.buffer.size", "auto"                                                                      \
	}
const struct create_default create_defaults[] = { { "lxc.monitor.signal.pdeath", "0" }, KEPT_CONSOLE, { 0 } };
const struct create_default create_defaults_of_a_while[] = { KEPT_CONSOLE, { 0 } };

/* `lxc-create -t TEMPLATE -h`: our help, then the template's. */
static int help(struct cli *c, const struct options *o)
{
	_own_free char *path = NULL;
	struct err e = { 0 };

	cli_help(c, cli_help_stream(c));
	if (!o->template)
		return 0;
	if (template_find(o->template, &path, &e) < 0)
		return cli_fail(c, &e);
	(void)fflush(stdout);
	(void)execl(path, strrchr(path, '/') + 1, "-h", (char *)NULL);
	return cli_say(c, "cannot run %s", path);
}

static int which_template(const struct cli *c)
{
	_own_strv struct strv names = { 0 };
	_own_buf struct buf others = { 0 };
	struct err e = { 0 };

	if (template_names(&names) == 0)
		for (size_t i = 0; i < names.n; i++)
			buf_addf(&others, "%s%s", i ? ", " : "", names.v[i]);
	(void)err_say(&e, EINVAL, "of which template? There are %s, and none for a config alone",
		      others.s ? others.s : "none");
	err_hint(&e, "lxc-create -n %s -t busybox", c->name);
	return cli_fail(c, &e);
}

static int run(struct cli *c)
{
	static const char *const other[] = { "lvm", "loop", "btrfs", "zfs", "rbd", "nbd" };
	const struct options *o = c->opt;
	_own_container struct container *ct = NULL;
	struct create_request r = { .bdev = o->bdev, .dir = o->dir, .quiet = c->quiet, .args = c->args };
	struct err e = { 0 };

	if (c->help)
		return help(c, o);
	if (!o->template && cli_is_keg(c))
		return which_template(c);
	if (!o->template) {
		(void)cli_say(c, "A template must be specified");
		return cli_say(c, "Use \"none\" if you really want a container without a rootfs");
	}
	for (size_t i = 0; o->bdev && i < ARRAY_SIZE(other); i++)
		if (strcmp(o->bdev, other[i]) == 0)
			return cli_say(c, "storage of type \"%s\" is not supported: only \"dir\" and \"overlay\" are",
				       o->bdev);
	if (o->unused)
		return cli_say(c, "the storage option \"%s\" does not go with a rootfs that is a folder", o->unused);
	if (!*o->template || strncmp("none", o->template, strlen(o->template)) != 0)
		r.template = o->template;
	r.config = o->config ? o->config : c->rcfile;
	r.defaults = cli_is_keg(c) ? create_defaults : NULL; /* lxc-create's file is LXC's */
	ct = cli_container(c);
	if (!ct)
		return 1;
	cli_undo_at_end(true); /* a template under way must not be left half-made */
	if (container_create(ct, &r, &e) < 0)
		return cli_fail(c, &e);
	if (cli_is_keg(c) && isatty(STDERR_FILENO)) /* what is next, for who does this by hand */
		cli_note(c, "%s is there: keg start %s\n", c->name, c->name);
	return 0;
}

const struct verb verb_create = {
	.name = "create",
	.synopsis = "--name=NAME --template=TEMPLATE [OPTION...] [-- TEMPLATE-OPTIONS]",
	.about = "creates a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_OWN_HELP,
	.run = run,
	.more = "  -- TEMPLATE-OPTIONS                are handed to the template; see them with -t TEMPLATE -h\n",
	.examples = {
		{ "web1 -t busybox", "a small system of this host's busybox" },
		{ "web1 -t debian -- --release bookworm", "Debian 12 with systemd" },
		{ "-t debian -h", "what the template takes behind --" },
	},
};
