/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * /run/lxc/nics: which devices were made for whom, a line "OWNER TYPE BRIDGE NIC" for each, as LXC has it. OWNER is the
 * beginning of the line of lxc-usernet that it counts for. The file is replaced, under a lock of its own beside it.
 */
#include "base/str.h"
#include "sys/netlink.h"

struct nics_db {
	int dir, lock;
	struct strv lines;
};

#define NICS_CLOSED                                                                                                    \
	{                                                                                                              \
		.dir = -1, .lock = -1                                                                                  \
	}

struct nics_entry {
	const char *owner, *type, *bridge, *nic;
};

/* Waits for its lock, at most ten seconds, and reads what is there. Only root may call. 0 or -errno. */
int nics_open(struct nics_db *db) _must_check;
void nics_close(struct nics_db *db);
#define _own_nics __attribute__((cleanup(nics_close)))

/* Forgets devices that are not there any more, or that the kernel is about to take away. */
void nics_drop_gone(struct nics_db *db, struct nl *nl);
/* How many of that owner's, type and bridge there are. */
unsigned nics_count(const struct nics_db *db, const char *owner, const char *type, const char *bridge);
bool nics_has(const struct nics_db *db, const struct nics_entry *e);
int nics_add(struct nics_db *db, const struct nics_entry *e) _must_check;
void nics_remove(struct nics_db *db, const struct nics_entry *e);
int nics_save(const struct nics_db *db) _must_check;
