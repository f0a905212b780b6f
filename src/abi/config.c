/* SPDX-License-Identifier: MIT */
/* The table's functions about a container's config. */
#include "abi/handle.h"

#include "spec/key.h"

#include <errno.h>
#include <string.h>

static bool is_defined(struct lxc_container *pub)
{
	return pub && container_defined(container_of(pub));
}

static char *config_file_name(struct lxc_container *pub)
{
	return pub ? strdup(container_of(pub)->config_file) : NULL;
}

static const char *get_config_path(struct lxc_container *pub)
{
	return pub ? container_of(pub)->lxcpath : NULL;
}

static bool set_config_path(struct lxc_container *pub, const char *path)
{
	struct err e = { 0 };
	int r;

	if (!pub || !path)
		return false;
	{
		_own_lock held = handle_lock(pub);

		r = container_move(container_of(pub), path, &e);
		abi_mirror(pub);
	}
	return abi_done(pub, r, &e);
}

static bool load_config(struct lxc_container *pub, const char *file)
{
	_own_problems struct problems p = { 0 };
	int r;

	if (!pub)
		return false;
	{
		_own_lock held = handle_lock(pub);

		r = container_merge(container_of(pub), file, &p);
		abi_mirror(pub);
	}
	if (r < 0 && p.n)
		abi_fail(pub, -r, &p.v[0]);
	return r == 0;
}

static bool save_config(struct lxc_container *pub, const char *file)
{
	struct err e = { 0 };
	int r;

	if (!pub)
		return false;
	{
		_own_lock held = handle_lock(pub);

		r = container_save(container_of(pub), file, &e);
		abi_mirror(pub);
	}
	return abi_done(pub, r, &e);
}

static void clear_config(struct lxc_container *pub)
{
	if (pub) {
		_own_lock held = handle_lock(pub);

		container_forget(container_of(pub));
		abi_mirror(pub);
	}
}

static bool set_config_item(struct lxc_container *pub, const char *key, const char *value)
{
	struct err e = { 0 };
	int r;

	if (!pub || !key)
		return false;
	{
		_own_lock held = handle_lock(pub);

		r = container_set(container_of(pub), key, value ? value : "", &e);
		abi_mirror(pub);
	}
	return abi_done(pub, r, &e);
}

static bool clear_config_item(struct lxc_container *pub, const char *key)
{
	struct err e = { 0 };
	int r;

	if (!pub || !key || !container_of(pub)->spec)
		return false;
	{
		_own_lock held = handle_lock(pub);

		r = container_clear_key(container_of(pub), key, &e);
	}
	return abi_done(pub, r, &e);
}

static int get_config_item(struct lxc_container *pub, const char *key, char *buf, int size)
{
	_own_buf struct buf b = { 0 };
	int r;

	if (!pub || !key)
		return -1;
	{
		_own_lock held = handle_lock(pub);

		if (!container_of(pub)->spec)
			return -1;
		r = spec_get(container_of(pub)->spec, key, &b);
	}
	return r < 0 ? r : abi_give(b.s, b.len, buf, size);
}

static char *get_running_config_item(struct lxc_container *pub, const char *key)
{
	_own_spec struct spec *s = NULL;
	struct buf b = { 0 };
	struct err e = { 0 };

	if (!pub || !key || !abi_done(pub, container_running(container_of(pub), &s, &e), &e))
		return NULL;
	if (spec_get(s, key, &b) < 0) {
		buf_free(&b);
		return NULL;
	}
	return buf_take(&b);
}

/* --- get_keys: the names themselves, or what is below one --- */

/* A '*' row's name as it is listed: "lxc.prlimit" of "lxc.prlimit.*". NULL: it is not listed, as lxc.net.#. */
static char *listed(const struct key *k)
{
	const char *star = strstr(k->name, ".*");

	if (strchr(k->name, '#') || str_starts(k->name, "lxc.namespace.share"))
		return NULL;
	return star ? strndup(k->name, (size_t)(star - k->name)) : strdup(k->name);
}

static int all_keys(struct buf *out)
{
	_own_strv struct strv seen = { 0 };

	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			_own_free char *name = listed(&features[f]->keys[i]);
			bool again = false;

			for (size_t s = 0; name && s < seen.n; s++)
				again |= strcmp(seen.v[s], name) == 0;
			if (!name || again)
				continue;
			if (strv_add(&seen, name) < 0)
				return -ENOMEM;
			buf_addf(out, "%s\n", name);
		}
	}
	return 0;
}

/* The rest of a row's name below "lxc.net.3" or "lxc.hook"; NULL: it is not below it. */
static const char *below(const char *row, const char *name)
{
	for (; *name; row++) {
		if (*row == '#' && strchr("0123456789", *name)) {
			name += strspn(name, "0123456789");
			continue;
		}
		if (*row != *name++)
			return NULL;
	}
	return *row == '.' && !strchr(row, '#') && !strchr(row, '*') ? row + 1 : NULL;
}

/* A device's keys are those that its type has: an empty one has its scripts only. */
static bool answers(const struct spec *s, const char *name, const char *rest)
{
	_own_free char *key = str_fmt("%s.%s", name, rest), *type = str_fmt("%s.type", name);
	_own_buf struct buf value = { 0 }, kind = { 0 };

	if (!str_starts(name, "lxc.net."))
		return true;
	if (!key || !type || spec_get(s, key, &value) < 0 || spec_get(s, type, &kind) < 0)
		return false;
	return !kind.s || strcmp(kind.s, "empty") != 0 || strcmp(rest, "type") == 0 || str_starts(rest, "script.");
}

static int keys_below(const struct spec *s, const char *name, struct buf *out)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const char *rest = below(features[f]->keys[i].name, name);

			if (rest && answers(s, name, rest))
				buf_addf(out, "%s\n", rest);
		}
	}
	return out->len ? 0 : -EINVAL;
}

static int get_keys(struct lxc_container *pub, const char *key, char *buf, int size)
{
	_own_buf struct buf b = { 0 };
	int r;

	if (!key) {
		r = all_keys(&b);
	} else {
		_own_lock held = NULL;

		if (!pub)
			return -1;
		held = handle_lock(pub);
		if (!container_of(pub)->spec)
			return -1;
		r = keys_below(container_of(pub)->spec, key, &b);
	}
	if (r < 0 || b.failed)
		return r < 0 ? r : -ENOMEM;
	return abi_give(b.s, b.len, buf, size);
}

void abi_config_table(struct lxc_container *pub)
{
	pub->is_defined = is_defined;
	pub->config_file_name = config_file_name;
	pub->get_config_path = get_config_path;
	pub->set_config_path = set_config_path;
	pub->load_config = load_config;
	pub->save_config = save_config;
	pub->clear_config = clear_config;
	pub->set_config_item = set_config_item;
	pub->clear_config_item = clear_config_item;
	pub->get_config_item = get_config_item;
	pub->get_running_config_item = get_running_config_item;
	pub->get_keys = get_keys;
}
