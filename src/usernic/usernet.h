/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * /etc/lxc/lxc-usernet: which users may have how many devices of which type at which bridge. A line is
 *
 *	USER|@GROUP TYPE BRIDGE COUNT
 *
 * parted by blanks; any other line is none. A line that is not there gives nothing.
 */
#include "base/accounts.h"
#include "base/str.h"

#ifndef KEG_SYSCONFDIR
#define KEG_SYSCONFDIR "/etc"
#endif
#define USERNET_FILE KEG_SYSCONFDIR "/lxc/lxc-usernet"

/* In whose name lines count for a user. */
struct usernet_who {
	char name[ACCOUNT_NAME];
	struct strv groups; /* "@GROUP", of those groups that the kernel says he has */
};

/* gids are what getgroups(2) and getgid(2) said. */
int usernet_who(uid_t uid, const gid_t *gids, size_t n, struct usernet_who *out) _must_check;
void usernet_who_free(struct usernet_who *w);
#define _own_who __attribute__((cleanup(usernet_who_free)))

/* What one owner's lines, taken together, allow. */
struct quota {
	char *owner; /* as the line begins */
	unsigned most;
};

/* In the order of the owners' first lines. */
struct quotas {
	struct quota *v;
	size_t n;
};

/* Of the user's own lines, and his groups', about that type and bridge, both compared as they are. 0 or -ENOMEM. */
int usernet_quotas(const char *text, const struct usernet_who *who, const char *type, const char *bridge,
		   struct quotas *out) _must_check;
void usernet_quotas_free(struct quotas *q);
#define _own_quotas __attribute__((cleanup(usernet_quotas_free)))

/* What the caller's own lines allow, taken together. 0 or -errno, of reading the file. */
int usernet_mine(const char *type, const char *bridge, unsigned *most) _must_check;

/* The file's text; "" where there is none. -EPERM: others than root may write to it, so that it says nothing. */
int usernet_read(char **text) _must_check;
