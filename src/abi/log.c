/* SPDX-License-Identifier: MIT */
/* The log of a program that uses the library: a file with LXC's lines, and errors on its stderr unless it is quiet. */
#include "base/log.h"
#include "abi/handle.h"
#include "abi/log.h"

#include "engine/places.h"

#include <errno.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loud;
static char prefix[32];

/* Where LXC's own log of that container would be. */
static char *default_file(const struct lxc_log *l)
{
	_own_free char *configured = global_config("lxc.lxcpath"), *folder = NULL;
	const char *lxcpath = l->lxcpath ? l->lxcpath : configured;

	if (!l->name || !lxcpath || strchr(l->name, '/'))
		return NULL;
	if (geteuid() == 0 && strcmp(lxcpath, KEG_LXCPATH) == 0)
		return str_fmt(KEG_LOGDIR "/%s.log", l->name);
	folder = str_fmt("%s/%s", lxcpath, l->name);
	return folder && access(folder, F_OK) == 0 ? str_fmt("%s/%s.log", folder, l->name)
						   : str_fmt(KEG_LOGDIR "/%s.log", l->name);
}

static int begin(const struct lxc_log *l)
{
	_own_free char *dflt = l->file || !l->level ? NULL : default_file(l);
	const char *file = l->file ? l->file : dflt;
	int level = l->level ? log_level_of(l->level) : LOG_ERROR, fd = -1, x;
	struct err e = { 0 };

	if (level < 0)
		return -EINVAL;
	x = file ? log_open_file(file, &fd, &e) : 0;
	if (x < 0)
		return x;
	loud = !l->quiet;
	(void)snprintf(prefix, sizeof(prefix), "%s", l->prefix ? l->prefix : "lxc");
	log_begin(prefix, l->name, level, fd);
	return 0;
}

int lxc_log_init(struct lxc_log *log)
{
	pthread_mutex_t *mutex = &lock;
	_own_lock held = (pthread_mutex_lock(mutex), mutex);
	int x;

	if (!log)
		return -EINVAL;
	if (log_fd() >= 0)
		return 0;
	x = begin(log);
	if (x < 0)
		errno = -x;
	return x;
}

void lxc_log_close(void)
{
	pthread_mutex_t *mutex = &lock;
	_own_lock held = (pthread_mutex_lock(mutex), mutex);

	log_end();
	loud = false;
}

void abi_log(const char *name, const struct err *e)
{
	pthread_mutex_t *mutex = &lock;
	_own_lock held = (pthread_mutex_lock(mutex), mutex);

	log_err("lxccontainer", e);
	if (loud)
		err_print(e, prefix, name);
}
