/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files of src/cgroup share with each other and with nobody else. */
#include "cgroup/cgroup.h"

#include <limits.h>

enum { CGROUP_PATH = 1024 };

/* Extended attributes of cgroups: kernfs keeps user.* since Linux 5.7, on v1 and v2. */
#define MARK_OWNER   "user.keg.owner"
#define MARK_PARENT  "user.keg.parent"
#define MARK_ENABLED "user.keg.enabled"

/* The path below the base: without a leading "./". */
const char *cgroup_below(const struct cgroup_tree *t);
/* "/sys/fs/cgroup/memory/lxc.payload.web1", and how much of it is the base's. */
int cgroup_full_path(const struct cgroup_tree *t, size_t i, char *path, size_t size, size_t *base_len) _must_check;
/* Whether a word is in a list that is parted by commas or blanks. */
bool cgroup_has_word(const char *list, const char *word);
bool cgroup_made_parent(const char *path);

/* --- enable.c --- */
/* Enables controllers (those that the tree wants; or only that one) for the children of the cgroups above it. */
int cgroup_enable(const struct cgroup_tree *t, size_t i, const char *only, struct err *e) _must_check;
/* Disables what was enabled so and nobody uses any more. */
void cgroup_take_back(const struct cgroup_tree *t, size_t i);
/* Held while controllers are enabled and the tree made, or it was removed and they are taken back. -1: unlocked. */
int cgroup_lock(const struct cgroup_tree *t, size_t i);

/* Says of a call that it may fail. */
static inline void cgroup_try(int r)
{
	(void)r;
}

/* CLOCK_MONOTONIC in milliseconds, and the time that is left until then, at least 0. */
int64_t cgroup_now(void);
int cgroup_left(int64_t deadline);
void cgroup_sleep(unsigned ms);
/* Waits until "WORD VALUE" stands in cgroup.events (v2), the deadline at most. 0 or -ETIMEDOUT, -errno. */
int cgroup_await_event(int dir, const char *word, bool value, int64_t deadline) _must_check;
/* The number behind a word that begins a line. -ENODATA */
int cgroup_word_in(const char *text, const char *word, int64_t *out) _must_check;
/* The same of cgroup.events or any other file of "WORD NUMBER" lines. */
int cgroup_read_word(int dir, const char *file, const char *word, int64_t *out) _must_check;
int cgroup_read_i64(int dir, const char *file, int64_t *out) _must_check;

/* SIGKILL to all in a cgroup and below it, never to the caller. How many were found. `any`: one of them. */
unsigned cgroup_kill_below(int dir, bool freezer, pid_t *any);
/* The first process in it or below of which it is true; a process that our pid namespace does not see is none. */
bool cgroup_find_below(int dir, bool (*is)(pid_t pid, void *arg), void *arg);
/* Is anybody in it or below? `any`: one of them, where known. */
bool cgroup_populated(int dir, bool v2, pid_t *any);
/* Removes the tree whoever made it. */
int cgroup_remove_all(struct cgroup_tree *t, int timeout_ms, struct err *e) _must_check;

/* Index of the v1 hierarchy with that controller, -1. */
int cgroup_v1_index(const struct cgroup_host *h, const char *controller);

/* "memory.max" belongs to memory; what v1 keeps apart (blkio, cpuacct, freezer), v2 has under one name. */
void cgroup_controller_of(const char *file, bool v2, char *out, size_t size);

/* --- translate.c --- */
enum { CGROUP_WRITES = 4 };
struct cgroup_writes {
	size_t n;
	struct {
		char file[64], value[128];
	} v[CGROUP_WRITES];
};
/* What to write, into the cgroup `dir` of the other version, for a value of this file. -EOPNOTSUPP: the
 * name has no twin there; -EINVAL: the value cannot be said there. */
int cgroup_translate(int dir, const char *file, bool to_v2, const char *value, struct cgroup_writes *w) _must_check;
/* The text that the file would have, out of the files of the other version in `dir`. */
int cgroup_translate_back(int dir, const char *file, bool from_v2, struct buf *out) _must_check;
