/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The executor: carries out a table of steps by two processes. KEEPER runs its rows until the row that
 * forks; from there on both run theirs. A row with `needs` waits for the other side's row; what a row
 * gives travels to the other side; an error travels as it is. INIT's last row is an exec, which ends
 * its side of the socket: that end means success there, and death anywhere else.
 */
#include "engine/step.h"

#include <stdint.h>

enum { SEQ_MOST = 96 };

struct seq {
	const char *name;
	const struct step *v;
	size_t n;
	const char *init; /* what errors call INIT; NULL: "container init" */
	int deadline_ms;  /* of one wait for the other side; 0: two minutes */
	/* Each second that KEEPER waits for INIT: whatever may hold that one is to let it go. NULL: nothing may. */
	void (*on_silence)(struct run *r);
};

/* In memory that KEEPER, INIT and whoever started them share: who is where, and what each step took. */
struct seq_page {
	int32_t at[2]; /* by role: the row's index + 1; 0: none yet */
	/* CLOCK_MONOTONIC, ns: when whoever asked began, spawned the keeper, when that began, had its plan,
	 * saw init's exec; 0: not told */
	int64_t asked, spawned, begun, planned, running;
	struct warnings warnings;
	struct {
		int64_t began, ended; /* CLOCK_MONOTONIC, ns; 0: not run */
	} row[SEQ_MOST];
};

/* A page of its own (fd NULL), or one that others see through the memfd *fd. */
struct seq_page *seq_page_new(int *fd, struct err *e) _must_check;
struct seq_page *seq_page_map(int fd, struct err *e) _must_check;
void seq_page_free(struct seq_page *p);

/* Runs from row `first` on. On failure everything is undone, from the failed row back to `first`. */
int seq_run(const struct seq *s, size_t first, struct run *r, struct seq_page *page, struct err *e) _must_check;
/* Undoes the rows first .. last, in reverse order. */
void seq_undo(const struct seq *s, size_t first, size_t last, struct run *r);

/* Adds SEQ_EXPLAINED texts for each row that would run: its name, its role, the row of the other role that it waits for
 * ("": none), whether it has an undo ("true", "false"). -ENOMEM. */
enum { SEQ_EXPLAINED = 4 };
int seq_explain(const struct seq *s, const struct plan *p, struct strv *cells) _must_check;
/* What each row took, in microseconds, in order of their begin, counted from `asked`. */
void seq_trace(const struct seq *s, const struct seq_page *page, struct buf *out);
/* The row's index; the table's end where there is none of that name. */
size_t seq_find(const struct seq *s, const char *name);
/* Now, as the page counts it. */
int64_t seq_now(void);
/* In INIT's last row, where that calls a function instead of an exec: the other side sees us gone, and is done. */
void seq_leave(void);
/* Whether the other side still lives; for a row that must not go on alone. */
bool seq_peer_alive(void);
