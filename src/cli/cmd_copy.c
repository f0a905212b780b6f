/* SPDX-License-Identifier: MIT */
/* keg copy, keg rename: a copy of a container, one that lives for a while, or another name. */
#include "cli/progress.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

struct options {
	const char *new_name, *new_path, *bdev, *size;
	bool rename, snapshot, running, foreground, daemon, ephemeral, tmpfs, keep_data, keep_name, keep_mac;
	struct strv mounts;
};

static const struct opt opts[] = {
	{ 'N', "newname", "NEWNAME", OPT_TEXT, offsetof(struct options, new_name), false, "The copy's name" },
	{ 'p', "newpath", "NEWPATH", OPT_TEXT, offsetof(struct options, new_path), false, "The copy's lxcpath" },
	{ 'R', "rename", NULL, OPT_FLAG, offsetof(struct options, rename), false, "Rename it, copy nothing" },
	{ 's', "snapshot", NULL, OPT_FLAG, offsetof(struct options, snapshot), false,
	  "An overlay on its files in place of a copy of them" },
	{ 'a', "allowrunning", NULL, OPT_FLAG, offsetof(struct options, running), false, "Also while it runs" },
	{ 'F', "foreground", NULL, OPT_FLAG, offsetof(struct options, foreground), false,
	  "With -e: stay, with this terminal as its console" },
	{ 'd', "daemon", NULL, OPT_FLAG, offsetof(struct options, daemon), false,
	  "With -e: return when it runs (default)" },
	{ 'e', "ephemeral", NULL, OPT_FLAG, offsetof(struct options, ephemeral), false,
	  "Start a snapshot that is destroyed when it stops" },
	{ 'm', "mount", "TYPE=SRC[:DST]", OPT_LIST, offsetof(struct options, mounts), false,
	  "With -e: mount SRC; TYPE: bind (:ro, :rw) or overlay" },
	{ 'B', "backingstorage", "TYPE", OPT_TEXT, offsetof(struct options, bdev), false,
	  "The storage of its rootfs: dir, or with -s overlay" },
	{ 't', "tmpfs", NULL, OPT_FLAG, offsetof(struct options, tmpfs), false,
	  "With -e: keep its changes in memory, until it stops or reboots" },
	{ 'L', "fssize", "SIZE[UNIT]", OPT_TEXT, offsetof(struct options, size), false, NULL },
	{ 'D', "keepdata", NULL, OPT_FLAG, offsetof(struct options, keep_data), false,
	  "With -e: keep it when it stops" },
	{ 'K', "keepname", NULL, OPT_FLAG, offsetof(struct options, keep_name), false, "Keep its hostname" },
	{ 'M', "keepmac", NULL, OPT_FLAG, offsetof(struct options, keep_mac), false, "Keep its MAC addresses" },
	{ 0, "rcfile", "FILE", OPT_TEXT, offsetof(struct cli, rcfile), true,
	  "Load the config FILE instead of the container's" },
};

enum { END_MS = 10000 };

static int check(const struct cli *c, const struct options *o)
{
	struct err e = { 0 };

	if (!o->new_name && !o->ephemeral) {
		(void)err_say(&e, EINVAL, "You must provide a NEWNAME for the clone");
		if (cli_is_keg(c))
			err_hint(&e, "keg copy %s NEWNAME", c->name);
		return cli_fail(c, &e);
	}
	if (o->rename && o->new_path)
		return cli_say(c, "-R renames a container where it is: it does not go with -p");
	if (!o->ephemeral && (o->tmpfs || o->keep_data || o->mounts.n || o->foreground || o->daemon))
		return cli_say(c, "-d, -D, -F, -m and -t go with -e only");
	if (o->tmpfs && o->keep_data)
		return cli_say(c, "A container that is placed on a tmpfs (-t) cannot keep its data (-D)");
	if (o->size)
		return cli_say(c, "the storage option \"%s\" does not go with a rootfs that is a folder", o->size);
	return 0;
}

static int make(const struct cli *c, const struct options *o, struct container *ct, const char *name,
		struct container **copy)
{
	bool overlay = o->bdev && *o->bdev && strncmp("overlay", o->bdev, strlen(o->bdev)) == 0;
	struct copy_request r = { .name = name,
				  .lxcpath = o->new_path,
				  .bdev = overlay ? "overlay" : o->bdev,
				  .hook_args = c->n_args && !o->ephemeral ? c->args : NULL };
	struct progress p;
	struct err e = { 0 };
	int x;

	r.flags = (o->keep_name ? COPY_KEEP_NAME : 0) | (o->keep_mac ? COPY_KEEP_MACS : 0) |
		  (o->snapshot || o->ephemeral ? COPY_SNAPSHOT : 0) | (o->running ? COPY_RUNNING : 0);
	cli_undo_at_end(true);
	progress_begin(&p, c, "copying", ct->name);
	x = container_copy(ct, &r, copy, &e);
	progress_end(&p);
	cli_undo_at_end(false); /* what runs after it is told as ever */
	return x < 0 ? cli_fail(c, &e) : 0;
}

/* "web1_a8xKz2" */
static int random_name(const char *of, char **name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char r[6];
	char word[sizeof(r) + 1] = "";

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return -errno;
	for (size_t i = 0; i < sizeof(r); i++)
		word[i] = set[r[i] % (sizeof(set) - 1)];
	*name = str_fmt("%s_%s", of, word);
	return *name ? 0 : -ENOMEM;
}

static void tell(const struct cli *c, const struct options *o, const struct container *copy)
{
	if (c->quiet)
		return;
	(void)printf("Created %s as clone of %s\n", copy->name, c->name);
	if (o->tmpfs)
		(void)puts("Container is placed on tmpfs.\nRebooting will cause all changes made to it to be lost!");
	(void)fflush(stdout);
}

/* Returns when it has stopped. */
static int run_command(const struct cli *c, struct container *copy, struct err *e)
{
	struct attach_request r = { .argv = c->args, .uid = -1, .gid = -1, .personality = -1, .fd = { 0, 1, 2 } };
	struct err quiet = { 0 };
	int status = 0, x = container_attach(copy, &r, &status, e);

	if (container_shutdown(copy, END_MS, &quiet) < 0 && container_kill(copy, &quiet) < 0)
		(void)cli_fail(c, &quiet);
	return x;
}

static int start(const struct cli *c, const struct options *o, struct container *copy)
{
	struct start_request r = { .foreground = o->foreground && !o->daemon && !c->n_args,
				   .leaves = !c->n_args,
				   .log_level = -1,
				   .warn = cli_warn,
				   .warn_arg = (void *)c };
	struct err e = { 0 }, quiet = { 0 };
	int status = 0, x = container_start(copy, &r, &status, &e);

	if (x < 0) {
		x = cli_fail(c, &e);
		if (!o->keep_data && container_defined(copy) && container_destroy(copy, &quiet) < 0)
			(void)cli_fail(c, &quiet);
		return x;
	}
	if (!r.foreground)
		tell(c, o, copy);
	return c->n_args && run_command(c, copy, &e) < 0 ? cli_fail(c, &e) : 0;
}

static int ephemeral(const struct cli *c, const struct options *o, struct container *ct)
{
	const struct ephemeral x = { .keep = o->keep_data, .tmpfs = o->tmpfs, .mounts = &o->mounts };
	_own_container struct container *copy = NULL;
	_own_free char *name = NULL;
	struct err e = { 0 }, quiet = { 0 };

	if (!o->new_name && random_name(ct->name, &name) < 0)
		return cli_say(c, "no name can be made for the copy of %s", ct->name);
	if (ephemeral_check(&x, &e) < 0)
		return cli_fail(c, &e);
	if (make(c, o, ct, o->new_name ? o->new_name : name, &copy) != 0)
		return 1;
	if (container_make_ephemeral(copy, &x, &e) < 0) {
		(void)!container_destroy(copy, &quiet);
		return cli_fail(c, &e);
	}
	if (o->foreground && !o->daemon && !c->n_args)
		tell(c, o, copy); /* there is no later moment at which it runs */
	return start(c, o, copy);
}

/* "a,b" is two. */
static int split_mounts(struct strv *mounts)
{
	_own_strv struct strv all = { 0 };

	for (size_t i = 0; i < mounts->n; i++)
		if (strv_split(&all, mounts->v[i], ",") < 0)
			return -ENOMEM;
	strv_free(mounts);
	*mounts = all;
	all = (struct strv){ 0 };
	return 0;
}

/* keg copy web1 web2: what stands before "--" is no argument of a hook's. */
static void take_new_name(struct cli *c, struct options *o)
{
	if (!cli_is_keg(c) || o->new_name || c->n_args - c->n_behind < 1)
		return;
	o->new_name = *c->args++;
	c->n_args--;
}

static int run(struct cli *c)
{
	struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);
	_own_container struct container *copy = NULL;
	struct err e = { 0 };
	bool defined;

	if (!ct)
		return 1;
	take_new_name(c, o);
	if (check(c, o) != 0 || split_mounts(&o->mounts) < 0)
		return 1;
	if (!container_defined(ct))
		return cli_say(c, "Container is not defined");
	if (c->rcfile && cli_load(c, ct, &defined) != 0)
		return 1;
	if (o->rename)
		return container_rename(ct, o->new_name, &e) < 0 ? cli_fail(c, &e) : 0;
	return o->ephemeral ? ephemeral(c, o, ct) : make(c, o, ct, o->new_name, &copy);
}

const struct verb verb_copy = {
	.name = "copy",
	.synopsis = "--name=NAME -N NEWNAME [OPTION...] [-- HOOK-ARGUMENTS]",
	.about = "copies a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING,
	.run = run,
	.more = "  -- HOOK-ARGUMENTS                  are handed to the clone hooks;\n"
		"                                     with -e: the command to run, after which it stops\n",
	.examples = {
		{ "web1 -N web2", "a whole copy" },
		{ "-s web1 -N test1", "a clone: it shares web1's files and keeps its changes" },
		{ "-e web1", "a clone that is started, and gone when it stops" },
	},
};

static int run_rename(struct cli *c)
{
	_own_container struct container *ct = cli_container(c);
	struct err e = { 0 };

	if (!ct)
		return 1;
	if (c->n_args != 1)
		return cli_say(c, "a new name must be given: keg rename NAME NEWNAME");
	return container_rename(ct, c->args[0], &e) < 0 ? cli_fail(c, &e) : 0;
}

const struct verb verb_rename = {
	.name = "rename",
	.synopsis = "NAME NEWNAME",
	.about = "gives a container another name",
	.flags = VERB_EXISTING,
	.run = run_rename,
	.examples = {
		{ "web1 shop1", "web1 is called shop1 from now on" },
	},
};
