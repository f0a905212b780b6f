/* SPDX-License-Identifier: MIT */
/* lxc.cgroup.* and lxc.cgroup2.*: what the container's cgroups limit, and which devices they leave it. */
#include "features/cgroup.h"
#include "features/cgroup_parts.h"

#include "base/own.h"
#include "sys/bpf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cgroup_with_key(struct err *e, const struct item *it, bool v2, int x)
{
	char key[96];

	(void)snprintf(key, sizeof(key), "lxc.cgroup%s.%s", v2 ? "2" : "", it->name);
	err_key(e, key, it->at);
	return x;
}

static bool is_device(const struct item *it)
{
	return str_starts(it->name, "devices.");
}

static bool has(const struct list *l, bool device)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_device(&l->v[i]) == device)
			return true;
	return false;
}

bool cgroup_has_limits(const struct plan *p)
{
	const struct cgroup *c = plan_part(p, FEATURE_CGROUP);

	return has(&c->v1, false) || has(&c->v2, false);
}

bool cgroup_has_devices(const struct plan *p)
{
	const struct cgroup *c = plan_part(p, FEATURE_CGROUP);

	return has(&c->v1, true) || has(&c->v2, true);
}

/* --- what has no effect on this host --- */

static bool names(const struct list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return true;
	return false;
}

/* A config written for both versions says the same twice: then what is meant for this host counts. */
static bool said_natively(const struct list *other, const char *name, bool v2)
{
	char twin[64];

	return names(other, name) || (cgroup_twin(name, !v2, twin, sizeof(twin)) == 0 && names(other, twin));
}

/* "KEY = VALUE has no effect: WHY", set by that line. */
static void no_effect(struct err *to, const struct item *it, bool v2, const struct err *why)
{
	char words[512];

	err_text(why, words, sizeof(words));
	(void)err_say(to, ENOENT, "lxc.cgroup%s.%s = %.200s has no effect: %s", v2 ? "2" : "", it->name, it->text,
		      words);
	(void)cgroup_with_key(to, it, v2, 0);
}

/* Is it left out in silence? What the host's own version says beside it counts. */
static bool is_doubled(const struct cgroup_host *h, const struct item *it, const struct list *other, bool v2)
{
	return !cgroup_is_native(h, it->name, v2) && said_natively(other, it->name, v2);
}

static void warn_of(const struct plan *p, const struct list *l, const struct list *other, bool v2, struct problems *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct item *it = &l->v[i];
		struct err why = { 0 }, *e;

		if (is_device(it) || is_doubled(&p->host->cgroup, it, other, v2) ||
		    cgroup_means(&p->host->cgroup, it->name, it->text, v2, &why) == 0)
			continue;
		e = problems_warn(out);
		if (e)
			no_effect(e, it, v2, &why);
	}
}

void cgroup_warn(const struct plan *p, struct problems *out)
{
	const struct cgroup *c = plan_part(p, FEATURE_CGROUP);

	if (!cgroup_wanted(p))
		return;
	warn_of(p, &c->v1, &c->v2, false, out);
	warn_of(p, &c->v2, &c->v1, true, out);
}

/* --- limits --- */

static int limit_one(struct run *r, const struct item *it, bool v2, struct err *e)
{
	struct err why = { 0 }, warning = { 0 };
	int x;

	if (cgroup_means(r->cgroup.host, it->name, it->text, v2, &why) < 0)
		return 0; /* warned of before the start */
	x = cgroup_tree_set(&r->cgroup, it->name, it->text, &why);
	if (x == -ENOENT && !cgroup_is_native(r->cgroup.host, it->name, v2)) {
		no_effect(&warning, it, v2, &why);
		return run_warn(r, &warning, e);
	}
	if (x < 0 && e && !e->set)
		*e = why;
	return x < 0 ? cgroup_with_key(e, it, v2, x) : 0;
}

/* The lines of one version, either those that are this host's own or the others. */
static int limit_all(struct run *r, const struct list *l, const struct list *other, bool v2, bool native, struct err *e)
{
	int x = 0;

	for (size_t i = 0; i < l->n && x == 0; i++)
		if (!is_device(&l->v[i]) && cgroup_is_native(r->cgroup.host, l->v[i].name, v2) == native &&
		    !is_doubled(r->cgroup.host, &l->v[i], other, v2))
			x = limit_one(r, &l->v[i], v2, e);
	return x;
}

/*
 * Needs:  the cgroups.
 * Leaves: their files written, each version's in the order of the config, the host's own version last.
 */
int cgroup_limits(struct run *r, struct err *e)
{
	const struct cgroup *c = plan_part(r->plan, FEATURE_CGROUP);
	int x = limit_all(r, &c->v1, &c->v2, false, false, e);

	if (x == 0)
		x = limit_all(r, &c->v2, &c->v1, true, false, e);
	if (x == 0)
		x = limit_all(r, &c->v1, &c->v2, false, true, e);
	if (x == 0)
		x = limit_all(r, &c->v2, &c->v1, true, true, e);
	return x;
}

/* --- devices --- */

static void check_rules(const struct list *l, bool v2, struct problems *p)
{
	_own_free struct bpf_devices *d = malloc(sizeof(*d));

	for (size_t i = 0; d && i < l->n; i++) {
		const struct item *it = &l->v[i];
		bool allow = strcmp(it->name, "devices.allow") == 0;
		struct err *e;

		if (!allow && strcmp(it->name, "devices.deny") != 0)
			continue;
		bpf_devices_init(d);
		if (bpf_devices_change(d, allow, it->text) != -EINVAL || !(e = problems_next(p)))
			continue;
		(void)err_say(e, EINVAL, "\"%.200s\" is no rule of devices", it->text);
		err_hint(e, BPF_DEVICE_RULE);
		(void)cgroup_with_key(e, it, v2, 0);
	}
}

void cgroup_check_devices(const struct cgroup *c, struct problems *p)
{
	check_rules(&c->v1, false, p);
	check_rules(&c->v2, true, p);
}

/* All rules as one program, which is attached once. */
static int devices_by_bpf(struct run *r, const struct list *l, bool v2, struct err *e)
{
	_own_free struct bpf_devices *d = malloc(sizeof(*d));
	const struct item *first = NULL;
	int x;

	if (!d)
		return err_num(e, ENOMEM, "hold", "%s", "the device rules");
	bpf_devices_init(d);
	for (size_t i = 0; i < l->n; i++) {
		const struct item *it = &l->v[i];

		if (!is_device(it))
			continue;
		first = first ? first : it;
		x = strcmp(it->name, "devices.allow") == 0 || strcmp(it->name, "devices.deny") == 0 ? 0 : -ENOENT;
		if (x == 0)
			x = bpf_devices_change(d, it->name[8] == 'a', it->text);
		if (x == 0)
			continue;
		x = err_num(e, -x, "set", "%s of the cgroup %s to \"%.200s\"", it->name, r->cgroup.path, it->text);
		err_hint(e, BPF_DEVICE_RULE);
		return cgroup_with_key(e, it, v2, x);
	}
	x = cgroup_tree_set_devices(&r->cgroup, d, e);
	return x < 0 ? cgroup_with_key(e, first, v2, x) : 0;
}

/*
 * Needs:   INIT has made the container's device nodes and opened its ptys: a list of rules is written one after the
 *	    other, and behind the first, "deny a", nothing can be opened until the last is there.
 * Leaves:  the rules in force. Those written for the host's version count, else the other's.
 */
int cgroup_devices(struct run *r, struct err *e)
{
	const struct cgroup *c = plan_part(r->plan, FEATURE_CGROUP);
	bool bpf = cgroup_devices_by_bpf(r->cgroup.host);
	bool v2 = bpf ? has(&c->v2, true) : !has(&c->v1, true);
	const struct list *l = v2 ? &c->v2 : &c->v1;

	if (!has(l, true))
		return 0;
	if (bpf)
		return devices_by_bpf(r, l, v2, e);
	for (size_t i = 0; i < l->n; i++) {
		int x = is_device(&l->v[i]) ? cgroup_tree_set(&r->cgroup, l->v[i].name, l->v[i].text, e) : 0;

		if (x < 0)
			return cgroup_with_key(e, &l->v[i], v2, x);
	}
	return 0;
}
