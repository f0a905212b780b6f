/* SPDX-License-Identifier: MIT */
/* The functions of liblxc.so.1 that belong to no object: lists, the system's config, what this library can do. */
#include "abi/handle.h"

#include "spec/key.h"

#include <errno.h>
#include <lxc/version.h>
#include <string.h>

const char *lxc_get_version(void)
{
	return LXC_VERSION;
}

int lxc_get_wait_states(const char **states)
{
	for (int i = 0; states && i < STATE_COUNT; i++)
		states[i] = state_name((enum state)i);
	return STATE_COUNT;
}

/* A string that is handed out stays: each key is read once in a process. */
const char *lxc_get_global_config_item(const char *key)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct known {
		char *key, *value;
		struct known *next;
	} * known;
	pthread_mutex_t *mutex = &lock;
	_own_lock held = (pthread_mutex_lock(mutex), mutex);
	struct known *k = known;

	while (k && key && strcmp(k->key, key) != 0)
		k = k->next;
	if (!key || k) {
		errno = key ? 0 : EINVAL;
		return k && key ? k->value : NULL;
	}
	errno = 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	*k = (struct known){ .key = strdup(key), .value = global_config(key), .next = known };
	if (!k->key || (!k->value && errno)) {
		int saved = k->key ? errno : ENOMEM;

		free(k->key);
		free(k->value);
		free(k);
		errno = saved;
		return NULL;
	}
	known = k;
	return k->value;
}

/* --- lists --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The objects of the names that can be opened; the names of those that cannot are dropped. */
static int open_all(const char *lxcpath, struct strv *names, struct lxc_container ***out)
{
	struct lxc_container **v = calloc(names->n, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < names->n; i++) {
		v[n] = lxc_container_new(names->v[i], lxcpath);
		if (v[n])
			names->v[n++] = names->v[i];
		else
			free(names->v[i]);
	}
	for (size_t i = n; i < names->n; i++)
		names->v[i] = NULL;
	names->n = n;
	if (n)
		*out = v;
	else
		free(v);
	return 0;
}

static int give_list(const char *lxcpath, struct strv *found, char ***names, struct lxc_container ***objects)
{
	int n;

	if (names)
		*names = NULL;
	if (objects)
		*objects = NULL;
	if (objects && found->n && open_all(lxcpath, found, objects) < 0)
		return -1;
	n = (int)found->n;
	if (names)
		*names = abi_strings(found);
	return n;
}

static int add_names(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (to->n && bsearch(&from->v[i], to->v, to->n, sizeof(*to->v), by_name))
			continue;
		if (strv_add(to, from->v[i]) < 0)
			return -ENOMEM;
		qsort(to->v, to->n, sizeof(*to->v), by_name);
	}
	return 0;
}

static int list(bool defined, bool active, const char *path, char ***names, struct lxc_container ***objects)
{
	_own_free char *lxcpath = path ? strdup(path) : global_config("lxc.lxcpath");
	_own_strv struct strv found = { 0 }, also = { 0 };
	struct err e = { 0 };

	if (!lxcpath || (defined && !active && access(lxcpath, F_OK) < 0))
		return -1;
	if (defined && list_defined(lxcpath, &found, &e) < 0)
		return -1;
	if (active && list_active(lxcpath, &also, &e) < 0)
		return -1;
	return add_names(&found, &also) < 0 ? -1 : give_list(lxcpath, &found, names, objects);
}

int list_defined_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list(true, false, lxcpath, names, cret);
}

int list_active_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list(false, true, lxcpath, names, cret);
}

int list_all_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list(true, true, lxcpath, names, cret);
}

/* --- what this library can do --- */

/* LXC's table: "lxc.net", "lxc.prlimit" and "lxc.namespace.share." are in it, "lxc.net.0.type" is not. */
bool lxc_config_item_is_supported(const char *key)
{
	size_t n = key ? strlen(key) : 0;

	if (!n)
		return false;
	if (strcmp(key, "lxc.net.") == 0)
		return true;
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			const char *name = features[f]->keys[i].name, *star = strstr(name, ".*");
			size_t stem = star ? (size_t)(star - name) : strlen(name);

			if (strchr(name, '#') || strncmp(name, key, stem) != 0)
				continue;
			if (str_starts(name, "lxc.namespace.share") ? strcmp(key, "lxc.namespace.share.") == 0
								    : stem == n)
				return true;
		}
	}
	return false;
}

bool lxc_has_api_extension(const char *extension)
{
	/* In LXC's order. */
	static const char *const names[] = {
		"lxc_log",
		"lxc_config_item_is_supported",
		"console_log",
		"reboot2",
		"mount_injection",
		"cgroup_relative",
		"mount_injection_file",
		"seccomp_allow_nesting",
		"seccomp_notify",
		"network_veth_routes",
		"network_ipvlan",
		"network_l2proxy",
		"network_gateway_device_route",
		"network_phys_macvlan_mtu",
		"network_veth_router",
		"cgroup2_devices",
		"cgroup2",
		"pidfd",
		"cgroup_advanced_isolation",
		"network_bridge_vlan",
		"time_namespace",
		"seccomp_allow_deny_syntax",
		"devpts_fd",
		"seccomp_notify_fd_active",
		"seccomp_proxy_send_notify_fd",
		"idmapped_mounts",
		"idmapped_mounts_v2",
		"core_scheduling",
		"cgroup2_auto_mounting",
		"environment_runtime_hooks",
	};

	if (!extension)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], extension) == 0)
			return true;
	return false;
}
