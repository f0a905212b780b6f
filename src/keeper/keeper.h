/* SPDX-License-Identifier: MIT */
#pragma once
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
	const char *log_level; /* of -l, which the config runs with; NULL: none */
};

int keeper_start(int argc, char **argv);
int keeper_stop(const char *fd);
int keeper_recover(const char *name, const char *lxcpath);

/* Spec, host and plan out of k->hand, k->argv and the config's memfd; no run yet. */
int keeper_load(struct keeper *k, struct err *e) _must_check;
/* From row `first` on: starts, tells the verdict, becomes the idle stage. Returns an exit status on failure. */
int keeper_launch(struct keeper *k, size_t first);
/* The log of -o and -l, else the config's; what of it is only worth a warning is one. */
int keeper_log(struct keeper *k, struct err *e) _must_check;
void keeper_tell(const struct keeper *k, unsigned type, const struct err *e, int status);
