/* SPDX-License-Identifier: MIT */
/* keg snapshot: takes, lists, restores and destroys snapshots of a container. */
#include "cli/progress.h"

#include "base/io.h"
#include "base/own.h"

#include <fcntl.h>
#include <string.h>

enum { COMMENT_MOST = 16 << 20 };

struct options {
	bool list, comments;
	const char *restore, *new_name, *destroy, *comment;
};

static const struct opt opts[] = {
	{ 'L', "list", NULL, OPT_FLAG, offsetof(struct options, list), false, "List the snapshots" },
	{ 'r', "restore", "SNAP", OPT_TEXT, offsetof(struct options, restore), false, "Restore SNAP, such as snap0" },
	{ 'N', "newname", "NAME", OPT_TEXT, offsetof(struct options, new_name), false,
	  "Restore it as another container" },
	{ 'd', "destroy", "SNAP", OPT_TEXT, offsetof(struct options, destroy), false,
	  "Destroy SNAP; ALL: all of them" },
	{ 'c', "comment", "FILE", OPT_TEXT, offsetof(struct options, comment), false, "Keep FILE as a comment" },
	{ 'C', "showcomments", NULL, OPT_FLAG, offsetof(struct options, comments), false, "List the comments too" },
	OPT_FORMAT,
};

static void show_comment(const char *file)
{
	_own_free char *text = NULL;
	size_t len;

	if (io_read_file(AT_FDCWD, file, COMMENT_MOST, &text, &len) == 0)
		(void)fwrite(text, 1, len, stdout);
}

static int answer(const struct cli *c, const struct snapshot *v, size_t n)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT }, { "folder", CELL_TEXT }, { "created", CELL_TEXT }, { "comment", CELL_TEXT }
	};
	struct answer a = { .noun = "snapshots", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		_own_free char *comment = NULL;

		if (v[i].comment_file)
			(void)!io_read_file(AT_FDCWD, v[i].comment_file, COMMENT_MOST, &comment, NULL);
		bad |= strv_add(&a.cells, v[i].name) | strv_add(&a.cells, v[i].path) |
		       strv_add(&a.cells, v[i].timestamp ? v[i].timestamp : "") |
		       strv_add(&a.cells, comment ? comment : "");
	}
	return cli_answer(c, &a, bad);
}

static int list(const struct cli *c, struct container *ct, bool comments)
{
	struct snapshot *v = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (container_snapshots(ct, &v, &n, &e) < 0)
		return cli_fail(c, &e);
	if (c->format != FORMAT_NONE) {
		int r = answer(c, v, n);

		snapshots_free(v, n);
		return r;
	}
	if (n == 0)
		(void)puts("No snapshots");
	for (size_t i = 0; i < n; i++) {
		(void)printf("%s (%s) %s\n", v[i].name, v[i].path, v[i].timestamp);
		if (comments && v[i].comment_file)
			show_comment(v[i].comment_file);
	}
	snapshots_free(v, n);
	return 0;
}

static int destroy(const struct cli *c, struct container *ct, const char *which)
{
	bool all = *which && strncmp("ALL", which, strlen(which)) == 0;
	struct err e = { 0 };
	int r = all ? container_snapshots_destroy(ct, &e) : container_snapshot_destroy(ct, which, &e);

	return r < 0 ? cli_fail(c, &e) : 0;
}

static int restore(const struct cli *c, struct container *ct, const char *snap, const char *new_name)
{
	struct progress p;
	struct err e = { 0 };
	int x;

	progress_begin(&p, c, "restoring", new_name ? new_name : ct->name);
	x = container_snapshot_restore(ct, snap, new_name, &e);
	progress_end(&p);
	return x < 0 ? cli_fail(c, &e) : 0;
}

/* The one that has just been taken. */
static int answer_new(const struct cli *c, struct container *ct, int number)
{
	struct snapshot *v = NULL;
	char name[24];
	struct err e = { 0 };
	size_t n = 0, i = 0;
	int r;

	(void)snprintf(name, sizeof(name), "snap%d", number);
	if (container_snapshots(ct, &v, &n, &e) < 0)
		return cli_fail(c, &e);
	while (i < n && strcmp(v[i].name, name) != 0)
		i++;
	r = answer(c, v + i, i < n);
	snapshots_free(v, n);
	return r;
}

static int take(const struct cli *c, struct container *ct, const char *comment)
{
	struct progress p;
	struct err e = { 0 };
	int number, x;

	progress_begin(&p, c, "taking a snapshot", ct->name);
	x = container_snapshot(ct, comment, &number, &e);
	progress_end(&p);
	if (x < 0)
		return cli_fail(c, &e);
	if (c->format != FORMAT_NONE)
		return answer_new(c, ct, number);
	if (cli_is_keg(c)) /* LXC's says nothing */
		(void)printf("snap%d\n", number);
	return 0;
}

static int run(struct cli *c)
{
	const struct options *o = c->opt;
	_own_container struct container *ct = cli_container(c);

	if (!ct)
		return 1;
	if (!container_defined(ct))
		return cli_say(c, "Container is not defined");
	if (o->list)
		return list(c, ct, o->comments);
	cli_undo_at_end(true);
	if (o->restore)
		return restore(c, ct, o->restore, o->new_name ? o->new_name : c->n_args ? c->args[0] : NULL);
	return o->destroy ? destroy(c, ct, o->destroy) : take(c, ct, o->comment);
}

const struct verb verb_snapshot = {
	.name = "snapshot",
	.synopsis = "--name=NAME [-L [-C]] [-c FILE] [-r SNAP [-N NAME]] [-d SNAP]",
	.about = "takes, lists, restores or destroys snapshots of a container",
	OPTS(opts),
	.size = sizeof(struct options),
	.flags = VERB_EXISTING,
	.run = run,
	.examples = {
		{ "web1", "takes one: snap0, the next time snap1" },
		{ "-L -C web1", "lists them, with their comments" },
		{ "-r snap0 web1", "puts web1 back to what it was; with -N NAME: a new container of it" },
	},
};
