/* SPDX-License-Identifier: MIT */
#pragma once
/* What the mount_*.c files share: the part of lxc.mount.*, and one entry of it, parsed. */
#include "engine/run.h"
#include "spec/key.h"
#include "sys/mount.h"

struct mounts {
	struct list automatic, entries;
	struct text fstab;
};

enum entry_create { CREATE_NOTHING, CREATE_DIR, CREATE_FILE };
enum entry_kind { ENTRY_NEW, ENTRY_BIND, ENTRY_MOVE, ENTRY_REMOUNT };

struct entry {
	char *source, *target, *type; /* never NULL */
	char *data;		      /* options for the file system itself; NULL: none */
	char *idmap;		      /* "container" or a path; NULL: none */
	struct mount_shape shape;
	enum entry_kind kind;
	enum entry_create create;
	bool recursive, optional, relative;
};

/* One line of fstab(5). -EINVAL with a sentence: not one. */
int entry_parse(const char *line, struct entry *out, struct err *e) _must_check;
/* Comma-separated options into an entry that is all zero. */
int entry_options(const char *options, struct entry *out, struct err *e) _must_check;
void entry_free(struct entry *n);
#define _own_entry __attribute__((cleanup(entry_free)))

/* Of a bind the detached copy, of a move the mount itself, O_PATH; or -errno, and what to say about it. */
int entry_source(int root_fd, const struct entry *n) _must_check;
int entry_no_source(const struct entry *n, int x, struct err *e);
/* Carries it out inside root_fd, or, with a source that was opened before (-1: none), the rest of it; optional entries
 * never fail. `host_root`: paths of the host that stand for "/". */
int entry_mount(int root_fd, const struct entry *n, int source, const char *const *host_root,
		struct err *e) _must_check;

/* Every line of lxc.mount.fstab, then every lxc.mount.entry, parsed; an error gets the line's origin. */
typedef int entry_fn(struct run *r, const struct entry *n, struct err *e);
int mount_each(struct run *r, entry_fn *f, struct err *e) _must_check;
/* entry_mount() with the paths of the host that stand for this run's "/". */
int mount_one_entry(struct run *r, const struct entry *n, int source, struct err *e) _must_check;

/* A word of lxc.mount.auto. */
enum auto_class { AUTO_PROC, AUTO_SYS, AUTO_CGROUP, AUTO_SHMOUNTS, AUTO_CLASSES };
enum auto_mode { AUTO_PLAIN, AUTO_MIXED, AUTO_RO, AUTO_RW };
enum auto_tree { TREE_OWN, TREE_FULL, TREE_UNIFIED };

struct auto_word {
	const char *word;
	const char *shown; /* as `get` tells it; NULL: LXC hides it */
	enum auto_class class;
	enum auto_mode mode;
	enum auto_tree tree; /* AUTO_CGROUP only */
	bool force;
};

/* The row of a word ("shmounts:HOST" has one, too); NULL: no such word. */
const struct auto_word *auto_word(const char *text);
/* The last word of its class, and in *item where it was said; NULL: none. */
const struct auto_word *auto_last(const struct mounts *m, enum auto_class class, const struct item **item);
