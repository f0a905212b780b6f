/* SPDX-License-Identifier: MIT */
/* Which fds go along where a stage of the keeper becomes the next. */
#include "keeper/live.h"

#include "base/own.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void inherit(int fd, bool stay)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, stay ? 0 : FD_CLOEXEC);
}

/* Where no memory of its own can be had the keeper runs all the same; it cannot be exchanged then. */
static struct live spare;

static struct live *map(int fd)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st) < 0 || (st.st_size < (off_t)sizeof(spare) && ftruncate(fd, sizeof(spare)) < 0))
		return NULL;
	at = mmap(NULL, sizeof(spare), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

struct live *live_map(int *fd)
{
	struct live *l = *fd >= 0 ? map(*fd) : NULL;

	if (l && l->magic == LIVE_MAGIC && l->size >= LIVE_LEAST)
		return l;
	close_fd(fd);
	*fd = memfd_create("keg-live", 0);
	l = *fd >= 0 ? map(*fd) : NULL;
	if (l)
		l->magic = LIVE_MAGIC;
	else
		close_fd(fd);
	l = l ? l : &spare;
	l->peer_fd = -1;
	for (int i = 0; i < LIVE_CLIENTS; i++)
		l->client[i].fd = -1;
	return l;
}

void live_inherit(const struct live *l, bool stay)
{
	inherit(l->peer_fd, stay);
	if (l->kept_fd > 0)
		inherit(l->kept_fd, stay);
	for (int i = 0; i < LIVE_CLIENTS; i++)
		inherit(l->client[i].fd, stay);
	if (!l->notify.begun)
		return;
	inherit(l->notify.proxy, stay);
	for (int i = 0; i < NOTIFY_LISTENERS; i++)
		inherit(l->notify.listener[i], stay);
}

void handover_inherit(const struct handover *h, int fd, bool stay)
{
	const int fds[] = { fd,		  h->init_pidfd, h->lock_fd, h->runtime_fd,  h->control_fd,
			    h->config_fd, h->verdict_fd, h->log_fd,  h->console_fd,  h->console_log_fd,
			    h->peer_fd,	  h->ring_fd,	 h->live_fd, h->listener_fd, h->proxy_fd,
			    h->ready_fd,  h->writer_fd,	 h->begun_fd };
	struct live l = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		inherit(fds[i], stay);
	for (int i = 0; i < h->n_ttys; i++)
		inherit(h->tty[i], stay);
	for (size_t i = 0; i < ARRAY_SIZE(h->ns_fd); i++)
		inherit(h->ns_fd[i], stay);
	if (h->live_fd >= 0 && pread(h->live_fd, &l, sizeof(l), 0) >= LIVE_LEAST && l.magic == LIVE_MAGIC)
		live_inherit(&l, stay);
}
