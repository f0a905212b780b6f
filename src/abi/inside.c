/* SPDX-License-Identifier: MIT */
/* The table's functions that reach into a running container. */
#include "abi/handle.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* --- attach --- */

/* What is asked for and not there is refused, never left out. */
static int check_options(const lxc_attach_options_t *o, struct err *e)
{
	const char *what = o->lsm_label || o->attach_flags & LXC_ATTACH_LSM_LABEL ? "an LSM label of its own"
			   : o->attach_flags & LXC_ATTACH_REMOUNT_PROC_SYS	  ? "a remount of /proc and /sys"
			   : o->attach_flags & LXC_ATTACH_NO_NEW_PRIVS		  ? "no_new_privs"
			   : o->groups.size					  ? "supplementary groups"
			   : o->initial_cwd					  ? "a working directory"
										  : NULL;

	return what ? err_say(e, ENOTSUP, "attach with %s is not there yet", what) : 0;
}

static struct attach_request request_of(const lxc_attach_options_t *o)
{
	return (struct attach_request){
		.namespaces = o->namespaces == -1 ? 0 : (uint64_t)(unsigned)o->namespaces,
		.keep_cgroup = !(o->attach_flags & LXC_ATTACH_MOVE_TO_CGROUP),
		.keep_caps = !(o->attach_flags & LXC_ATTACH_DROP_CAPABILITIES),
		.keep_lsm = !(o->attach_flags & LXC_ATTACH_LSM),
		.clear_env = o->env_policy == LXC_ATTACH_CLEAR_ENV,
		.set_env = o->extra_env_vars,
		.keep_env = o->extra_keep_env,
		.uid = o->uid == (uid_t)-1 ? -1 : (int64_t)o->uid,
		.gid = o->gid == (gid_t)-1 ? -1 : (int64_t)o->gid,
		.personality = o->personality,
		.fd = { o->stdin_fd, o->stdout_fd, o->stderr_fd },
	};
}

static int attach_run_wait(struct lxc_container *pub, lxc_attach_options_t *options, const char *program,
			   const char *const argv[])
{
	const lxc_attach_options_t defaults = LXC_ATTACH_OPTIONS_DEFAULT, *o = options ? options : &defaults;
	_own_strv struct strv words = { 0 };
	struct attach_request r = request_of(o);
	struct err e = { 0 };
	int status = 0, x;

	if (!pub || !program)
		return -1;
	x = check_options(o, &e);
	if (x == 0)
		x = strv_add(&words, program);
	for (size_t i = 1; x == 0 && argv && argv[0] && argv[i]; i++)
		x = strv_add(&words, argv[i]);
	r.argv = words.v;
	if (x == 0)
		x = container_attach(container_of(pub), &r, &status, &e);
	return abi_done(pub, x, &e) ? status : -1;
}

static int attach_run_waitl(struct lxc_container *pub, lxc_attach_options_t *options, const char *program,
			    const char *arg, ...)
{
	_own_strv struct strv argv = { 0 };
	va_list ap;
	int r = 0;

	va_start(ap, arg);
	for (const char *word = arg; r == 0 && word; word = va_arg(ap, const char *))
		r = strv_add(&argv, word);
	va_end(ap);
	return r < 0 ? -1 : attach_run_wait(pub, options, program, (const char *const *)argv.v);
}

/* --- console --- */

static int console_getfd(struct lxc_container *pub, int *tty, int *master)
{
	struct err e = { 0 };
	int hold = -1, fd;

	if (!pub || !tty || !master)
		return -1;
	fd = container_tty(container_of(pub), tty, &hold, &e);
	if (!abi_done(pub, fd, &e))
		return -1;
	*master = fd;
	return hold;
}

static int console(struct lxc_container *pub, int tty, int in, int out, int err, int escape)
{
	_own_fd int master = -1, hold = -1;
	struct err e = { 0 };
	int r;

	(void)err;
	if (!pub)
		return -1;
	master = container_tty(container_of(pub), &tty, &hold, &e);
	if (!abi_done(pub, master, &e))
		return -1;
	r = container_console(tty, master, hold, in, out, escape, &e);
	return abi_done(pub, r, &e) ? 0 : -1;
}

/* --- cgroups, devices, addresses --- */

static int get_cgroup_item(struct lxc_container *pub, const char *file, char *buf, int size)
{
	_own_buf struct buf value = { 0 };
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err e = { 0 };
	int r, n;

	if (!pub || !file)
		return -1;
	r = container_cgroup(container_of(pub), &host, &tree, &e);
	if (r == 0) {
		r = cgroup_tree_get(&tree, file, &value, &e);
		cgroup_tree_close(&tree);
	}
	if (!abi_done(pub, r, &e))
		return -1;
	if (!buf || size <= 0)
		return (int)value.len;
	n = value.len < (size_t)size ? (int)value.len : size; /* LXC's way: as much as fits, perhaps without NUL */
	memcpy(buf, value.s ? value.s : "", (size_t)n + ((size_t)n < (size_t)size));
	return n;
}

static bool set_cgroup_item(struct lxc_container *pub, const char *file, const char *value)
{
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err e = { 0 };
	int r;

	if (!pub || !file || !value)
		return false;
	r = container_cgroup(container_of(pub), &host, &tree, &e);
	if (r == 0) {
		r = cgroup_tree_set(&tree, file, value, &e);
		cgroup_tree_close(&tree);
	}
	return abi_done(pub, r, &e);
}

static bool add_device_node(struct lxc_container *pub, const char *path, const char *to)
{
	struct err e = { 0 };

	return pub && path && abi_done(pub, container_device_node(container_of(pub), true, path, to, &e), &e);
}

static bool remove_device_node(struct lxc_container *pub, const char *path, const char *to)
{
	struct err e = { 0 };

	return pub && path && abi_done(pub, container_device_node(container_of(pub), false, path, to, &e), &e);
}

static char **get_ips(struct lxc_container *pub, const char *interface, const char *family, int scope)
{
	_own_strv struct strv found = { 0 };
	struct err e = { 0 };
	int r = 0;

	if (!pub)
		return NULL;
	if (interface || scope)
		r = err_say(&e, ENOTSUP, "the addresses of one interface, or of another scope, are not there yet");
	if (r == 0 && (!family || strcmp(family, "inet") == 0))
		r = container_addresses(container_of(pub), false, &found, &e);
	if (r == 0 && (!family || strcmp(family, "inet6") == 0))
		r = container_addresses(container_of(pub), true, &found, &e);
	return abi_done(pub, r, &e) ? abi_strings(&found) : NULL;
}

void abi_inside_table(struct lxc_container *pub)
{
	pub->attach_run_wait = attach_run_wait;
	pub->attach_run_waitl = attach_run_waitl;
	pub->console_getfd = console_getfd;
	pub->console = console;
	pub->get_cgroup_item = get_cgroup_item;
	pub->set_cgroup_item = set_cgroup_item;
	pub->add_device_node = add_device_node;
	pub->remove_device_node = remove_device_node;
	pub->get_ips = get_ips;
}
