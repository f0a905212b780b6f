/* SPDX-License-Identifier: MIT */
#pragma once
/* One veth: its name, its making, what it became. */
#include "base/err.h"
#include "sys/link.h"

/* For "no bridge" on a command line and in the files. */
#define NO_BRIDGE "none"

struct pair {
	uid_t uid;	       /* of whom it is for */
	const char *bridge;    /* a bridge of the host's, or of Open vSwitch; NO_BRIDGE */
	const char *wanted;    /* the name of its other end; NULL: the kernel's next eth%d */
	char host[IFNAMSIZ];   /* chosen by pair_name() */
	int host_index, index; /* made by pair_make(): of both ends */
	char inner[IFNAMSIZ];
};

/* vethUID_XXXX with four random letters, by which it is known whose it is; a long UID leaves no room: vethXXXXXX. */
int pair_name(struct nl *nl, struct pair *p, struct err *e) _must_check;
/* Whether the name is one that pair_name() gives to devices of that user. */
bool pair_is_of(const char *host, uid_t uid);
/* All or nothing. */
int pair_make(struct nl *nl, struct pair *p, int netns, struct err *e) _must_check;
