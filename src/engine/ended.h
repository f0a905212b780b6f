/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * How a container ended, kept when all else of it is gone: the file `ended` in the container's own folder,
 * replaced by rename at each end, gone with the folder. A container without a folder has none. What its console showed
 * last lies beside it, as `ended.console`, where a buffer kept it until then.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What somebody asked a running container for: a word in its lock file, which is there as long as its keeper. */
enum asked_for { ASKED_NOTHING, ASKED_STOP, ASKED_KILL, ASKED_REBOOT, ASKED_COUNT };

enum ended_reason {
	ENDED_EXIT,    /* init exited by itself */
	ENDED_HALT,    /* from inside, by reboot(2) */
	ENDED_REBOOT,  /* the same, to begin again */
	ENDED_STOP,    /* it was asked to */
	ENDED_KILL,    /* it was made to, at once or at a stop's deadline */
	ENDED_OOM,     /* the kernel killed init for its memory */
	ENDED_SECCOMP, /* a call that its filter kills for */
	ENDED_CRASH,   /* any other signal */
	ENDED_LOST,    /* its keeper was killed; nobody knows init's status */
	ENDED_REASONS
};

enum { ENDED_UNKNOWN = -1 };

struct ended {
	enum ended_reason reason;
	int status;	   /* of init, as waitpid(2); ENDED_UNKNOWN */
	int64_t at_ms;	   /* since 1970 */
	unsigned restarts; /* in a row, by lxc.start.restart, before this end */
	uint64_t shown;	   /* bytes by its console since there was a buffer; 0: none of them are kept */
};

/* "exit", "halt", ...: interface. */
const char *ended_name(enum ended_reason reason);
enum ended_reason ended_why(int status, enum asked_for asked, bool oom);
/* As a shell tells it: the exit code, or 128 and the signal's number. */
int ended_code(int status);

/* -ENOENT: it has never ended, or nobody could write it down. */
int ended_read(const char *lxcpath, const char *name, struct ended *out) _must_check;
/* Where it cannot be written (no folder, a full or read-only disk) there is none: no end waits for a disk. */
void ended_write(const char *lxcpath, const char *name, const struct ended *end);
/* The last of those bytes, at most ENDED_SHOWN_MOST; *text is the caller's to free. */
enum { ENDED_SHOWN_MOST = 64 << 10 };
int ended_read_shown(const char *lxcpath, const char *name, char **text, size_t *len) _must_check;
bool ended_write_shown(const char *lxcpath, const char *name, const char *text, size_t len);

/* The last one asked counts. By the fd of the runtime folder, for whoever is not the keeper. */
int asked_note(int runtime_fd, enum asked_for asked) _must_check;
/* By the keeper's own fd of the lock; the second forgets that it was ready, too. */
enum asked_for asked_read(int lock_fd);
void asked_forget(int lock_fd);
/* A stop or a kill: there is to be no next life. */
bool asked_for_end(enum asked_for asked);

/* That it is ready stands behind that word. The idle stage writes it, anybody may look. */
enum { READY_AT = 8 };
bool ready_read(int runtime_fd);
