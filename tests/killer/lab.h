/* SPDX-License-Identifier: MIT */
/* The killer's place: a scratch folder, the commands under test, and what is left of them. */
#ifndef KILLER_LAB_H
#define KILLER_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

extern struct lab {
	char mark[16];	   /* begins every name that is given, and is in every path */
	char top[256];	   /* the scratch folder; all else is below it */
	char lxcpath[320]; /* the containers */
	char golden[320];  /* what the lxcpath holds before each point */
	char bin[256];	   /* the commands */
	char init[256];	   /* the answering init */
	char name[32];	   /* the container's */
	int said_fd;	   /* what commands say */
} lab;

/* The harness itself cannot go on. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

long long now_ms(void);
int slow(int ms);   /* a deadline, KEG_SLOW times as long */
void tick(bool on); /* waits are interrupted, now and then, to look at their deadline */
int read_text(const char *path, char *text, size_t size);
void write_text(const char *path, const char *text, mode_t mode);

void lab_begin(const char *scratch, const char *bin, const char *init);
void lab_end(void);
void become_command(int err_fd); /* in a child, before its exec */

/* Runs a command of ours to its end, or its deadline. Its exit status; -1: killed by a signal, or by us. */
int run(const char *tool, ...) __attribute__((sentinel));
int run_argv(char *const argv[]);
const char *said(void); /* what the last one said, stdout and stderr */

/* Waits until no process is left that any command has brought forth; who is left then is told, and killed. */
bool all_ended(char *who, size_t size);

/* Trees of files, with modes, links and extended attributes. */
void tree_copy(const char *from, const char *to);
void tree_empty(const char *folder);

#endif
