/* SPDX-License-Identifier: MIT */
/* Creating, copying, snapshots, destroying: what is refused, and that nothing is lost by it. */
#include "parity.h"

static void created_without_a_template(void)
{
	struct lxc_container *c = object("a");

	MUST(c, c->set_config_item(c, "lxc.uts.name", "a"));
	MUST(c, c->createl(c, NULL, NULL, NULL, 0, NULL));
	EXPECT(c->is_defined(c) && c->get_config_item(c, "lxc.uts.name", NULL, 0) == 1);
	MUST(c, c->destroy(c));
	EXPECT(!c->is_defined(c) && access(below("a"), F_OK) < 0);
	(void)lxc_container_put(c);
}

/* A template that leaves its arguments in the rootfs; "fail" makes it fail. */
static const char *template_file(void)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s", below("lxc-mine"));
	write_file(path, "#!/bin/sh\nfor a; do case $a in --rootfs=*) r=${a#--rootfs=};; esac; done\n"
			 "mkdir -p \"$r\" && echo \"$@\" >\"$r/args\"\ncase \" $* \" in *\" fail \"*) exit 3;; esac\n");
	(void)chmod(path, 0755);
	return path;
}

static void created_by_a_template(void)
{
	struct lxc_container *c = object("a");
	char *args[] = { (char *)"one", (char *)"two words", NULL };

	MUST(c, c->create(c, template_file(), "dir", NULL, LXC_CREATE_QUIET, args));
	EXPECT(c->is_defined(c) && strstr(read_file(below("a/rootfs/args")), "one two words"));
	EXPECT(c->get_config_item(c, "lxc.rootfs.path", NULL, 0) > 8);
	REFUSED(c, !c->create(c, template_file(), NULL, NULL, LXC_CREATE_QUIET, args), EEXIST,
		"Container already exists");
	EXPECT(strstr(read_file(below("a/rootfs/args")), "one two words"));
	(void)lxc_container_put(c);
}

static void created_from_a_saved_config(void)
{
	struct lxc_container *c = object("a");
	char *args[] = { (char *)"fail", NULL };

	MUST(c, c->set_config_item(c, "lxc.environment", "KEPT=1"));
	MUST(c, c->save_config(c, NULL));
	MUST(c, c->createl(c, template_file(), NULL, NULL, LXC_CREATE_QUIET, "one", NULL));
	EXPECT(strstr(read_file(below("a/config")), "KEPT=1") && c->get_config_item(c, "lxc.rootfs.path", NULL, 0) > 8);
	(void)lxc_container_put(c);
	c = object("b");
	MUST(c, c->set_config_item(c, "lxc.environment", "KEPT=1"));
	MUST(c, c->save_config(c, NULL));
	EXPECT(!c->create(c, template_file(), NULL, NULL, LXC_CREATE_QUIET, args));
	EXPECT(access(below("b/rootfs"), F_OK) < 0);
	EXPECT(on_lxc || strstr(read_file(below("b/config")), "KEPT=1"));
	(void)lxc_container_put(c);
}

static void a_creation_that_fails_leaves_nothing(void)
{
	struct lxc_container *c = object("a");
	char *args[] = { (char *)"fail", NULL };

	EXPECT(!c->create(c, "no-such-template", NULL, NULL, LXC_CREATE_QUIET, NULL));
	EXPECT(!c->is_defined(c) && access(below("a"), F_OK) < 0);
	EXPECT(!c->create(c, template_file(), NULL, NULL, LXC_CREATE_QUIET, args));
	EXPECT(!c->is_defined(c) && access(below("a"), F_OK) < 0);
	(void)lxc_container_put(c);
}

static void an_unknown_storage_leaves_nothing(void)
{
	struct lxc_container *c = object("a");

	EXPECT(!c->create(c, template_file(), "no-such-storage", NULL, LXC_CREATE_QUIET, NULL));
	EXPECT(!c->is_defined(c) && access(below("a"), F_OK) < 0);
	(void)lxc_container_put(c);
}

static void snapshots(void)
{
	struct lxc_container *c = container("a", "", ""), *r;
	struct lxc_snapshot *list = NULL;
	int n;

	EXPECT(c->snapshot_list(c, &list) == 0);
	MUST(c, c->snapshot(c, NULL) == 0);
	MUST(c, c->snapshot(c, NULL) == 1);
	n = c->snapshot_list(c, &list);
	EXPECT(n == 2 && strcmp(list[0].name, "snap0") == 0 && strcmp(list[1].name, "snap1") == 0);
	for (int i = 0; i < n; i++) {
		EXPECT(list[i].comment_pathname && list[i].timestamp && strcmp(list[i].lxcpath, below("a/snaps")) == 0);
		list[i].free(&list[i]);
	}
	free(list);
	EXPECT(!c->destroy(c) && c->is_defined(c) && !c->rename(c, "b") && c->is_defined(c));
	MUST(c, c->snapshot_restore(c, "snap0", "r"));
	r = object("r");
	EXPECT(r->is_defined(r) && access(below("r/rootfs/answer"), F_OK) == 0);
	MUST(r, r->destroy(r));
	EXPECT(!c->snapshot_destroy(c, "snap7"));
	MUST(c, c->snapshot_destroy(c, "snap0"));
	EXPECT(c->snapshot(c, NULL) == 0);
	MUST(c, c->destroy_with_snapshots(c));
	EXPECT(access(below("a"), F_OK) < 0);
	(void)lxc_container_put(r);
	(void)lxc_container_put(c);
}

static void a_snapshot_that_is_not_there(void)
{
	struct lxc_container *c = container("a", "", "");

	REFUSED(c, !c->snapshot_restore(c, "snap0", NULL), ENOENT, "a has no snapshot \"snap0\"");
	EXPECT(c->is_defined(c) && access(below("a/rootfs/answer"), F_OK) == 0);
	EXPECT(!c->snapshot_restore(c, "../a", "b"));
	EXPECT(!c->snapshot_destroy(c, "../..") && c->is_defined(c));
	(void)lxc_container_put(c);
}

static void copies(void)
{
	struct lxc_container *c = container("a", "", ""), *k;
	char name[16] = "";

	k = c->clone(c, "k", NULL, 0, NULL, NULL, 0, NULL);
	MUST(c, k != NULL);
	EXPECT(k && k->is_defined(k) && k->get_config_item(k, "lxc.uts.name", name, sizeof(name)) == 1 && *name == 'k');
	EXPECT(access(below("k/rootfs/answer"), F_OK) == 0 && access(below("a/rootfs/answer"), F_OK) == 0);
	EXPECT(!c->clone(c, "k", NULL, 0, NULL, NULL, 0, NULL) && access(below("k/rootfs/answer"), F_OK) == 0);
	EXPECT(!c->rename(c, "k") && c->is_defined(c));
	MUST(k, k->rename(k, "m"));
	EXPECT(access(below("m/rootfs/answer"), F_OK) == 0 && access(below("k"), F_OK) < 0);
	(void)lxc_container_put(k);
	k = object("m");
	MUST(k, k->destroy(k));
	(void)lxc_container_put(k);
	(void)lxc_container_put(c);
}

static void a_copy_has_a_name(void)
{
	struct lxc_container *c = container("a", "", "");

	EXPECT(!c->clone(c, "../b", NULL, 0, NULL, NULL, 0, NULL) && !c->clone(c, "", NULL, 0, NULL, NULL, 0, NULL));
	EXPECT(!c->rename(c, "../b") && c->is_defined(c) && access(below("../b"), F_OK) < 0);
	(void)lxc_container_put(c);
}

const struct test storage_tests[] = {
	{ "created_without_a_template", created_without_a_template },
	{ "created_by_a_template", created_by_a_template, NULL, true },
	{ "created_from_a_saved_config", created_from_a_saved_config, NULL, true },
	{ "a_creation_that_fails_leaves_nothing", a_creation_that_fails_leaves_nothing, NULL, true },
	{ "an_unknown_storage_leaves_nothing", an_unknown_storage_leaves_nothing,
	  "the folder stays, so that the next create fails", true },
	{ "snapshots", snapshots, NULL, true },
	{ "a_snapshot_that_is_not_there", a_snapshot_that_is_not_there, NULL, true },
	{ "copies", copies, NULL, true },
	{ "a_copy_has_a_name", a_copy_has_a_name, "takes any name", true },
	{ 0 },
};
