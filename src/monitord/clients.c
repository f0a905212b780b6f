/* SPDX-License-Identifier: MIT */
/* Clients of lxc-monitord; see clients.h. */
#include "monitord/clients.h"

#include "base/own.h"

#include <string.h>

static bool is_welcome(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

void clients_accept(struct clients *c, int socket)
{
	int fd;

	/* waits: not at all, the socket does not block */
	while ((fd = accept4(socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (c->n < CLIENTS_MOST && is_welcome(fd))
			c->fd[c->n++] = fd;
		else
			(void)close(fd);
	}
}

static void leave(struct clients *c, size_t at)
{
	(void)close(c->fd[at]);
	c->fd[at] = c->fd[--c->n];
}

void clients_tell(struct clients *c, const struct monitord_msg *m)
{
	for (size_t i = c->n; i-- > 0;)
		if (send(c->fd[i], m, sizeof(*m), MSG_NOSIGNAL) != (ssize_t)sizeof(*m))
			leave(c, i);
}

void clients_poll(const struct clients *c, struct pollfd *p)
{
	for (size_t i = 0; i < c->n; i++)
		p[i] = (struct pollfd){ .fd = c->fd[i], .events = POLLIN };
}

/* What else they say means nothing. */
static bool hear_one(struct clients *c, size_t at, bool *left)
{
	char word[64];
	/* waits: not at all, it does not block */
	ssize_t n = recv(c->fd[at], word, sizeof(word), 0);
	size_t quit = sizeof(monitord_quit_word) - 1;

	*left = n <= 0;
	return n == (ssize_t)quit && memcmp(word, monitord_quit_word, quit) == 0;
}

bool clients_hear(struct clients *c, const struct pollfd *p)
{
	bool quit = false, left;

	for (size_t i = c->n; i-- > 0;) {
		if (!p[i].revents)
			continue;
		quit |= hear_one(c, i, &left);
		if (left)
			leave(c, i);
	}
	return !quit;
}

void clients_free(struct clients *c)
{
	while (c->n)
		leave(c, c->n - 1);
}
