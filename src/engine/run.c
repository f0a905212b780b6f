/* SPDX-License-Identifier: MIT */
/* The slots of a run. */
#include "engine/run.h"

#include <errno.h>
#include <stdlib.h>

int run_give(struct run *r, enum slot s, int fd, struct err *e)
{
	int *grown = realloc(r->slot[s].v, (r->slot[s].n + 1) * sizeof(*grown));

	if (!grown)
		return err_num(e, ENOMEM, "hold", "an fd");
	grown[r->slot[s].n++] = fd;
	r->slot[s].v = grown;
	return 0;
}
