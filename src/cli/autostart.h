/* SPDX-License-Identifier: MIT */
#pragma once
/* The parts of keg autostart: who takes part (cmd_autostart.c), in what order, and how many at once. */
#include "cli/cli.h"

enum progress { NOT_BEGUN, ORDERING, ORDERED, UNDER_WAY, DONE, FAILED };

struct candidate {
	struct container *ct;
	struct strv groups, after, requires; /* the last two: NAME or NAME:ready */
	int64_t order;
	unsigned delay;
	bool takes_part; /* it says so itself; else only where another requires it */
	enum progress is;
	bool tried; /* something had to be done about it */
	pid_t pid;  /* UNDER_WAY */
	int pidfd;
};

struct candidates {
	struct candidate *v; /* all that there are, by lxc.start.order and name */
	size_t n, failed, tried;
	struct answer listed;
	int bad; /* memory ran out while it was filled */
};

/* What is needed by one of after or requires: its name, and whether it has to be ready. */
struct needed {
	char name[256];
	bool ready;
};
struct needed needed_of(const char *word);
struct candidate *candidate_find(const struct candidates *all, const char *name);

/* A list of candidates, in the order in which they are begun. */
struct queue {
	struct candidate **v;
	size_t n;
	bool pulls; /* what is required comes along, whether it takes part or not */
};

/* --- autostart_order.c --- */
/* Puts those that `k` needs, then k, behind what is in the queue. -ELOOP: they need each other; words in e. */
int queue_add(struct candidates *all, struct queue *q, struct candidate *k, struct err *e) _must_check;

/* --- autostart_jobs.c --- */
struct jobs {
	const struct cli *c;
	unsigned at_once;
	bool starts;  /* else what is needed ends last */
	bool delays;  /* lxc.start.delay counts */
	int ready_ms; /* -1: for ever */
	int (*act)(const struct cli *c, struct candidate *k, struct err *e);
};
void jobs_run(const struct jobs *j, struct candidates *all, struct queue *q);
