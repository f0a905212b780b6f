/* SPDX-License-Identifier: MIT */
/*
 * One point: what was killed is looked at before anything mends it - is it the old container or the new one? - and once
 * more after the next command: is all as it was?
 */
#include "host.h"
#include "lab.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 10 * 1000, PAUSE_US = 200 };

static struct lines before, after, later, now;

static void reap(struct point *p)
{
	char who[256] = "";

	if (!all_ended(who, sizeof(who)))
		note(p->left, "processes:%s", who);
}

static bool is_as(const struct lines *what)
{
	look(lab.mark, lab.lxcpath, &now);
	return lines_same(what, &now);
}

static void tell_difference(struct point *p, const struct lines *what)
{
	char text[TEXT / 2];

	lines_tell(what, &now, text, sizeof(text));
	note(p->left, "%s", text);
}

static void put_back(void)
{
	if (is_as(&before))
		return;
	tree_empty(lab.lxcpath);
	tree_copy(lab.golden, lab.lxcpath);
}

static const char *state(void)
{
	static char word[32];

	if (run("lxc-info", "-s", "-H", "-n", lab.name, "-P", lab.lxcpath, NULL) != 0)
		return "?";
	(void)snprintf(word, sizeof(word), "%.31s", said());
	word[strcspn(word, "\n")] = 0;
	return word;
}

/* Where init was killed its keeper has yet to clear up, and the command to tell. */
static const char *settled_state(void)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	const char *is = state();

	for (int i = 0; i < 500 && strcmp(is, "STARTING") == 0; i++) {
		(void)nanosleep(&pause, NULL);
		is = state();
	}
	return is;
}

/* --- files --- */

/* What a user sees: the names that are listed, of each its config and rootfs, its snapshots. */
static void shape(const struct verb *v, struct lines *out)
{
	struct lines all = { 0 };
	char names[4096], snaps[4096] = "", start[400];
	char *save = NULL;
	size_t kept = 0;

	(void)run("lxc-ls", "-1", "-P", lab.lxcpath, NULL);
	(void)snprintf(names, sizeof(names), "\n%s", said());
	if (v->snapshots && run("lxc-snapshot", "-L", "-n", lab.name, "-P", lab.lxcpath, NULL) == 0)
		(void)snprintf(snaps, sizeof(snaps), "%s", said());
	look_at_tree(lab.lxcpath, &all);
	lines_free(out);
	out->v = calloc(all.n + 2, sizeof(*out->v));
	out->v[out->n++] = strdup(names);
	for (char *line = strtok_r(snaps, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		kept += (size_t)(strchrnul(line, ' ') - line) + 1000;
	if (asprintf(&out->v[out->n], "snapshots %zu", kept) > 0)
		out->n++;
	for (size_t i = 0; i < all.n; i++) {
		char *name = all.v[i] + strlen(lab.lxcpath) + 2, *slash = strchr(name, '/');

		if (!slash)
			continue;
		(void)snprintf(start, sizeof(start), "\n%.*s\n", (int)(slash - name), name);
		if (strstr(names, start) && (strncmp(slash, "/config ", 8) == 0 || strncmp(slash, "/rootfs/", 8) == 0 ||
					     strncmp(slash, "/overlay/", 9) == 0))
			out->v[out->n++] = strdup(all.v[i]);
	}
	lines_free(&all);
}

static struct lines old_shape, new_shape, shape_now;

void disk_learn(const struct verb *v, struct point *p)
{
	look(lab.mark, lab.lxcpath, &before);
	shape(v, &old_shape);
	strike_verb(v, 0, p);
	if (p->out.status)
		fail("%s, untouched, ends with status %x", v->name, (unsigned)p->out.status);
	shape(v, &new_shape);
	look(lab.mark, lab.lxcpath, &after);
	if (v->twice && again(v) != 0)
		fail("%s, a second time: %s", v->name, said());
	look(lab.mark, lab.lxcpath, &later);
}

/* The same command once more brings what it was to bring, or says that there is nothing left to do. */
static void repeat(const struct verb *v, struct point *p)
{
	int r = again(v);

	if (r != 0 && !(v->over && strstr(said(), v->over)))
		note(p->lost, "the next %s exits with %d: %s", v->name, r, said());
	reap(p);
	if (is_as(&after) || (v->twice && lines_same(&later, &now)))
		return;
	if (v->result) { /* what a renaming lacks is done as soon as anybody looks at the new name */
		char name[48];

		(void)snprintf(name, sizeof(name), "%s%s", lab.name, v->result + 1);
		(void)run("lxc-ls", "-f", "-P", lab.lxcpath, NULL);
		if (is_as(&after))
			return;
	}
	tell_difference(p, &after);
}

void disk_point(const struct verb *v, struct point *p)
{
	put_back();
	strike_verb(v, 0, p);
	if (!p->out.killed)
		return;
	reap(p);
	shape(v, &shape_now);
	if (!lines_same(&shape_now, &old_shape) && !lines_same(&shape_now, &new_shape)) {
		char text[TEXT / 2];

		lines_tell(&old_shape, &shape_now, text, sizeof(text));
		note(p->lost, "neither the old nor the new one: %s", text);
	}
	repeat(v, p);
}

/* --- processes --- */

static void kill_it(struct point *p)
{
	int r = run("lxc-stop", "-k", "-n", lab.name, "-P", lab.lxcpath, NULL);

	if (r != 0 && r != 2)
		note(p->lost, "lxc-stop -k exits with %d: %s", r, said());
}

static char *ready_file(void)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s/rootfs/ready", lab.lxcpath, lab.name);
	return path;
}

/* Asks again and again, for an event that nobody tells of. */
static bool until(bool (*question)(pid_t), pid_t pid)
{
	const struct timespec pause = { .tv_nsec = PAUSE_US * 1000 };
	long long end = now_ms() + slow(READY_MS);

	while (!question(pid)) {
		if (now_ms() > end)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static bool is_ready(pid_t pid)
{
	(void)pid;
	return access(ready_file(), F_OK) == 0;
}

static bool is_idle(pid_t keeper)
{
	char link[64], path[4096], call[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)keeper);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	if (!strstr(path, "/keg-idle"))
		return false;
	(void)snprintf(link, sizeof(link), "/proc/%d/stat", (int)keeper);
	return read_text(link, call, sizeof(call)) == 0 && strstr(call, ") S ");
}

static pid_t keeper_of(void)
{
	char path[512], escaped[320], text[512];
	size_t n = 0;
	FILE *f;
	int pid = 0;

	for (const char *c = lab.lxcpath; *c && n < sizeof(escaped) - 1; c++)
		escaped[n++] = *c == '/' ? '-' : *c;
	escaped[n] = 0;
	(void)snprintf(path, sizeof(path), "/run/keg/%s/%s/state", escaped, lab.name);
	f = fopen(path, "re");
	while (f && fgets(text, sizeof(text), f))
		(void)sscanf(text, "keeper %d", &pid);
	if (f)
		(void)fclose(f);
	return pid;
}

/* Its init answers, its keeper sleeps. */
static pid_t begin_running(struct point *p)
{
	pid_t keeper;
	int r;

	(void)unlink(ready_file());
	r = run("lxc-start", "-n", lab.name, "-P", lab.lxcpath, NULL);
	if (r != 0) {
		note(p->lost, "lxc-start exits with %d: %s", r, said());
		return 0;
	}
	keeper = keeper_of();
	if (!until(is_ready, 0) || !until(is_idle, keeper))
		note(p->lost, "a started container is not ready");
	return keeper;
}

/* The file "ready" of the init is none of the things that are compared. */
static void forget_ready(void)
{
	(void)unlink(ready_file());
}

static bool ends_by_itself; /* the verb's container: its next life is a foreground start */

/* Either nothing is left, or the next start and stop take it along. */
static void clean_after(struct point *p)
{
	forget_ready();
	reap(p);
	if (is_as(&before))
		return;
	if (ends_by_itself) {
		if (run("lxc-start", "-F", "-n", lab.name, "-P", lab.lxcpath, NULL) != 0)
			note(p->lost, "lxc-start -F: %s", said());
	} else if (begin_running(p) > 0)
		kill_it(p);
	forget_ready();
	reap(p);
	if (!is_as(&before))
		tell_difference(p, &before);
}

static void learn_running(void)
{
	if (before.n)
		return;
	forget_ready();
	look(lab.mark, lab.lxcpath, &before);
}

/* A keeper that was killed while its container ran, and takes init with it. */
static void kill_keeper(struct point *p)
{
	pid_t keeper = begin_running(p);

	if (keeper > 0)
		(void)kill(keeper, SIGKILL);
	reap(p);
}

/* Whether it was the command that was killed, or one of its children: then the command has told, and cleared up. */
static void judge_start(struct point *p)
{
	const char *is = settled_state();
	/* Nobody can tell an init that was killed just before its exec from one that was killed after it. */
	bool runs = strcmp(is, "RUNNING") == 0 || strcmp(is, "STOPPING") == 0;

	if (!runs && strcmp(is, "STOPPED") != 0)
		note(p->lost, "it is %s", is);
	if (runs)
		kill_it(p);
	clean_after(p);
}

void start_point(const struct verb *v, struct point *p)
{
	learn_running();
	ends_by_itself = v->whole_life;
	if (v->dead)
		kill_keeper(p);
	strike_verb(v, 0, p);
	if (p->out.killed || !v->whole_life)
		judge_start(p);
	else
		clean_after(p);
	put_back();
}

void stop_point(const struct verb *v, struct point *p)
{
	pid_t keeper;
	const char *is;

	learn_running();
	keeper = begin_running(p);
	if (keeper <= 0)
		return;
	strike_verb(v, keeper, p);
	is = state();
	if (strcmp(is, "RUNNING") != 0 && strcmp(is, "STOPPED") != 0 && strcmp(is, "STOPPING") != 0 &&
	    strcmp(is, "STARTING") != 0)
		note(p->lost, "it is %s", is);
	kill_it(p);
	clean_after(p);
	put_back();
}

static bool freezes(const struct verb *v)
{
	return strcmp(v->name, "freeze") == 0;
}

static void call(struct point *p, const char *tool)
{
	int r = run(tool, "-n", lab.name, "-P", lab.lxcpath, NULL);

	if (r != 0)
		note(p->lost, "%s exits with %d: %s", tool, r, said());
}

static void expect(struct point *p, const char *wanted)
{
	const char *is = state();

	if (strcmp(is, wanted) != 0)
		note(p->lost, "it is %s in place of %s", is, wanted);
}

/* One container runs through all points. */
void freeze_point(const struct verb *v, struct point *p)
{
	static bool runs;
	const char *is;

	if (!runs) {
		if (begin_running(p) <= 0)
			return;
		runs = true;
		look(lab.mark, lab.lxcpath, &before);
	}
	if (!freezes(v))
		call(p, "lxc-freeze");
	strike_verb(v, 0, p);
	is = state();
	if (strcmp(is, "RUNNING") != 0 && strcmp(is, "FROZEN") != 0)
		note(p->lost, "it is %s", is);
	if (freezes(v)) {
		call(p, "lxc-freeze");
		expect(p, "FROZEN");
	}
	call(p, "lxc-unfreeze");
	if (!freezes(v))
		expect(p, "RUNNING");
	if (!is_as(&before))
		tell_difference(p, &before);
}
