/* SPDX-License-Identifier: MIT */
/* Keys that change while the container runs: what is done at once, and what its keeper finds when it next looks. */
#include "client/container.h"

#include "base/io.h"
#include "base/lock.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { LOCK_MS = 5000 };

static int may_change(const char *key, struct err *e)
{
	enum feature_id feature;
	unsigned index;
	const char *rest;
	const struct key *k = key_find(key, &feature, &index, &rest);

	if (!k || k->live)
		return 0; /* spec_set() knows what to say of a wrong name */
	(void)err_say(e, EPERM, "%s cannot change while the container runs", key);
	err_hint(e, "set it in the config and restart");
	return -EPERM;
}

/* The cgroup's file that a key names, NULL: another key. */
static const char *cgroup_file(const char *key, bool *v2)
{
	*v2 = str_starts(key, "lxc.cgroup2.");
	if (*v2)
		return key + strlen("lxc.cgroup2.");
	return str_starts(key, "lxc.cgroup.") ? key + strlen("lxc.cgroup.") : NULL;
}

static int write_limit(const struct container *c, const char *file, bool v2, const char *value, struct err *e)
{
	struct cgroup_host host;
	struct cgroup_tree tree;
	int x;

	if (!*value) {
		x = err_say(e, EINVAL, "%s cannot be taken back while the container runs", file);
		err_hint(e, "set the kernel's word for no limit, such as max");
		return x;
	}
	x = container_cgroup(c, &host, &tree, e);
	if (x < 0)
		return x;
	x = str_starts(file, "devices.") ? 0 : cgroup_means(&host, file, value, v2, e);
	if (x == 0)
		x = cgroup_tree_set(&tree, file, value, e);
	cgroup_tree_close(&tree);
	return x;
}

/* Two that set at once: one after the other. */
static int lock(int dir, struct err *e)
{
	int fd = lock_folder(dir, ".", LOCK_MS);

	return fd < 0 ? err_num(e, -fd, "lock", "the running config") : fd;
}

static int write_config(int dir, const struct spec *s, struct err *e)
{
	_own_buf struct buf b = { 0 };
	int x = spec_print(s, &b);

	if (x < 0)
		return err_num(e, -x, "print", "the running config");
	return io_replace_file_fast(dir, "config", b.s ? b.s : "", b.len, 0600, e);
}

/* Though another life may have begun since. */
static bool has_stopped(const struct container *c, pid_t init)
{
	struct err ignored = { 0 };
	struct status st;

	if (container_look(c, &st, &ignored) < 0)
		return false;
	status_free(&st);
	return st.state == STOPPED || st.init_pid != init;
}

static int set_running(const struct container *c, const char *key, const char *value, struct err *e)
{
	_own_spec struct spec *s = NULL;
	_own_fd int dir = -1, held = -1;
	bool v2;
	const char *file = cgroup_file(key, &v2);
	int x = may_change(key, e);

	if (x == 0)
		x = dir = state_open_dir(c->lxcpath, c->name, false, e);
	if (x >= 0)
		x = held = lock(dir, e);
	if (x >= 0)
		x = container_running(c, &s, e);
	if (x == 0 && file && !str_starts(file, "devices.")) /* the new value is the one; rules add up */
		x = spec_clear(s, key, e);
	if (x == 0)
		x = spec_set(s, key, value, (struct origin){ 0 }, e);
	if (x == 0 && file)
		x = write_limit(c, file, v2, value, e);
	return x == 0 ? write_config(dir, s, e) : x;
}

/* Whatever a change finds missing of one that has ended: that is what there is to tell. */
int container_set_running(const struct container *c, const char *key, const char *value, struct err *e)
{
	struct status st;
	int x = container_look(c, &st, e);

	if (x < 0)
		return x;
	status_free(&st);
	if (st.state == STOPPED)
		return err_say(e, ESRCH, "it is not running");
	x = set_running(c, key, value, e);
	if (x < 0 && has_stopped(c, st.init_pid)) {
		err_clear(e);
		return err_say(e, ESRCH, "it has stopped meanwhile");
	}
	return x;
}
