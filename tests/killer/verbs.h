/* SPDX-License-Identifier: MIT */
/* The verbs that are killed, and how each point is made ready and judged. */
#ifndef KILLER_VERBS_H
#define KILLER_VERBS_H

#include "trace.h"

enum { VERB_WORDS = 12, TEXT = 8192 };

struct point {
	struct victim victim;
	struct outcome out;
	char lost[TEXT]; /* neither the old nor the new container; empty: it held */
	char left[TEXT]; /* what stayed behind after the next command */
};

struct verb {
	const char *name;
	const char *argv[VERB_WORDS]; /* the first is a command of ours; "@": the name, "%": the lxcpath, "@2": another
					 name */
	const char *over;	      /* what a second call may say, where the first had done it all */
	void (*set_up)(const struct verb *);
	void (*point)(const struct verb *, struct point *);
	const char *result; /* "@2": the name that a renaming gives */
	bool snapshots;	    /* they count as part of the container */
	bool twice;	    /* a second call is no repetition, but makes one more */
	bool whole_life;    /* a foreground start: the keeper is watched to its end */
	bool dead;	    /* it is called with a container whose keeper was killed */
	const char *config; /* further lines */
};

extern const struct verb verbs[];
extern const unsigned n_verbs;

/* Makes what the verb needs, learns what it makes of it; returns the number of calls of each process. */
void verb_begin(const struct verb *v, struct outcome *untouched);
void verb_end(const struct verb *v, struct point *p);

/* The two kinds: of files, and of processes. */
void disk_learn(const struct verb *v, struct point *p);
void disk_point(const struct verb *v, struct point *p);
void start_point(const struct verb *v, struct point *p);
void stop_point(const struct verb *v, struct point *p);
void freeze_point(const struct verb *v, struct point *p);

/* Runs the verb's command, traced. */
void strike_verb(const struct verb *v, pid_t keeper, struct point *p);
int again(const struct verb *v);
void note(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
