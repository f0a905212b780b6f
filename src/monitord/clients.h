/* SPDX-License-Identifier: MIT */
#pragma once
/* Who is connected to lxc-monitord. */
#include "client/monitord.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum { CLIENTS_MOST = 512 };

struct clients {
	int fd[CLIENTS_MOST];
	size_t n;
};

/* Takes those who wait and are of our user, or root. */
void clients_accept(struct clients *c, int socket);
/* To all. Who does not read, and has hundreds of records to read by now, is left: he would miss some without knowing.
 */
void clients_tell(struct clients *c, const struct monitord_msg *m);
/* Fills c->n entries ... */
void clients_poll(const struct clients *c, struct pollfd *p);
/* ... and looks at them. false: one says that this is the end. */
bool clients_hear(struct clients *c, const struct pollfd *p);
void clients_free(struct clients *c);
