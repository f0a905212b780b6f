/* SPDX-License-Identifier: MIT */
#pragma once
/* Who has called, and with which rights we run: as him first, then as root who can do no more than networks. */
#include <stdbool.h>
#include <sys/types.h>

enum { GROUPS_MOST = 65536 }; /* as many as the kernel lets anybody have */

struct caller {
	uid_t uid;
	gid_t *gids; /* his own and his supplementary ones */
	size_t n;
};

/* Steps back into the caller's rights, with an environment, fds and signals that he has no say in. -EPERM: this program
 * is not setuid root. */
int rights_step_back(struct caller *c);
/* Root's, for good: the caller can neither signal nor limit us from here on. 0 or -errno. */
int rights_take(void);
