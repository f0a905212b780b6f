/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/ended.h"
#include "engine/start.h"
#include "keeper/handover.h"
#include "keeper/verdict.h"

/* One container, as a stage of its keeper sees it. */
struct keeper {
	struct spec *spec;
	struct host host;
	struct plan plan;
	struct run run;
	struct seq_page *page;
	struct handover hand; /* fds and names that outlive the stage */
	struct strv argv;
	struct ended end;      /* of the life that is over */
	bool unwanted;	       /* the next, as somebody asked for an end before this one had come */
	int pause_ms;	       /* before the next */
	const char *log_level; /* of -l, which the config runs with; NULL: none */
	bool tells_late;       /* that it runs is the idle stage's to tell */
};

int keeper_start(int argc, char **argv);
int keeper_stop(const char *fd);
/* --- adopt.c --- */
int keeper_adopt(const char *name, const char *lxcpath);
int keeper_resume(const char *fd);

/* --- stop.c: what the stage before has left --- */
/* All of it, by the hand-over's fd; *fd: the same as a number. */
int keeper_continue(struct keeper *k, const char *number, int *fd, struct err *e) _must_check;
int keeper_read_handover(struct keeper *k, int fd) _must_check;
void keeper_take_config(struct keeper *k);
/* After keeper_load(). */
int keeper_take_run(struct keeper *k, struct err *e) _must_check;

/* --- start.c --- */
/* Writes the hand-over; its fd. From then on a killed keeper can be followed. */
int keeper_prepare_idle(struct keeper *k, struct err *e) _must_check;
/* Returns only where that failed. */
void keeper_become_idle(const struct keeper *k, int fd, struct err *e);
int keeper_write_pidfile(const struct keeper *k, struct err *e) _must_check;

/* Spec, host and plan out of k->hand, k->argv and the config's memfd; no run yet. */
int keeper_load(struct keeper *k, struct err *e) _must_check;
/* From row `first` on: starts, tells that it runs, becomes the idle stage. Returns only where that failed, undone. */
int keeper_begin(struct keeper *k, size_t first, struct err *e) _must_check;
/* The log of -o and -l, else the config's; what of it is only worth a warning is one. */
int keeper_log(struct keeper *k, struct err *e) _must_check;
void keeper_tell(const struct keeper *k, unsigned type, const struct err *e, int status);

/* --- ended.c --- */
/* Fills k->end, writes it down and tells it. Before the cgroup goes. */
void keeper_note_end(struct keeper *k, int status);

/* --- restart.c --- */
/* Whether this end is none, by lxc.start.restart: then it is the next of a row, and k->pause_ms is set. */
bool keeper_restarts(struct keeper *k);
/* The same of a next life whose start has failed. */
bool keeper_tries_again(struct keeper *k);
/* 0: the time is over; negative: somebody wants it to end for good. */
int keeper_pause(struct keeper *k) _must_check;
/* --- ready.c --- */
/* keg-keeper ready: tells listeners, for the idle stage, which has no memory for that. */
int keeper_ready(const char *name, const char *lxcpath);
