/* SPDX-License-Identifier: MIT */
/*
 * What was changed of the host's own - a device that moved, a proxy entry, a port of Open vSwitch - and has to be put
 * back. It is noted in the file "net" of the runtime folder before it is done, so that it can be put back by whoever
 * comes: the keeper at the container's end, or the next command after a keeper that was killed. What goes with the
 * container's namespace by itself (veths, their routes and VLANs) needs no note.
 */
#include "features/net/net.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "features/net/nic.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char journal[] = "net";

enum { JOURNAL_MOST = 256 << 10, LOCK_MS = 2000 };

static const struct {
	const char *word;
	void (*undo)(struct undo *u, char **words, size_t n);
} undos[] = {
	{ "phys", phys_undo },		 /* a device that moved */
	{ "proxy", proxy_undo },	 /* an entry of ARP or NDP */
	{ "route", host_route_undo },	 /* to a container's address */
	{ "port", ovs_undo },		 /* of Open vSwitch */
	{ "user-port", user_port_undo }, /* the same, by lxc-user-nic */
};

static int read_lines(const struct run *run, struct strv *lines)
{
	_own_free char *text = NULL;
	int r = io_read_file(run->runtime_fd, journal, JOURNAL_MOST, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return strv_split(lines, text, "\n");
}

/* The line tells of the same thing: its first two words are these. */
static bool is_about(const char *line, const char *word, const char *name)
{
	size_t w = strlen(word), n = strlen(name);

	return strncmp(line, word, w) == 0 && line[w] == ' ' && strncmp(line + w + 1, name, n) == 0 &&
	       line[w + 1 + n] == ' ';
}

static int rewrite(struct run *run, const char *word, const char *name, const char *rest, struct err *e)
{
	_own_strv struct strv lines = { 0 };
	_own_buf struct buf b = { 0 };
	int r = read_lines(run, &lines);

	for (size_t i = 0; i < lines.n; i++)
		if (!is_about(lines.v[i], word, name))
			buf_addf(&b, "%s\n", lines.v[i]);
	if (rest)
		buf_addf(&b, "%s %s %s\n", word, name, rest);
	if (r < 0 || b.failed)
		return err_num(e, r < 0 ? -r : ENOMEM, "note", "what %s is", name);
	return io_replace_file_fast(run->runtime_fd, journal, b.s ? b.s : "", b.len, 0600, e);
}

int journal_note(struct run *run, const char *word, const char *name, const char *rest, struct err *e)
{
	return run->runtime_fd < 0 ? 0 : rewrite(run, word, name, rest, e);
}

int journal_strike(struct run *run, const char *word, const char *name, struct err *e)
{
	return run->runtime_fd < 0 ? 0 : rewrite(run, word, name, NULL, e);
}

int journal_find(const struct run *run, bool (*wanted)(char **words, size_t n, void *arg), void *arg)
{
	_own_strv struct strv lines = { 0 };
	int r = run->runtime_fd < 0 ? 0 : read_lines(run, &lines);

	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		_own_strv struct strv words = { 0 };

		if (strv_split(&words, lines.v[i], " ") < 0)
			return -ENOMEM;
		if (words.n > 2 && wanted(words.v, words.n, arg))
			return 1;
	}
	return r;
}

static void undo_line(struct undo *u, const char *line)
{
	_own_strv struct strv words = { 0 };

	if (strv_split(&words, line, " ") < 0 || words.n < 3)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(undos); i++)
		if (strcmp(undos[i].word, words.v[0]) == 0)
			undos[i].undo(u, words.v, words.n);
}

/* Last first, as it was done. */
void net_restore_host(struct run *run)
{
	struct undo u = { .run = run, .here = NL_CLOSED, .there = NL_CLOSED };
	_own_strv struct strv lines = { 0 };
	/* A command may be moving a device in just now. One that hangs in that must not hold up the end. */
	_own_fd int held = run->runtime_fd < 0 ? -1 : lock_folder(run->runtime_fd, ".", LOCK_MS);
	struct err ignored = { 0 };

	(void)held;
	if (run->runtime_fd < 0 || read_lines(run, &lines) < 0)
		return;
	if (lines.n && nl_open(&u.here, &ignored) == 0)
		for (size_t i = lines.n; i-- > 0;)
			undo_line(&u, lines.v[i]);
	nl_close(&u.here);
	nl_close(&u.there);
	(void)unlinkat(run->runtime_fd, journal, 0);
	phys_unpin(run);
}
