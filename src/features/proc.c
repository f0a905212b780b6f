/* SPDX-License-Identifier: MIT */
/* lxc.proc.*: values that are written to files of /proc/PID of init, such as oom_score_adj. */
#include "features/proc.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct procs {
	struct list list; /* names of files, values */
};

static int check_file(const char *name, struct err *e)
{
	if (name[0] != '/' && !strstr(name, ".."))
		return 0;
	return err_say(e, EINVAL, "lxc.proc.%s: the name is that of a file in /proc/PID, without \"..\"", name);
}

static const struct key keys[] = {
	{
		.name = "lxc.proc",
		.type = &type_whole,
		.field = offsetof(struct procs, list),
		.values = "nothing: an empty value takes all lxc.proc.* away",
		.help = "All lxc.proc.* together. Reading it gives them as \"KEY = VALUE\" lines.",
		.since = "3.0",
		.bad = { "5" },
	},
	{
		.name = "lxc.proc.*",
		.type = &type_named,
		.field = offsetof(struct procs, list),
		.values = "what the kernel takes for that file",
		.help = "A file of /proc/PID of init, and what is written to it before init runs, in the order of the "
			"config.",
		.since = "3.0",
		.good = { "oom_score_adj=10", "coredump_filter=0x33" },
		.bad = { "../1/oom_score_adj=10", "/etc/passwd=x" },
		.check_name = check_file,
	},
};

const struct feature proc_feature = {
	.name = "proc",
	.size = sizeof(struct procs),
	.keys = keys,
	FEATURE_TEXT("Files below /proc", "Values for files of init below /proc/PID, such as oom_score_adj."),
	.n_keys = ARRAY_SIZE(keys),
};

bool proc_given(const struct plan *p)
{
	const struct procs *f = plan_part(p, FEATURE_PROC);

	return f->list.n;
}

static int write_one(int dir, const struct item *it, struct err *e)
{
	_own_fd int fd = beneath_open(dir, it->name, O_WRONLY | O_NOCTTY, 0);
	int x = fd < 0 ? fd : io_write_all(fd, it->text, strlen(it->text));
	_own_free char *key = str_fmt("lxc.proc.%s", it->name);

	if (x >= 0)
		return 0;
	(void)err_num(e, -x, "write", "%s to %s of init", it->text, it->name);
	if (key)
		err_key(e, key, it->at);
	if (x == -ENOENT)
		err_hint(e, "/proc/PID of this kernel has no such file");
	return x;
}

static int write_all(const struct spec *s, const char *path, struct err *e)
{
	const struct procs *f = s->part[FEATURE_PROC];
	_own_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int x = dir < 0 ? err_sys(e, "open", "%s", path) : 0;

	for (size_t i = 0; x == 0 && i < f->list.n; i++)
		x = write_one(dir, &f->list.v[i], e);
	return x;
}

/*
 * Needs:   INIT alive (it is the keeper's child: its number cannot be another's).
 * Leaves:  the values written.
 * Mustn't: go through a procfs that the container sees.
 */
int proc_write(struct run *r, struct err *e)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)r->init_pid);
	return write_all(r->plan->spec, path, e);
}

int proc_write_self(const struct spec *s, struct err *e)
{
	const struct procs *f = s->part[FEATURE_PROC];

	return f->list.n ? write_all(s, "/proc/self", e) : 0;
}
