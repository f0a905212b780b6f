/* SPDX-License-Identifier: MIT */
/* A container by name: is it there, what does its config say, what is it doing. */
#include "client/container.h"

#include "base/own.h"
#include "cgroup/cgroup.h"
#include "client/disk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static int check_name(const char *name, struct err *e)
{
	if (!*name || strlen(name) > NAME_MAX || disk_is_reserved(name))
		return err_say(e, EINVAL, "\"%s\" cannot be a container's name", name);
	for (const char *p = name; *p; p++) {
		if (*p != '/' && !iscntrl((unsigned char)*p))
			continue;
		(void)err_say(e, EINVAL, "\"%s\" cannot be a container's name", name);
		err_hint(e, "a name holds neither \"/\" nor control characters");
		return -EINVAL;
	}
	return 0;
}

/* Of an absolute path: empty words and "." go, and slashes at its end. Links and ".." are left: they are the user's. */
static void tidy(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		size_t n;

		from += strspn(from, "/");
		n = strcspn(from, "/");
		if (n && !(n == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	if (to == path)
		*to++ = '/';
	*to = 0;
}

int container_lxcpath(const char *lxcpath, char **out, struct err *e)
{
	_own_free char *given = lxcpath ? strdup(lxcpath) : global_config("lxc.lxcpath"), *cwd = NULL, *whole = NULL;

	if (!given)
		return err_num(e, ENOMEM, "find", "the containers' folder");
	if (!*given)
		return err_say(e, EINVAL, "the containers' folder (lxcpath) is an empty word");
	if (*given != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return err_sys(e, "find", "the current folder");
		whole = str_fmt("%s/%s", cwd, given);
	}
	*out = *given == '/' ? take_ptr(&given) : take_ptr(&whole);
	if (!*out)
		return err_num(e, ENOMEM, "find", "%s", lxcpath);
	tidy(*out);
	return 0;
}

static void init_lock(pthread_mutex_t *m)
{
	pthread_mutexattr_t a;

	(void)pthread_mutexattr_init(&a);
	(void)pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(m, &a);
	(void)pthread_mutexattr_destroy(&a);
}

int container_open(struct container **out, const char *name, const char *lxcpath, struct err *e)
{
	_own_container struct container *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_num(e, ENOMEM, "open container", "%s", name);
	init_lock(&c->lock);
	r = check_name(name, e);
	if (r < 0)
		return r;
	r = container_lxcpath(lxcpath, &c->lxcpath, e);
	if (r < 0)
		return r;
	c->name = strdup(name);
	c->dir = str_fmt("%s/%s", strcmp(c->lxcpath, "/") == 0 ? "" : c->lxcpath, name);
	c->config_file = c->dir ? str_fmt("%s/config", c->dir) : NULL;
	if (!c->name || !c->config_file)
		return err_num(e, ENOMEM, "open container", "%s", name);
	*out = take_ptr(&c);
	return 0;
}

void container_free(struct container *c)
{
	if (!c)
		return;
	container_forget(c);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->config_file);
	free(c->dir);
	free(c->lxcpath);
	free(c->name);
	free(c);
}

bool container_defined(const struct container *c)
{
	_own_free char *config = str_fmt("%s/config", c->dir);

	return config && access(config, F_OK) == 0;
}

static int no_memory(struct problems *p)
{
	struct err *e = problems_next(p);

	return e ? err_num(e, ENOMEM, "read", "the config") : -ENOMEM;
}

/* Even with problems, what could be read is kept: info, ls and destroy can do without a perfect file. */
int container_load(struct container *c, const char *file, struct problems *p)
{
	_own_spec struct spec *s = NULL;
	struct err e = { 0 };
	int r;

	if (spec_new(&s, &e) < 0)
		return no_memory(p);
	if (!file)
		(void)!rename_finish(c);
	if (file) {
		char *copy = strdup(file);

		if (!copy)
			return no_memory(p);
		free(c->config_file);
		c->config_file = copy;
	}
	r = access(c->config_file, F_OK) < 0 && errno == ENOENT ? -ENOENT : spec_read_file(s, c->config_file, p, NULL);
	container_forget(c);
	container_take(c, take_ptr(&s));
	return r;
}

void container_be_loaded(struct container *c)
{
	_own_problems struct problems ignored = { 0 };

	if (!c->spec && container_load(c, NULL, &ignored) == -ENOENT)
		container_forget(c);
}

/* By the files that its keeper named; -1: they are not here. */
static int frozen_as_noted(const struct status *s)
{
	int known = -1;

	for (int i = 0; i < CGROUP_FREEZERS; i++) {
		int x = s->freezer[i][0] ? cgroup_freezer_frozen(s->freezer[i]) : known;

		if (x == 1 || x < 0)
			return x;
		known = x;
	}
	return known;
}

static bool frozen(const struct status *s)
{
	static const char *const freezer[] = { "freezer", NULL };
	int noted = frozen_as_noted(s);
	struct cgroup_host host;
	struct cgroup_tree tree;
	struct err e = { 0 };
	bool is;

	if (noted >= 0)
		return noted;
	if (!s->cgroup[0] || cgroup_look_of(&host, s->init_pid, s->cgroup, &e) < 0 ||
	    cgroup_tree_init(&tree, &host, s->cgroup, &e) < 0)
		return false;
	cgroup_tree_open_for(&tree, freezer);
	is = cgroup_tree_frozen(&tree) == 1;
	cgroup_tree_close(&tree);
	return is;
}

int container_status(const struct container *c, struct status *s, struct err *e)
{
	int r = container_look(c, s, e);

	if (r < 0)
		return r;
	if (s->state == RUNNING && frozen(s))
		s->state = FROZEN;
	return 0;
}
