/* SPDX-License-Identifier: MIT */
/* lxc.container.conf(5): every key, by feature, out of the rows. */
#include "base/own.h"
#include "man/man.h"
#include "spec/key.h"

static const char grammar[] =
	"A container's config is a text file of lines KEY = VALUE; lxc-create writes it as PATH/NAME/config, where "
	"PATH is "
	"lxc.lxcpath (see lxc.system.conf(5)). Blanks around the key and the value do not count. The first \"=\" ends "
	"the "
	"key, all others belong to the value. A value in a pair of quotes, \"...\" or '...', is what stands between "
	"them.\n"
	"A line that begins with \"#\" is a comment; a \"#\" further on is part of the value. A line that does not "
	"begin "
	"with \"lxc.\" is not read. No line goes on in the next one. lxc.include = PATH reads another file at this "
	"point, or "
	"of a folder all files *.conf, sorted by name.\n"
	"A key that holds one value takes the last one that is given; a key that holds a list takes each. KEY = "
	"without a "
	"value takes away what was said before. Paths are cleaned: \"//\" and \"/./\" become \"/\". Switches are 0 or "
	"1. "
	"Numbers without a sign may be written as 16, 0x10 or 020.\n"
	"A key that does not exist, and a value that is not allowed, are errors for a start, told all together with "
	"file "
	"and line, and no obstacle for lxc-stop, lxc-info, lxc-ls and lxc-destroy. `keg config check NAME` tells them "
	"without a start; `keg config explain NAME` tells what each line does; `keg help KEY` is this page for one "
	"key.";

static void one_key(FILE *f, const struct key *k)
{
	_own_free char *name = key_shown(k);

	roff_entry(f, name ? name : k->name);
	roff_more(f, NULL, k->help);
	if (k->values)
		roff_more(f, "Values", k->values);
	if (k->dflt)
		roff_more(f, "Default", k->dflt);
	if (k->emptied)
		roff_more(f, "An empty value means", k->emptied);
	if (k->type && k->type->shape == SHAPE_LIST && !k->set)
		roff_more(f, "Lines", "several add up");
	if (k->live)
		roff_more(f, "Live", "may change while the container runs");
	for (size_t i = 0; i < ARRAY_SIZE(k->good); i++) {
		_own_free char *example = key_example(k, i);

		if (example)
			roff_more(f, "Example", example);
	}
	if (k->since)
		roff_more(f, "Since", k->since);
}

static void one_feature(FILE *f, const struct feature *ft)
{
	roff_section(f, ft->title ? ft->title : ft->name);
	if (ft->about)
		roff_text(f, ft->about);
	for (size_t i = 0; i < ft->n_keys; i++)
		one_key(f, &ft->keys[i]);
}

void man_container_conf(FILE *f)
{
	static const char *const see[] = { "lxc.conf(5)",  "lxc.system.conf(5)",   "keg(1)",
					   "lxc-start(1)", "lxc-update-config(1)", NULL };

	roff_head(f, "lxc.container.conf", 5, "the config of a container");
	roff_section(f, "description");
	roff_text(f, grammar);
	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		one_feature(f, features[i]);
	roff_section(f, "examples");
	roff_text(f, "A system container with an interface at the bridge lxcbr0:");
	roff_lines(f, "lxc.include = /usr/share/lxc/config/common.conf\n"
		      "lxc.uts.name = web1\n"
		      "lxc.rootfs.path = dir:/var/lib/lxc/web1/rootfs\n"
		      "lxc.net.0.type = veth\n"
		      "lxc.net.0.link = lxcbr0\n"
		      "lxc.net.0.flags = up");
	roff_text(f, "At most half a gigabyte of memory and one cpu, and a folder of the host's:");
	roff_lines(f, "lxc.cgroup2.memory.max = 512M\n"
		      "lxc.cgroup2.cpu.max = 100000 100000\n"
		      "lxc.mount.entry = /srv/data srv/data none bind,create=dir 0 0");
	roff_see(f, see);
}
