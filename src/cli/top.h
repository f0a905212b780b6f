/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the parts of `top` share: gathering numbers (top_gather.c), what can be shown and sorted by (top_columns.c),
 * keg's screen (top_screen.c), LXC's screen and lines (top_show.c), the terminal (top_terminal.c), the keys
 * (cmd_top.c).
 */
#include "cli/cli.h"

struct top_row {
	char *name;
	size_t path;   /* which of the lxcpaths it is below */
	int64_t at_ns; /* when it was looked at */
	struct cgroup_stats s;
	int64_t rx, tx;		      /* -1: not known, or not asked for */
	const struct top_row *before; /* the same container one look earlier; NULL: it was not there */
};

struct top_rows {
	struct top_row *v; /* by lxcpath and name */
	size_t n;
};

/* --- top_columns.c --- */
enum top_kind {
	TOP_CPU, /* nanoseconds; as a rate a percentage of one core */
	TOP_BYTES,
	TOP_COUNT,
	TOP_PERCENT, /* in hundredths */
};

struct top_column {
	const char *name;	     /* of --columns and -s */
	char key;		     /* sorts by it */
	const char *title, *as_rate; /* as_rate: its title where it is shown per second; NULL: it never is */
	int width;
	enum top_kind kind;
	unsigned stats; /* STATS_* that it is made of */
	bool network;	/* it is made of the network's numbers */
	size_t field;	/* an int64_t of struct top_row */
	bool lxc;	/* lxc-top sorts by it, too */
};

enum { TOP_COLUMNS = 13 };
extern const struct top_column top_columns[TOP_COLUMNS]; /* in the order in which a narrow terminal has room for them */

struct top_view {
	const struct top_column *sort; /* NULL: by name */
	bool reverse;
	bool totals;	/* what could be a rate is a sum */
	bool lxc;	/* lxc-top's screen */
	unsigned shown; /* bit i: top_columns[i]; 0: what the terminal has room for */
};

/* By its key or name; NULL: there is none. */
const struct top_column *top_column(const char *word, bool lxc);
/* -1: not known. */
int64_t top_value(const struct top_row *r, const struct top_column *c, bool totals);
/* Of numbers the largest first, names upwards. */
void top_sort(const struct top_view *v, struct top_row **rows, size_t n);

/* --- top_gather.c --- */
/* One look at all that run. */
struct top_look {
	const struct cli *cli;
	struct cgroup_host host;
	struct traffic traffic; /* of the host's links */
	bool has_traffic;	/* it was asked for, which is done once, when the first container's is wanted */
	struct top_rows rows;
};
/* Every running container, with those numbers. 0, or 1 after it was told. */
int top_gather(struct top_look *l, const struct cli *c, unsigned stats, bool network) _must_check;
/* More numbers of one of them. */
void top_read(struct top_look *l, struct top_row *r, unsigned stats, bool network);
/* Finds each container in an earlier look, which must outlive this one. */
void top_remember(struct top_look *l, const struct top_look *earlier);
void top_look_free(struct top_look *l);

/* --- top_screen.c --- */
/* Looks, and draws it. `l` is what was seen before, and then what is seen now. */
int top_screen(const struct cli *c, const struct top_view *v, struct top_look *l, FILE *f) _must_check;
/* The columns of a screen of that width; a bit each, the sorted one among them. */
unsigned top_screen_columns(const struct top_view *v, size_t width);

/* --- top_show.c: lxc-top's --- */
enum { /* what its columns show. No swap by itself: v1 has it in memory.stat alone, which takes the kernel longer than
	  all else. */
       TOP_LXC_STATS =
	       STATS_CPU | STATS_MEMORY | STATS_IO | STATS_PIDS | STATS_KERNEL | STATS_MEMORY_SWAP | STATS_DETAIL
};
void top_show_screen(struct top_row *const *rows, size_t n, FILE *f);
void top_show_batch_head(FILE *f);
void top_show_batch(struct top_row *const *rows, size_t n, FILE *f);
int top_show_answer(const struct cli *c, struct top_row *const *rows, size_t n) _must_check;
/* The lines of the terminal. */
size_t top_lines(void);

/* --- top_terminal.c --- */
/* Keys come one by one and are not shown; with a screen of its own, which goes with it. false: stdin is no terminal. */
bool top_terminal_take(bool screen);
void top_terminal_leave(void);
/* What was pressed, at most size bytes; 0: the time is over, or a signal came: the terminal's size has changed, the
 * program was stopped and goes on, or cli_told_to_end. */
size_t top_terminal_wait(int64_t ms, char *keys, size_t size);
/* A signal has made what is shown wrong; asked once. */
bool top_terminal_changed(void);
