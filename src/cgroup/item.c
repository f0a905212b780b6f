/* SPDX-License-Identifier: MIT */
/* Getting and setting a cgroup's files by name, wherever this host keeps them and however it calls them. */
#include "cgroup/inside.h"

#include "base/io.h"
#include "base/own.h"
#include "sys/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { ITEM_MOST = 4 << 20 };

void cgroup_controller_of(const char *file, bool v2, char *out, size_t size)
{
	static const struct {
		const char *v1, *v2;
	} twins[] = { { "blkio", "io" }, { "cpuacct", "cpu" }, { "freezer", "cgroup" } };
	size_t n = strcspn(file, ".");

	(void)snprintf(out, size, "%.*s", (int)n, file);
	for (size_t i = 0; i < ARRAY_SIZE(twins); i++)
		if (strcmp(out, v2 ? twins[i].v1 : twins[i].v2) == 0) {
			(void)snprintf(out, size, "%s", v2 ? twins[i].v2 : twins[i].v1);
			return;
		}
}

static int check_name(const char *file, struct err *e)
{
	if (!*file || strchr(file, '/') || *file == '.' || strlen(file) >= 64)
		return err_say(e, EINVAL, "\"%.80s\" is not the name of a cgroup's file", file);
	return 0;
}

/* Folders of the tree where a file can be, at most: v1 by its own name, v1 by its twin's name, v2. */
struct places {
	int v1, v2;	     /* fds, -1: none */
	size_t at_v1, at_v2; /* their hierarchies */
};

static struct places places_of(const struct cgroup_tree *t, const char *file)
{
	struct places p = { .v1 = -1, .v2 = -1 };
	char controller[64];
	int i;

	(void)snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(file, "."), file);
	i = cgroup_v1_index(t->host, controller);
	if (i < 0) {
		cgroup_controller_of(file, false, controller, sizeof(controller));
		i = cgroup_v1_index(t->host, controller);
	}
	for (size_t k = 0; i < 0 && t->host->unified < 0 && k < t->host->n; k++)
		if (t->fd[k] >= 0) /* "tasks", "cgroup.procs": alike in all */
			i = (int)k;
	if (i >= 0) {
		p.v1 = t->fd[i];
		p.at_v1 = (size_t)i;
	}
	if (t->host->unified >= 0) {
		p.at_v2 = (size_t)t->host->unified;
		p.v2 = t->fd[p.at_v2];
	}
	return p;
}

/* --- devices --- */

static bool is_devices(const struct cgroup_tree *t, const char *file)
{
	return str_starts(file, "devices.") && cgroup_devices_by_bpf(t->host);
}

static int read_devices(const struct cgroup_tree *t, struct bpf_devices *d)
{
	int dir = t->fd[t->host->unified], r = dir < 0 ? -ENOENT : bpf_devices_read(dir, d);

	if (r == -ENOENT) {
		bpf_devices_init(d);
		r = 0;
	}
	return r;
}

static int set_devices(const struct cgroup_tree *t, const char *file, const char *value, struct err *e)
{
	_own_free struct bpf_devices *d = malloc(sizeof(*d));
	bool allow = strcmp(file, "devices.allow") == 0;
	int r;

	if (!d)
		return err_num(e, ENOMEM, "set", "%s", file);
	if (!allow && strcmp(file, "devices.deny") != 0)
		return err_say(e, ENOENT, "%s cannot be written; devices.allow and devices.deny can", file);
	r = read_devices(t, d);
	r = r < 0 ? r : bpf_devices_change(d, allow, value);
	if (r < 0) {
		r = err_num(e, -r, "set", "%s of the cgroup %s to \"%.200s\"", file, t->path, value);
		err_hint(e, BPF_DEVICE_RULE);
		return r;
	}
	return cgroup_tree_set_devices(t, d, e);
}

static int get_devices(const struct cgroup_tree *t, const char *file, struct buf *out, struct err *e)
{
	_own_free struct bpf_devices *d = malloc(sizeof(*d));
	int r = d ? 0 : -ENOMEM;

	if (strcmp(file, "devices.list") != 0)
		return err_say(e, ENOENT, "%s cannot be read; devices.list can", file);
	r = r < 0 ? r : read_devices(t, d);
	if (r < 0)
		return err_num(e, -r, "read", "%s of the cgroup %s", file, t->path);
	bpf_devices_print(d, out);
	return 0;
}

/* --- what is not there --- */

/* v2 has the controller, but the file is missing: it is not enabled above; trying once more tells why. */
static bool is_enabled(const struct places *p, const char *controller)
{
	char enabled[256] = "";

	return io_read_line(p->v2, "cgroup.controllers", enabled, sizeof(enabled)) >= 0 &&
	       cgroup_has_word(enabled, controller);
}

static int not_enabled(const struct cgroup_tree *t, const struct places *p, const char *controller, const char *file,
		       struct err *e)
{
	int r;

	if (is_enabled(p, controller))
		return err_say(e, ENOENT, "the cgroup controller %s has no file %s here", controller, file);
	r = cgroup_enable(t, p->at_v2, controller, e);
	if (r < 0)
		return -ENOENT;
	return err_say(e, ENOENT, "the cgroup controller %s is not enabled for the cgroup %s", controller, t->path);
}

static int missing(const struct cgroup_tree *t, const struct places *p, const char *file, struct err *e)
{
	char v1[64], v2[64];
	int i;

	cgroup_controller_of(file, false, v1, sizeof(v1));
	cgroup_controller_of(file, true, v2, sizeof(v2));
	if (p->v2 >= 0 && cgroup_has_word(t->host->v[p->at_v2].controllers, v2))
		return not_enabled(t, p, v2, file, e);
	i = cgroup_v1_index(t->host, v1);
	if (strcmp(v2, "cgroup") == 0 || i >= 0)
		return err_say(e, ENOENT, "the cgroup controller %s has no file %s here", i < 0 ? "core" : v1, file);
	return err_say(e, ENOENT, "this host has no cgroup controller %.*s for %s", (int)strcspn(file, "."), file,
		       file);
}

static int not_open(const struct cgroup_tree *t, const struct places *p, const char *file, struct err *e)
{
	if (p->v1 >= 0 || p->v2 >= 0)
		return 0;
	if (t->open)
		return missing(t, p, file, e);
	return err_say(e, ENOENT, "there is no cgroup %s", t->path);
}

/* --- set --- */

static int write_all(int dir, const struct cgroup_writes *w)
{
	int r = 0;

	for (size_t i = 0; i < w->n && r == 0; i++)
		r = io_write_file(dir, w->v[i].file, w->v[i].value);
	return r;
}

/* Not what the kernel says to any write or read: neither this name nor a twin of it is here. */
enum { NOWHERE = -ENODATA };

static int nowhere(int r)
{
	return r == -ENOENT || r == -EOPNOTSUPP ? NOWHERE : r;
}

static int set_own(int dir, const char *file, const char *value)
{
	int r = dir < 0 ? NOWHERE : io_write_file(dir, file, value);

	return r == -ENOENT ? NOWHERE : r;
}

static int set_translated(int dir, const char *file, bool into_v2, const char *value)
{
	struct cgroup_writes w;
	int r = dir < 0 ? NOWHERE : nowhere(cgroup_translate(dir, file, into_v2, value, &w));

	if (r == 0)
		r = write_all(dir, &w);
	return r == -ENOENT ? NOWHERE : r;
}

/* A controller that nobody has asked for yet: it is enabled for the first who sets one of its files. */
static void enable_late(const struct cgroup_tree *t, const struct places *p, const char *file)
{
	char controller[64];

	cgroup_controller_of(file, true, controller, sizeof(controller));
	if (p->v2 >= 0 && cgroup_has_word(t->host->v[p->at_v2].controllers, controller) && !is_enabled(p, controller))
		cgroup_try(cgroup_enable(t, p->at_v2, controller, NULL));
}

/* The kernel has no words of its own here. */
static int refused(const struct cgroup_tree *t, const char *file, const char *value, int r, struct err *e)
{
	char online[256];

	r = err_num(e, -r, "set", "%s of the cgroup %s to \"%.200s\"", file, t->path, value);
	if (strcmp(file, "cpuset.cpus") == 0 &&
	    io_read_line(AT_FDCWD, "/sys/devices/system/cpu/online", online, sizeof(online)) > 0)
		err_hint(e, "a list of CPUs such as 0-3,6; those of this host are %.150s", online);
	if (strcmp(file, "cpuset.mems") == 0 &&
	    io_read_line(AT_FDCWD, "/sys/devices/system/node/online", online, sizeof(online)) > 0)
		err_hint(e, "a list of memory nodes such as 0-1; those of this host are %.150s", online);
	if (r == -EBUSY && str_starts(file, "memory."))
		err_hint(e, "more than that is in use, and cannot be freed: take more, such as 64M");
	if (strcmp(file, "devices.allow") == 0 || strcmp(file, "devices.deny") == 0)
		err_hint(e, BPF_DEVICE_RULE);
	return r;
}

int cgroup_tree_set(const struct cgroup_tree *t, const char *file, const char *value, struct err *e)
{
	struct places p = places_of(t, file);
	int r = check_name(file, e);

	if (r == 0)
		r = not_open(t, &p, file, e);
	if (r < 0)
		return r;
	if (is_devices(t, file))
		return set_devices(t, file, value, e);
	/* its own name first, wherever it is; a file that is there and refuses has answered */
	r = set_own(p.v1, file, value);
	if (r == NOWHERE && p.v1 < 0)
		enable_late(t, &p, file);
	if (r == NOWHERE)
		r = set_own(p.v2, file, value);
	if (r == NOWHERE)
		r = set_translated(p.v2, file, true, value);
	if (r == NOWHERE)
		r = set_translated(p.v1, file, false, value);
	if (r == NOWHERE)
		return missing(t, &p, file, e);
	return r < 0 ? refused(t, file, value, r, e) : 0;
}

/* --- get --- */

static int get_own(int dir, const char *file, struct buf *out)
{
	_own_free char *text = NULL;
	size_t len;
	int r = dir < 0 ? NOWHERE : io_read_file(dir, file, ITEM_MOST, &text, &len);

	if (r == 0)
		buf_add(out, text, len);
	return r == -ENOENT ? NOWHERE : r;
}

static int get_translated(int dir, const char *file, bool from_v2, struct buf *out)
{
	return dir < 0 ? NOWHERE : nowhere(cgroup_translate_back(dir, file, from_v2, out));
}

int cgroup_tree_get(const struct cgroup_tree *t, const char *file, struct buf *out, struct err *e)
{
	struct places p = places_of(t, file);
	int r = check_name(file, e);

	if (r == 0)
		r = not_open(t, &p, file, e);
	if (r < 0)
		return r;
	if (is_devices(t, file))
		return get_devices(t, file, out, e);
	r = get_own(p.v1, file, out);
	if (r == NOWHERE)
		r = get_own(p.v2, file, out);
	if (r == NOWHERE)
		r = get_translated(p.v2, file, true, out);
	if (r == NOWHERE)
		r = get_translated(p.v1, file, false, out);
	if (r == NOWHERE)
		return missing(t, &p, file, e);
	if (r == 0 && out->failed)
		r = -ENOMEM;
	return r < 0 ? err_num(e, -r, "read", "%s of the cgroup %s", file, t->path) : 0;
}

/* --- whose name is it --- */

/* Which versions have its controller here. */
static void whereabouts(const struct cgroup_host *h, const char *file, bool *in_v1, bool *in_v2)
{
	char v1_name[64], v2_name[64];

	cgroup_controller_of(file, false, v1_name, sizeof(v1_name));
	cgroup_controller_of(file, true, v2_name, sizeof(v2_name));
	*in_v1 = cgroup_v1_index(h, v1_name) >= 0;
	if (strcmp(v2_name, "cgroup") == 0 || strcmp(v2_name, "devices") == 0)
		*in_v2 = h->unified >= 0; /* part of v2 itself */
	else
		*in_v2 = h->unified >= 0 && cgroup_has_word(h->v[h->unified].controllers, v2_name);
}

bool cgroup_is_native(const struct cgroup_host *h, const char *file, bool v2)
{
	bool in_v1, in_v2, any_v1 = h->n > (h->unified >= 0);

	whereabouts(h, file, &in_v1, &in_v2);
	if (v2)
		return in_v2 || (!in_v1 && h->unified >= 0);
	return in_v1 || (!in_v2 && any_v1);
}

/* Files that both versions have by one name, and with one meaning. */
static bool is_in_both(const char *file)
{
	static const char *const begins[] = {
		"cpuset.cpus", "cpuset.mems", "cpu.idle", "cpu.uclamp.", "cpu.stat",	     "memory.stat",
		"pids.",       "rdma.",	      "misc.",	  "perf_event.", "memory.numa_stat", "cgroup.procs"
	};

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (str_starts(file, begins[i]))
			return !str_starts(file, "cpuset.cpus.partition") && !str_starts(file, "cpuset.cpus.exclusive");
	return false;
}

/* v1's core files have no controller's name before them. */
static bool is_core(const char *file)
{
	static const char *const names[] = { "tasks", "notify_on_release", "release_agent" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(file, names[i]) == 0)
			return true;
	return str_starts(file, "cgroup.");
}

int cgroup_means(const struct cgroup_host *h, const char *file, const char *value, bool v2, struct err *e)
{
	struct cgroup_writes w;
	bool in_v1, in_v2;

	whereabouts(h, file, &in_v1, &in_v2);
	if (!in_v1 && !in_v2 && !is_core(file))
		return err_say(e, ENOENT, "this host has no cgroup controller %.*s", (int)strcspn(file, "."), file);
	if ((v2 ? in_v2 : in_v1) || is_in_both(file) || (is_core(file) && cgroup_is_native(h, file, v2)))
		return 0;
	if (cgroup_translate(-1, file, !v2, value, &w) != -EOPNOTSUPP) /* what is read on the way is not there yet */
		return 0;
	return err_say(e, EOPNOTSUPP, "cgroup v%d, which has the controller here, has nothing like it", v2 ? 1 : 2);
}
