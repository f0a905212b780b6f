/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What can be known of a container without asking anybody: its runtime folder
 * /run/keg/<lxcpath, escaped>/<name>/ (0700) holds
 *   lock     held by the keeper for life (base/lock.h): "running" means that it is held
 *   state    text, replaced by rename: state, pids, host interfaces
 *   config   the running config, canonical, with origins
 *   control  the keeper's socket
 *   handover what its stages hand to each other, and a killed one to the keeper after it (keeper/handover.h)
 * The folder goes when the container has stopped. A folder whose lock is free is a dead keeper's.
 */
#include "engine/run.h"

enum state { STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN, THAWED, STATE_COUNT };

/* What can be waited for as if it were one. */
enum { READY = STATE_COUNT };

/* "STOPPED" ...; the number is LXC's own. */
const char *state_name(enum state s);
/* -1: no such name */
int state_of_name(const char *name);

enum { STATE_DOWN_MS = 10 * 1000 }; /* whoever is not to meet a keeper that is down waits so long for its end */

struct status {
	enum state state; /* as stored; RUNNING is refined to FROZEN by asking the cgroup */
	pid_t keeper_pid, init_pid;
	char cgroup[512];				    /* struct cgroup_tree's path */
	char freezer[CGROUP_FREEZERS][CGROUP_FREEZER_MOST]; /* files that tell whether it is frozen */
	struct nics nics;				    /* owned */
	struct identity identity;
	bool outlives;	   /* init is not killed with its keeper (lxc.monitor.signal.pdeath) */
	enum state stored; /* as it was written, also by a keeper that is dead */
	bool awaited;	   /* lxc.start.ready: it is ready some time after it runs */
	bool ready;	   /* it runs, and is */
	bool pausing;	   /* STARTING: before lxc.start.restart begins it again */
	bool down;	   /* STOPPING: nothing is left of it but hooks that its keeper runs; LXC says STOPPED */
	bool dead;	   /* a state file without a keeper: left by one that was killed */
};

/* dirfd of the runtime folder; made if `create`. -ENOENT. */
int state_open_dir(const char *lxcpath, const char *name, bool create, struct err *e) _must_check;
/* STOPPED where there is no folder or the lock is free. */
int state_read(const char *lxcpath, const char *name, struct status *s, struct err *e) _must_check;
int state_write(int runtime_fd, const struct status *s, struct err *e) _must_check;
void status_free(struct status *s);
