/* SPDX-License-Identifier: MIT */
#pragma once
/* What a keeper tells whoever started it, over the socket that it was given. */
#include "base/err.h"

#include <stdint.h>

enum {
	VERDICT_RUNNING = 1, /* init runs */
	VERDICT_FAILED,	     /* it does not, all is undone; err says why */
	VERDICT_ENDED,	     /* it has stopped and all is undone; status is init's, as waitpid(2) */
};

struct verdict {
	int32_t keeper_pid, init_pid, status;
	struct err err;
};

/* The fds that a keeper is started with. */
enum {
	KEEPER_FD_CONFIG = 3,		     /* memfd: canonical config, with origins */
	KEEPER_FD_VERDICT,		     /* SEQPACKET */
	KEEPER_FD_PAGE,			     /* memfd: struct seq_page */
	KEEPER_FD_PEER,			     /* stream: the console of a foreground start; closed: none */
	KEEPER_FD_STDIO,		     /* three: the caller's own 0, 1, 2, of a foreground start */
	KEEPER_FD_LOG = KEEPER_FD_STDIO + 3, /* of -o or -l; closed: the config tells */
	KEEPER_FDS = 8,
};
