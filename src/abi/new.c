/* SPDX-License-Identifier: MIT */
/* Makes, counts and frees the objects of liblxc.so.1. */
#include "abi/handle.h"
#include "abi/log.h"
#include "engine/paths.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

void abi_fail(struct lxc_container *pub, int code, const struct err *e)
{
	char text[1200];

	err_text(e, text, sizeof(text));
	{
		_own_lock held = handle_lock(pub);

		free(pub->error_string);
		pub->error_string = strdup(text);
	}
	abi_log(container_of(pub)->name, e);
	errno = code;
}

bool abi_done(struct lxc_container *pub, int r, const struct err *e)
{
	if (r < 0)
		abi_fail(pub, -r, e);
	return r >= 0;
}

void abi_mirror(struct lxc_container *pub)
{
	const struct container *c = container_of(pub);

	pub->name = c->name;
	pub->configfile = c->config_file;
	pub->config_path = c->lxcpath;
	pub->lxc_conf = (struct lxc_conf *)c->spec;
}

int abi_give(const char *text, size_t len, char *buf, int size)
{
	if (buf && size > 0 && len < (size_t)size)
		memcpy(buf, text ? text : "", len + 1);
	return (int)len;
}

char **abi_strings(struct strv *v)
{
	char **given = v->n ? v->v : NULL;

	if (!given)
		strv_free(v);
	*v = (struct strv){ 0 };
	return given;
}

static void free_handle(struct handle *h)
{
	if (h->c)
		container_free(h->c);
	free(h->pub.error_string);
	free(h->pub.pidfile);
	free(h);
}

/* Nobody gets an object that could tell: what is wrong goes to stderr, as from LXC. */
static bool load(struct handle *h)
{
	_own_problems struct problems p = { 0 };

	if (container_recall(h->c, &p) == 0)
		return true;
	if (!container_defined(h->c)) { /* asked for last: most are, and a file's name costs as much as its reading */
		container_forget(h->c);
		return true;
	}
	for (size_t i = 0; i < p.n; i++)
		err_print(&p.v[i], "liblxc", h->c->name);
	(void)fprintf(stderr, "Failed to load config for %s\n", h->c->name);
	return false;
}

/*
 * Our programs are looked for beside the library, not beside whoever has loaded it. Told by a function of this file's
 * own: the address of a public one is, where a program is not position-independent, in that program.
 */
__attribute__((constructor)) static void find_ourselves(void)
{
	Dl_info where;

	if (dladdr((void *)find_ourselves, &where))
		path_set_library(where.dli_fname);
}

static void fill_table(struct lxc_container *pub)
{
	abi_config_table(pub);
	abi_life_table(pub);
	abi_storage_table(pub);
	abi_inside_table(pub);
	abi_attach_table(pub);
	abi_criu_table(pub);
}

struct lxc_container *lxc_container_new(const char *name, const char *configpath)
{
	struct handle *h = name ? calloc(1, sizeof(*h)) : NULL;
	struct err e = { 0 };

	if (!h)
		return NULL;
	if (container_open(&h->c, name, configpath, &e) < 0 || !load(h)) {
		free_handle(h);
		errno = e.errnum ? e.errnum : EINVAL;
		return NULL;
	}
	h->pub.numthreads = 1;
	h->pub.daemonize = true;
	fill_table(&h->pub);
	abi_mirror(&h->pub);
	return &h->pub;
}

int lxc_container_get(struct lxc_container *pub)
{
	_own_lock held = NULL;

	if (!pub)
		return 0;
	held = handle_lock(pub);
	if (pub->numthreads < 1)
		return 0;
	pub->numthreads++;
	return 1;
}

int lxc_container_put(struct lxc_container *pub)
{
	bool last;

	if (!pub)
		return -1;
	{
		_own_lock held = handle_lock(pub);

		last = --pub->numthreads < 1;
	}
	if (last)
		free_handle(handle_of(pub));
	return last;
}
