/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A terminal of a container that was adopted. The pty of before was hung up with the keeper that had its master, for
 * all who have it open; a new one is put in its place, for whoever opens it from then on: a getty that is respawned.
 */
#include "engine/step.h"

/*
 * The places are /dev/DIR/NAME and, where it is not NULL, /dev/SECOND/NAME: "." and the folder of lxc.tty.dir.
 */
/* A pty of the container's own devpts. The master, or -errno with its error. */
int pts_again(const struct run *r, const char *name, const char *dir, const char *second, struct err *e) _must_check;
/* The same with one of the host's, whose master is there. */
int pts_put_again(const struct run *r, int master, const char *name, const char *dir, const char *second,
		  struct err *e) _must_check;
