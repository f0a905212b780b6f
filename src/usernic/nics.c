/* SPDX-License-Identifier: MIT */
/* The file of devices that were made for users; see nics.h. */
#include "usernic/nics.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "sys/link.h"
#include "sys/ovs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

static const char folder[] = "/run/lxc", file[] = "nics", lock[] = "nics.lock";

enum { FILE_MOST = 4 << 20, LOCK_MS = 10000, LOCK_STEP_MS = 5, FIELDS = 4 };

static int open_folder(void)
{
	_own_fd int fd = -1;
	struct stat st;

	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* nobody else can put a file of his choice into it */
	return st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)) ? take_fd(&fd) : -EPERM;
}

/* The lock is on a file that stays: the other one is replaced while it is held. */
static int take_lock(int dir)
{
	static const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };
	int fd = lock_take(dir, lock);

	for (int ms = 0; fd == -EAGAIN && ms < LOCK_MS; ms += LOCK_STEP_MS) {
		(void)nanosleep(&step, NULL); /* waits: 5 ms at a time, 10 s in all */
		fd = lock_take(dir, lock);
	}
	return fd;
}

static int read_lines(struct nics_db *db)
{
	_own_fd int fd = openat(db->dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_own_free char *text = NULL;
	int r = fd < 0 ? -errno : io_read_fd(fd, FILE_MOST, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return strv_split(&db->lines, text, "\n");
}

int nics_open(struct nics_db *db)
{
	int r;

	*db = (struct nics_db)NICS_CLOSED;
	db->dir = r = open_folder();
	if (r >= 0)
		db->lock = r = take_lock(db->dir);
	if (r >= 0)
		r = read_lines(db);
	if (r < 0)
		nics_close(db);
	return r < 0 ? r : 0;
}

void nics_close(struct nics_db *db)
{
	strv_free(&db->lines);
	close_fd(&db->lock);
	close_fd(&db->dir);
}

/* Whole fields are compared: "al" is not "alice", nor br1 br10. */
static bool is_entry(const char *line, const struct nics_entry *e)
{
	_own_strv struct strv field = { 0 };
	const char *wanted[FIELDS] = { e->owner, e->type, e->bridge, e->nic };

	if (strv_split(&field, line, " \t") < 0 || field.n != FIELDS)
		return false;
	for (int i = 0; i < FIELDS; i++)
		if (wanted[i] && strcmp(wanted[i], field.v[i]) != 0)
			return false;
	return true;
}

static void drop(struct nics_db *db, size_t at)
{
	free(db->lines.v[at]);
	memmove(&db->lines.v[at], &db->lines.v[at + 1], (db->lines.n - at) * sizeof(char *)); /* the NULL, too */
	db->lines.n--;
}

/* Or nobody can say. */
static bool is_there(struct nl *nl, const char *nic)
{
	struct link l;
	int r = link_get(nl, nic, &l);

	if (r < 0)
		return r != -ENODEV;
	return strcmp(l.kind, "veth") == 0 && !link_is_ending(nl, nic);
}

/* Open vSwitch goes on with a port whose device is gone. */
static void drop_port(struct nl *nl, const char *bridge, const char *nic)
{
	struct err ignored = { 0 };
	struct link l;

	if (link_get(nl, bridge, &l) == 0 && strcmp(l.kind, "bridge") != 0)
		(void)!ovs_del_port(bridge, nic, &ignored);
}

void nics_drop_gone(struct nics_db *db, struct nl *nl)
{
	for (size_t i = db->lines.n; i-- > 0;) {
		_own_strv struct strv field = { 0 };

		if (strv_split(&field, db->lines.v[i], " \t") < 0 || (field.n == FIELDS && is_there(nl, field.v[3])))
			continue;
		if (field.n == FIELDS)
			drop_port(nl, field.v[2], field.v[3]);
		drop(db, i);
	}
}

unsigned nics_count(const struct nics_db *db, const char *owner, const char *type, const char *bridge)
{
	struct nics_entry e = { owner, type, bridge, NULL };
	unsigned n = 0;

	for (size_t i = 0; i < db->lines.n; i++)
		n += is_entry(db->lines.v[i], &e);
	return n;
}

bool nics_has(const struct nics_db *db, const struct nics_entry *e)
{
	for (size_t i = 0; i < db->lines.n; i++)
		if (is_entry(db->lines.v[i], e))
			return true;
	return false;
}

int nics_add(struct nics_db *db, const struct nics_entry *e)
{
	return strv_addf(&db->lines, "%s %s %s %s", e->owner, e->type, e->bridge, e->nic);
}

void nics_remove(struct nics_db *db, const struct nics_entry *e)
{
	for (size_t i = db->lines.n; i-- > 0;)
		if (is_entry(db->lines.v[i], e))
			drop(db, i);
}

int nics_save(const struct nics_db *db)
{
	static const struct replace how = { .mode = 0600 };
	_own_buf struct buf b = { 0 };

	for (size_t i = 0; i < db->lines.n; i++)
		buf_addf(&b, "%s\n", db->lines.v[i]);
	return b.failed ? -ENOMEM : io_replace(db->dir, file, b.s ? b.s : "", b.len, &how);
}
