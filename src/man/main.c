/* SPDX-License-Identifier: MIT */
/* keg-man FILE...: writes each page; the file's name says which: lxc.container.conf.5, keg.1, lxc-start.1. */
#include "man/man.h"

#include "base/own.h"

#include <string.h>

static const struct {
	const char *name;
	void (*write)(FILE *);
} pages[] = {
	{ "lxc.container.conf.5", man_container_conf },
	{ "lxc.conf.5", man_lxc_conf },
	{ "lxc.system.conf.5", man_system_conf },
	{ "lxc-usernet.5", man_usernet },
	{ "init.lxc.1", man_init },
	{ "lxc-user-nic.1", man_user_nic },
	{ "lxc-unpriv-attach.1", man_unpriv },
	{ "lxc-unpriv-start.1", man_unpriv },
	{ "lxc-monitord.1", man_monitord },
	{ "keg.1", man_keg },
};

static int write_page(FILE *f, const char *name)
{
	_own_free char *verb =
		str_starts(name, "lxc-") && str_ends(name, ".1") ? strndup(name, strlen(name) - 2) : NULL;
	const struct verb *v = verb ? verb_find(verb) : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (strcmp(pages[i].name, name) == 0) {
			pages[i].write(f);
			return 0;
		}
	if (!v) {
		(void)fprintf(stderr, "keg-man: no page is called %s\n", name);
		return 1;
	}
	man_verb(f, v);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		FILE *f = fopen(argv[i], "w");

		if (!f || write_page(f, slash ? slash + 1 : argv[i]) != 0 || fclose(f) == EOF) {
			(void)fprintf(stderr, "keg-man: cannot write %s\n", argv[i]);
			return 1;
		}
	}
	return 0;
}
