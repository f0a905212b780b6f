/* SPDX-License-Identifier: MIT */
#pragma once
/* What `keg check` has found of one thing. */
#include "cli/cli.h"

#define DEFAULT_BRIDGE "lxcbr0"

struct finding {
	const char *why, *command; /* why NULL: all is well */
	bool root;		   /* the command is root's */
	char text[512];		   /* room for one of them */
};

/* --- check_user.c: of who is not root --- */
void check_maps(int unused, struct finding *f);
void check_user_nic(int unused, struct finding *f);
void check_default_config(int unused, struct finding *f);
