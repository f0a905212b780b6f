/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files that make, copy and remove containers on disk share. */
#include "client/container.h"
#include "client/dependents.h"

#include <signal.h>

/* Names in an lxcpath that are never a container's: what is being removed, and what is being built. */
#define DISK_TRASH   ".trash-"
#define DISK_RESTORE ".restore-"
#define DISK_NEW     ".new-"
bool disk_is_reserved(const char *name);
/* In a folder that a restore has put in place: the old one's other files have yet to move over. */
#define DISK_RESTORED "restored"

/* --- hold.c --- */
enum {
	HOLD_ALONE = 1,	  /* its files change; without it they are only read */
	HOLD_REMAINS = 2, /* also what a creation that was cut short has left */
	HOLD_QUEUE = 4	  /* for a moment only, as many others may: wait for them all */
};
/* An fd that holds the container's folder until it is closed. -ENOENT; -EBUSY: another command is at it; -EINVAL: its
 * creation was cut short. */
int container_hold(const struct container *c, unsigned how, struct err *e) _must_check;

/*
 * Set by a command when it is told to end: a creation or copy under way then gives up and takes back
 * what it made. The library itself never handles signals.
 */
extern volatile sig_atomic_t disk_cancelled;
/* How many bytes were copied: for a command that shows it, in memory that it shares; NULL: nobody asks. */
extern uint64_t *disk_copied;

/* --- trash.c: what is being removed --- */
struct trash {
	int fd; /* holds the lock that says: somebody is at it; -1: the caller's does */
	char *path;
};
void trash_end(struct trash *t);
#define _own_trash __attribute__((cleanup(trash_end)))
/*
 * The folder `path` becomes .trash-NAME beside it; what an earlier, killed removal left under that name goes first.
 * held: the caller's container_hold() of it, or -1: a second lock by the same process would wait for the first.
 */
int trash_begin(const char *path, const char *name, int held, struct trash *t, struct err *e) _must_check;
/* The rootfs outside the container's folder, if it is one that we made for this container. NULL: none such. */
char *trash_find_outside(const struct container *c);
/* Anybody may have a folder of the trash's name: -EEXIST then. */
int trash_check(const struct container *c, const char *path, struct err *e) _must_check;
int trash_outside(const struct container *c, struct err *e) _must_check;
/* Removes a folder of ours that was, or was to be, `was`, and takes that out of its parents' lists first. */
int trash_remove(const char *left, struct dependent was, struct err *e) _must_check;
/* A new folder .new-... or .restore-..., open, marked as ours and locked; what a killed process left there goes first,
 * what is not ours is refused (-EEXIST). */
int trash_new(const char *path, struct err *e) _must_check;
/* Whether the folder that fd has is still the one of that name: who held its lock before may have renamed or removed
 * it. */
bool trash_is_at(int dir, const char *name, int fd);
/* Ends what killed commands have begun in the folder, an lxcpath or a container's snaps: removals, and new folders. */
void trash_sweep(const char *folder);

/* --- claim.c: the folder of a container in the making --- */
struct claim {
	int dir_fd, partial_fd;
	bool made_dir; /* it is ours to remove */
	bool empty;    /* nothing was in it: a creator that was killed right after its mkdir left it, perhaps */
};
#define CLAIM_NOTHING                                                                                                  \
	{                                                                                                              \
		.dir_fd = -1, .partial_fd = -1                                                                         \
	}
/* Removes what a killed creator left. -EEXIST: it is being created just now. */
int claim_clear(const struct container *c, struct err *e) _must_check;
/* The folder of one whose making has failed or was cut short: it gets another name first, so that at no moment a part
 * of it has this one. held: as trash_begin()'s. */
int claim_remove(const struct container *c, int held, struct err *e) _must_check;
/* There is no such folder, or an empty one. */
bool claim_is_free(const struct container *c);
int claim_folder(struct claim *f, const struct container *c, struct err *e) _must_check;
/* From now on it is a container. */
void claim_complete(struct claim *f);
void claim_end(struct claim *f);

/* --- storage.c: what a rootfs is made of, and its copies --- */
enum storage_kind { STORAGE_NONE, STORAGE_DIR, STORAGE_OVERLAY, STORAGE_OTHER };
struct storage {
	enum storage_kind kind;
	char *type;  /* as the config has it; "": it says none */
	char *path;  /* of a folder; of an overlay the lower ones, parted by colons */
	char *upper; /* of an overlay */
};
int storage_of(const struct spec *s, struct storage *out, struct err *e) _must_check;
void storage_end(struct storage *s);
#define _own_storage __attribute__((cleanup(storage_end)))

/* A container's folder built anew in another, out of a container's or a snapshot's. */
struct replica {
	const char *folder, *config; /* whose own files are copied, and its config's file */
	const struct storage *from;  /* what its config says */
	enum storage_kind to;	     /* DIR: all of it; OVERLAY: on the same lower folder; NONE: no rootfs at all */
	const char *at, *final;	     /* the folder that is filled, and what it will be called */
	const char *uts;	     /* its lxc.uts.name; NULL: it stays */
	bool new_macs;
};
int replica_build(const struct replica *r, struct err *e) _must_check;
/* Who a replica lies on as an overlay: the parents of `folder`, and `self` where it is itself one. */
int replica_parents(const char *folder, const struct dependent *self, struct strv *out, struct err *e) _must_check;

/* --- copy.c --- */
/* The hostname in the new rootfs, and the clone hooks, where that is mounted. */
struct dressing {
	const struct container *c; /* loaded */
	const char *src_name;
	bool hostname;
	char *const *hook_args;
};
int copy_dress(const struct dressing *d, struct err *e) _must_check;
/* The folder that a killed dressing was mounted on. Nobody of that name may run: it would lose what is mounted there.
 */
void copy_undress(const struct container *c);

/* --- destroy.c --- */
/* Not if its config says that its rootfs is managed by somebody else. */
bool destroy_removes(const struct container *c);

/* --- rename.c --- */
/* Ends a renaming to this name that was cut short. 0 also where there was none; -errno. */
int rename_finish(const struct container *c) _must_check;

/* --- copy_tree.c --- */
/* Copies what is at `path` below the folder `from` to the same place below `to`. Nothing there: 0. */
int storage_copy_one(int from, int to, const char *path, const char *shown, struct err *e) _must_check;
/* Copies all in the folder `from` into the empty folder `to`, and gives `to` the owner and mode of `from`. */
int storage_copy(int from, int to, const char *shown, struct err *e) _must_check;

/* --- storage_dir.c --- */
/* Notes on the open folder that it was made for this container, where the file system can. */
void storage_mark(int fd, const struct container *c);
void storage_mark_for(int fd, const char *folder);
/* It was made by us, for whichever container. */
bool storage_has_mark(int fd);
bool storage_marked(int fd, const struct container *c);
bool storage_is_mark(const char *xattr);
/* Removes all that is in the folder, not the folder. */
int storage_empty(int dir, const char *name, struct err *e) _must_check;
/* The rootfs' folder as the loaded config names it, NULL: none (or not a folder). The caller frees. */
char *storage_rootfs(const struct container *c);
bool storage_inside(const struct container *c, const char *path);
/* 0, or -EBUSY where something is mounted at or below the folder. */
int storage_not_mounted(const char *path, struct err *e) _must_check;

/* --- rehome.c --- */
struct rehome {
	const char *from, *to; /* the old folder and the new one */
	const char *keep;      /* a folder below `from` that stays what it is; NULL: none */
};
/* The text with the paths of a container's own files (hooks, rootfs, fstab, mounts) in their new folder. */
char *config_rehome(const char *text, const struct rehome *h) _must_check;
/* What such values name below that folder, relative to it. 0 or -ENOMEM. */
int config_files(const char *text, const char *from, struct strv *out) _must_check;

/* --- macs.c --- */
/* The text with each x of an lxc.net.N.hwaddr a random digit; `all`: every digit behind the first three bytes too. */
char *config_macs(const char *text, bool all) _must_check;

/* --- template.c --- */
/* Those that are installed, sorted: "busybox". */
int template_names(struct strv *out) _must_check;
int template_find(const char *name, char **path, struct err *e) _must_check;
struct template_call {
	const char *path;
	const struct container *c;
	const struct spec
		*mapped; /* the config maps ids: the template runs as that container's root; NULL: it does not */
	const char *rootfs;
	char **args;
	bool quiet;
	int held; /* the lock that says that it is being created: also as long as a program of a killed creator's runs
		   */
};
int template_run(const struct template_call *t, struct err *e) _must_check;
