/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Tests that any liblxc.so.1 is judged by: they include nothing but LXC's own header, so that they can be built against
 * either header and run on either library. A test runs in a process of its own; what it began is stopped and removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>
#include <lxc/version.h>

#define ABSENT 77 /* exit code: a function says that it "is not there yet" */

struct test {
	const char *name;
	void (*run)(void);
	const char *defect; /* why LXC's own library does not pass it; NULL: it does */
	bool root;
};

extern const struct test stopped_tests[], config_tests[], storage_tests[], running_tests[], hook_tests[],
	inside_tests[], free_tests[];

extern bool on_lxc;	     /* the library is LXC's: its error_string is never filled */
extern const char *lxcpath;  /* an empty folder, for this test */
extern const char *init_bin; /* tests/answer.c, static */

/* An object; the test ends where there is none. */
struct lxc_container *object(const char *name);
/* A container whose init answers (or runs `words`), with more lines of config. */
struct lxc_container *container(const char *name, const char *words, const char *more);
void write_file(const char *path, const char *text);
char *read_file(const char *path);
/* lxcpath/REST; of a ring of four buffers. */
const char *below(const char *rest);

void expect(bool holds, const char *what, const char *file, int line);
/* What failed left this errno and these words; LXC leaves no words. */
void says(struct lxc_container *c, int errnum, const char *words, const char *file, int line);
/* Ends the test as absent where the failure is "... is not there yet". */
void must(struct lxc_container *c, bool holds, const char *what, const char *file, int line);

#define EXPECT(x)  expect((x), #x, __FILE__, __LINE__)
#define MUST(c, x) must((c), (x), #x, __FILE__, __LINE__)
#define REFUSED(c, x, e, w)                                                                                            \
	do {                                                                                                           \
		errno = 0;                                                                                             \
		must((c), !!(x), #x, __FILE__, __LINE__);                                                              \
		says((c), (e), (w), __FILE__, __LINE__);                                                               \
	} while (0)
