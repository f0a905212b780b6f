/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One error, as plain bytes.
 *
 * The first function that knows what went wrong fills it; every level above only adds what it alone
 * knows (the step, the config line, a hint) and never overwrites. It holds no pointers, so that it
 * crosses processes unchanged, and it is printed once, by whoever talks to the user.
 */
#include <stdbool.h>
#include <stddef.h>

struct err {
	int errnum;	   /* an errno value that explains it, 0: the words say all */
	bool set;	   /* an error was recorded */
	bool warning;	   /* it is told, but stops nothing */
	char op[64];	   /* what was tried: "mount"; empty: object is a whole sentence */
	char object[1024]; /* on what: "/srv/data on data" */
	char step[48];	   /* the row of the step table: "mount.entries" */
	char role[32];	   /* the process that ran it: "container init", "keeper" */
	char key[96];	   /* the config key that asked for it: "lxc.mount.entry" */
	char file[512];	   /* where that key was set */
	unsigned line;
	char hint[256];	 /* what to do about it */
	char said[1024]; /* what the kernel or a helper said beside its error number */
};

/* Where a config value was written: file is owned by the spec (see spec/spec.h), NULL for the API. */
struct origin {
	const char *file;
	unsigned line;
};

#define _must_check   __attribute__((warn_unused_result))
#define _printf(a, b) __attribute__((format(printf, a, b)))

/* "cannot OP OBJECT: <strerror(errno)>". Returns -errno. Nothing is overwritten in an err that is set. */
int err_sys(struct err *e, const char *op, const char *fmt, ...) _printf(3, 4);
/* The same with a given errno value. Returns -errnum. */
int err_num(struct err *e, int errnum, const char *op, const char *fmt, ...) _printf(4, 5);
/* A whole sentence, without an errno's words: "NAME is not running". Returns -code, which is not printed. */
int err_say(struct err *e, int code, const char *fmt, ...) _printf(3, 4);

/* Each fills its field only where it is still blank, and only in an err that is set. */
void err_hint(struct err *e, const char *fmt, ...) _printf(2, 3);
void err_said(struct err *e, const char *fmt, ...) _printf(2, 3);
void err_key(struct err *e, const char *key, struct origin at);
void err_step(struct err *e, const char *step, const char *role);

void err_clear(struct err *e);

enum { ERR_TEXT = 2048 };
/* The first line without its prefix: "cannot mount /srv/data on data: No such file or directory". */
void err_text(const struct err *e, char *buf, size_t size);
/* The whole as it is shown: first line with "WHO: ", then set by, step, said and try, as far as known; four lines at
 * most, but for what a program has said: the step gives way. */
void err_print(const struct err *e, const char *who, const char *name);
