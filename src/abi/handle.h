/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What stands behind a struct lxc_container: our container, a lock, the settings that functions of the table change.
 * Every file of this layer fills its own functions into the table (abi_*_table), so that new.c names none of them.
 */
#include "base/own.h"
#include "client/container.h"

#include <lxc/lxccontainer.h>
#include <pthread.h>

struct handle {
	struct lxc_container pub; /* first: the caller's pointer is ours */
	struct container *c;	  /* its lock is of the count of references and the error, too */
};

static inline struct handle *handle_of(struct lxc_container *pub)
{
	return (struct handle *)pub;
}

static inline struct container *container_of(struct lxc_container *pub)
{
	return handle_of(pub)->c;
}

/* The handle's own fields are under its container's lock, too. */
static inline pthread_mutex_t *handle_lock(struct lxc_container *pub)
{
	return container_lock(container_of(pub));
}

/* Leaves the error in error_string, and the code in errno. */
void abi_fail(struct lxc_container *pub, int code, const struct err *e);
/* The public fields that mirror the container's: after anything that changes its config or its place. */
void abi_mirror(struct lxc_container *pub);
/* r >= 0 as true; else leaves the error. */
bool abi_done(struct lxc_container *pub, int r, const struct err *e);
/* Text into a caller's buffer, as LXC does: its length; nothing is written where it does not fit. */
int abi_give(const char *text, size_t len, char *buf, int size);
/* The strings of a list as the malloc'ed, NULL-ended array that callers free; NULL where there is none. */
char **abi_strings(struct strv *v);

void abi_config_table(struct lxc_container *pub);
void abi_attach_table(struct lxc_container *pub);
void abi_criu_table(struct lxc_container *pub);
void abi_life_table(struct lxc_container *pub);
void abi_storage_table(struct lxc_container *pub);
void abi_inside_table(struct lxc_container *pub);
