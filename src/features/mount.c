/* SPDX-License-Identifier: MIT */
/* The keys lxc.mount.*: what is mounted besides the rootfs. The mount_*.c beside this file mount it. */
#include "features/mount_parts.h"

#include "base/own.h"
#include "features/userns.h"

#include <errno.h>
#include <string.h>

static const struct auto_word words[] = {
	{ "proc", "proc:mixed", AUTO_PROC, AUTO_MIXED },
	{ "proc:mixed", "proc:mixed", AUTO_PROC, AUTO_MIXED },
	{ "proc:rw", "proc:rw", AUTO_PROC, AUTO_RW },
	{ "sys", "sys:mixed", AUTO_SYS, AUTO_MIXED },
	{ "sys:mixed", "sys:mixed", AUTO_SYS, AUTO_MIXED },
	{ "sys:ro", "sys:ro", AUTO_SYS, AUTO_RO },
	{ "sys:rw", "sys:rw", AUTO_SYS, AUTO_RW },
	{ "cgroup", "cgroup", AUTO_CGROUP, AUTO_PLAIN },
	{ "cgroup:mixed", "cgroup:mixed", AUTO_CGROUP, AUTO_MIXED },
	{ "cgroup:ro", "cgroup:ro", AUTO_CGROUP, AUTO_RO },
	{ "cgroup:rw", "cgroup:rw", AUTO_CGROUP, AUTO_RW },
	{ "cgroup:force", NULL, AUTO_CGROUP, AUTO_PLAIN, .force = true },
	{ "cgroup:mixed:force", NULL, AUTO_CGROUP, AUTO_MIXED, .force = true },
	{ "cgroup:ro:force", NULL, AUTO_CGROUP, AUTO_RO, .force = true },
	{ "cgroup:rw:force", NULL, AUTO_CGROUP, AUTO_RW, .force = true },
	{ "cgroup-full", "cgroup-full", AUTO_CGROUP, AUTO_PLAIN, TREE_FULL },
	{ "cgroup-full:mixed", "cgroup-full:mixed", AUTO_CGROUP, AUTO_MIXED, TREE_FULL },
	{ "cgroup-full:ro", "cgroup-full:ro", AUTO_CGROUP, AUTO_RO, TREE_FULL },
	{ "cgroup-full:rw", "cgroup-full:rw", AUTO_CGROUP, AUTO_RW, TREE_FULL },
	{ "cgroup-full:force", NULL, AUTO_CGROUP, AUTO_PLAIN, TREE_FULL, .force = true },
	{ "cgroup-full:mixed:force", NULL, AUTO_CGROUP, AUTO_MIXED, TREE_FULL, .force = true },
	{ "cgroup-full:ro:force", NULL, AUTO_CGROUP, AUTO_RO, TREE_FULL, .force = true },
	{ "cgroup-full:rw:force", NULL, AUTO_CGROUP, AUTO_RW, TREE_FULL, .force = true },
	{ "cgroup2", NULL, AUTO_CGROUP, AUTO_RW, TREE_UNIFIED, .force = true },
	{ "cgroup2:force", NULL, AUTO_CGROUP, AUTO_RW, TREE_UNIFIED, .force = true },
	{ "cgroup2:ro", NULL, AUTO_CGROUP, AUTO_RO, TREE_UNIFIED, .force = true },
	{ "cgroup2:ro:force", NULL, AUTO_CGROUP, AUTO_RO, TREE_UNIFIED, .force = true },
	{ "shmounts:", NULL, AUTO_SHMOUNTS, AUTO_PLAIN }, /* begins the word */
};

const struct auto_word *auto_word(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		bool begins = words[i].class == AUTO_SHMOUNTS;

		if (begins ? str_starts(text, words[i].word) : strcmp(text, words[i].word) == 0)
			return &words[i];
	}
	return NULL;
}

const struct auto_word *auto_last(const struct mounts *m, enum auto_class class, const struct item **item)
{
	for (size_t i = m->automatic.n; i-- > 0;) {
		const struct auto_word *w = auto_word(m->automatic.v[i].text);

		if (!w || w->class != class)
			continue;
		*item = &m->automatic.v[i];
		return w;
	}
	return NULL;
}

static int check_auto(const char *text, struct err *e)
{
	(void)e;
	return auto_word(text) ? 0 : -EINVAL;
}

/* One word of each class, proc first; LXC's own clients compare this text. */
static int get_auto(const void *part, unsigned index, struct buf *out)
{
	const char *blank = "";

	(void)index;
	for (int c = 0; c < AUTO_CLASSES; c++) {
		const struct item *item;
		const struct auto_word *w = auto_last(part, (enum auto_class)c, &item);

		if (!w || !w->shown)
			continue;
		buf_addf(out, "%s%s", blank, w->shown);
		blank = " ";
	}
	return out->failed ? -ENOMEM : 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.mount.auto",
		.type = &type_words,
		.field = offsetof(struct mounts, automatic),
		.values = "proc[:mixed|:rw], sys[:mixed|:ro|:rw], cgroup[:mixed|:ro|:rw][:force], "
			  "cgroup-full[:mixed|:ro|:rw][:force], cgroup2[:ro][:force], shmounts:HOST[:CONTAINER]",
		.help = "File systems of the kernel's that are mounted without further words; of proc, sys, cgroup and "
			"shmounts the last one said holds. \"mixed\" leaves open what cannot hurt the host. A cgroup "
			"tree is only mounted with :force, or where the container has no cgroup namespace to mount "
			"its own in.",
		.since = "1.0",
		.good = { "proc:mixed sys:ro cgroup:rw:force", "cgroup2:ro", "shmounts:/srv/shared" },
		.bad = { "proc:ro", "cgroup2:rw", "cgroup:force:rw", "home" },
		.check = check_auto,
		.get = get_auto,
	},
	{
		.name = "lxc.mount.entry",
		.type = &type_list,
		.field = offsetof(struct mounts, entries),
		.values = "a line as in fstab(5): SOURCE TARGET TYPE OPTIONS [DUMP PASS]",
		.help = "A mount. TARGET is a path in the rootfs. Besides those of mount(8) there are the options "
			"create=dir, create=file, optional, relative (SOURCE is in the rootfs, too), bind, rbind, "
			"private, shared, slave, unbindable and their recursive kin, and for binds idmap=container, "
			"which shows the files as owned by the container's ids, or idmap=PATH of a user namespace.",
		.since = "1.0",
		.good = { "/srv/data data none bind,create=dir 0 0", "tmpfs tmp tmpfs size=64m,nosuid 0 0" },
		.bad = { "/srv/data data", "/srv/data data none bind,create=link" },
	},
	{
		.name = "lxc.mount.fstab",
		.type = &type_path,
		.field = offsetof(struct mounts, fstab),
		.values = "the path of a file",
		.help = "A file of such lines, mounted before them.",
		.since = "2.1",
		.good = { "/var/lib/lxc/web1/fstab" },
	},
};

/* What cannot be of idmap=, whatever kernel and file system. */
static int check_idmap(const struct spec *s, const struct entry *n, struct err *e)
{
	int x;

	if (!n->idmap)
		return 0;
	if (n->kind != ENTRY_BIND) {
		x = err_say(e, EINVAL, "idmap=%s of %s: only a bind can be idmapped", n->idmap, n->target);
		err_hint(e, "add \"bind\" to the entry");
		return x;
	}
	if (strcmp(n->idmap, "container") != 0 || userns_wanted(s))
		return 0;
	x = err_say(e, EINVAL, "idmap=container of %s, but the container has no user namespace", n->target);
	err_hint(e, "set lxc.idmap, or name another user namespace: idmap=/proc/PID/ns/user");
	return x;
}

/* Entries are checked when all is known, so that an odd line can still be stored and looked at, as with LXC. */
static void check(const struct spec *s, struct problems *p)
{
	const struct mounts *m = s->part[FEATURE_MOUNT];

	for (size_t i = 0; i < m->entries.n; i++) {
		_own_entry struct entry n = { 0 };
		struct err e = { 0 }, *told;

		if (entry_parse(m->entries.v[i].text, &n, &e) == 0 && check_idmap(s, &n, &e) == 0)
			continue;
		err_key(&e, "lxc.mount.entry", m->entries.v[i].at);
		told = problems_next(p);
		if (told)
			*told = e;
	}
}

const struct feature mount_feature = {
	FEATURE_TEXT("Mounts", "What is mounted in the container beside its root file system: by entries as in "
			       "fstab(5), by a file of such entries, and by words for what every system has."),
	.name = "mount",
	.size = sizeof(struct mounts),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.check = check,
};
