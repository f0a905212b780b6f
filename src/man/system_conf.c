/* SPDX-License-Identifier: MIT */
/* lxc.system.conf(5), and lxc.conf(5), which leads to it and to lxc.container.conf(5). */
#include "base/own.h"
#include "man/man.h"

void man_lxc_conf(FILE *f)
{
	static const char *const see[] = { "lxc.system.conf(5)", "lxc.container.conf(5)", "keg(1)", NULL };

	roff_head(f, "lxc.conf", 5, "configuration files of Linux containers");
	roff_section(f, "description");
	roff_text(f, "There are two kinds: the system's, with a handful of settings such as the folder that holds the "
		     "containers, and a container's own.");
	roff_entry(f, "/etc/lxc/lxc.conf, or $HOME/.config/lxc/lxc.conf of a user that is not root");
	roff_more(f, NULL, "The system configuration, see lxc.system.conf(5).");
	roff_entry(f, "/etc/lxc/default.conf, or $HOME/.config/lxc/default.conf");
	roff_more(f, NULL, "The config that new containers begin with.");
	roff_entry(f, "PATH/NAME/config");
	roff_more(f, NULL, "A container's config, see lxc.container.conf(5).");
	roff_see(f, see);
}

void man_system_conf(FILE *f)
{
	static const char *const see[] = { "lxc.conf(5)", "lxc.container.conf(5)", "lxc-config(1)", NULL };
	const struct global_key *g;

	roff_head(f, "lxc.system.conf", 5, "the system's configuration of Linux containers");
	roff_section(f, "description");
	roff_text(
		f,
		"Lines KEY = VALUE in /etc/lxc/lxc.conf; a user that is not root has $HOME/.config/lxc/lxc.conf "
		"instead of it. \"#\" at the very begin of a line makes it a comment. The first line of a key counts; "
		"all behind the blanks that follow \"=\" belongs to the value. `lxc-config KEY` shows what holds.");
	for (size_t i = 0; (g = global_key(i)); i++) {
		roff_entry(f, g->name);
		roff_more(f, NULL, g->help);
		roff_more(f, "Values", g->values);
		if (g->root)
			roff_more(f, "Default", g->root);
		if (g->user) {
			_own_free char *home = str_fmt("$HOME/%s", g->user);

			roff_more(f, "Default of a user that is not root", home ? home : g->user);
		}
	}
	roff_see(f, see);
}
