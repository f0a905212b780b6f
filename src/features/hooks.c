/* SPDX-License-Identifier: MIT */
/* lxc.hook.*, lxc.monitor.unshare: programs of the user's, at the turns of a container's life. */
#include "features/hooks.h"

#include "base/num.h"
#include "base/own.h"
#include "features/dev.h"
#include "features/hook_call.h"
#include "features/namespaces.h"
#include "features/net/net.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { DYING_MS = 1000, TIMEOUT_MOST_S = 24 * 60 * 60 };

struct hooks {
	struct list kind[HOOK_KINDS];
	struct number version, unshare, timeout;
};

static const char *const types[] = {
	[HOOK_PRE_START] = "pre-start", [HOOK_PRE_MOUNT] = "pre-mount",	  [HOOK_MOUNT] = "mount",
	[HOOK_AUTODEV] = "autodev",	[HOOK_START_HOST] = "start-host", [HOOK_START] = "start",
	[HOOK_STOP] = "stop",		[HOOK_POST_STOP] = "post-stop",	  [HOOK_CLONE] = "clone",
	[HOOK_DESTROY] = "destroy",
};
_Static_assert(ARRAY_SIZE(types) == HOOK_KINDS, "every kind has its name");

static int seconds_number(const char *text, long long *out)
{
	int64_t n = 0;
	int x = num_i64(text, 1, TIMEOUT_MOST_S, &n);

	*out = n;
	return x;
}

static const struct type type_seconds = { .name = "SECONDS", .shape = SHAPE_NUMBER, .number = seconds_number };

/* "lxc.hook =" clears every list; there is no other value. */
static int set_all(void *part, unsigned index, const char *value, struct origin at, struct err *e)
{
	struct hooks *h = part;

	(void)index, (void)at, (void)e;
	if (*value)
		return -EINVAL;
	for (size_t i = 0; i < HOOK_KINDS; i++)
		list_clear(&h->kind[i]);
	return 0;
}

static int get_all(const void *part, unsigned index, struct buf *out)
{
	(void)part, (void)index, (void)out;
	return -EINVAL;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): they are initialisers of a row, not operands */
#define HOOK(id, key, ver, what)                                                                                       \
	{                                                                                                              \
		.name = key, .type = &type_list, .field = offsetof(struct hooks, kind[id]),                            \
		.values = "a command line, which /bin/sh runs", .help = what, .since = ver,                            \
		.good = { "/usr/local/bin/hook", "/usr/local/bin/hook --fast 'two words'" },                           \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct key keys[] = {
	HOOK(HOOK_PRE_START, "lxc.hook.pre-start", "1.0", "Runs on the host before anything of the container is made."),
	HOOK(HOOK_PRE_MOUNT, "lxc.hook.pre-mount", "1.0",
	     "Runs in the container's namespaces, where the host's mounts are still seen, before the rootfs is "
	     "mounted."),
	HOOK(HOOK_MOUNT, "lxc.hook.mount", "1.0",
	     "Runs in the container's namespaces when all is mounted in $LXC_ROOTFS_MOUNT, before that becomes \"/\"."),
	HOOK(HOOK_AUTODEV, "lxc.hook.autodev", "1.0",
	     "Runs after the mount hooks, before device nodes are made in $LXC_ROOTFS_MOUNT/dev; not with lxc.autodev "
	     "= 0."),
	HOOK(HOOK_START_HOST, "lxc.hook.start-host", "3.0",
	     "Runs on the host when the container is set up, before its init."),
	HOOK(HOOK_START, "lxc.hook.start", "1.0",
	     "Runs in the container, a program of its own, right before its init."),
	HOOK(HOOK_STOP, "lxc.hook.stop", "2.0",
	     "Runs on the host when init is dead, while the container's namespaces are still held. Its failure ends "
	     "nothing."),
	HOOK(HOOK_POST_STOP, "lxc.hook.post-stop", "1.0",
	     "Runs on the host when all of the container is gone. Its failure ends nothing but a reboot."),
	HOOK(HOOK_CLONE, "lxc.hook.clone", "1.0",
	     "Runs when the container is copied, in a mount namespace of its own that has the new rootfs mounted."),
	HOOK(HOOK_DESTROY, "lxc.hook.destroy", "2.0",
	     "Runs on the host before the container's files are removed; its failure keeps them."),
	{
		.name = "lxc.hook",
		.values = "nothing: an empty value takes all hooks away",
		.help = "All hooks of every kind.",
		.since = "1.1",
		.bad = { "/usr/local/bin/hook" },
		.set = set_all,
		.get = get_all,
	},
	{
		.name = "lxc.hook.version",
		.type = &type_bool,
		.field = offsetof(struct hooks, version),
		.values = "0 or 1",
		.help = "How hooks are told what they are called for: 0: by the arguments NAME SECTION TYPE and more; "
			"1: by variables.",
		.since = "3.0",
		.good = { "0", "1" },
		.bad = { "2", "-1" },
	},
	{
		.name = "lxc.hook.timeout",
		.type = &type_seconds,
		.field = offsetof(struct hooks, timeout),
		.dflt = "600",
		.values = "a number of seconds from 1 to 86400",
		.help = "How long each hook, and each script of a network device, may take. What has not ended by then "
			"is killed, and has failed. Where this key is not set the hooks of an end have half a minute "
			"when the container is killed (lxc-stop -k). When a command clears up behind a killed keeper "
			"they have half a minute in any case.",
		.since = "Keg 0.3",
		.live = true,
		.good = { "1", "30", "86400" },
		.bad = { "0", "-1", "86401", "soon" },
	},
	{
		.name = "lxc.monitor.unshare",
		.type = &type_u32,
		.field = offsetof(struct hooks, unshare),
		.values = "0 or another number",
		.help = "Not 0: the keeper has a mount namespace of its own, and what hooks mount on the host's side "
			"is seen by nobody else.",
		.since = "2.0",
		.good = { "0", "1", "5" },
		.bad = { "-1", "yes" },
	},
};

const struct feature hooks_feature = {
	FEATURE_TEXT("Hooks",
		     "Programs that run at the turns of a container's life. Each is a command line that /bin/sh "
		     "runs, with NAME, \"lxc\" and the kind of hook behind it, or told by variables "
		     "(lxc.hook.version). Several "
		     "of one kind run in the order of their lines, up to the first that fails. "
		     "Its output is logged; what it exits with, other than 0, ends a start. How long one may take, "
		     "lxc.hook.timeout says."),
	.name = "hooks", .size = sizeof(struct hooks), .keys = keys, .n_keys = ARRAY_SIZE(keys)
};

static const struct list *hooks_of(const struct spec *s, enum hook_kind kind)
{
	const struct hooks *h = s->part[FEATURE_HOOKS];

	return &h->kind[kind];
}

int hooks_version(const struct spec *s)
{
	const struct hooks *h = s->part[FEATURE_HOOKS];

	return (int)h->version.n;
}

int hooks_timeout_ms(const struct spec *s)
{
	const struct hooks *h = s->part[FEATURE_HOOKS];

	return (int)h->timeout.n * 1000;
}

/* Scripts of network devices come to it: one time more is theirs. */
int hooks_end_ms(const struct spec *s)
{
	const struct hooks *h = s->part[FEATURE_HOOKS];
	long long n = 1 + (long long)(h->kind[HOOK_STOP].n + h->kind[HOOK_POST_STOP].n);

	return (int)(n * h->timeout.n < TIMEOUT_MOST_S ? n * h->timeout.n : TIMEOUT_MOST_S) * 1000;
}

int hooks_given_ms(const struct spec *s)
{
	const struct hooks *h = s->part[FEATURE_HOOKS];

	return h->timeout.set ? hooks_end_ms(s) : 0;
}

/* c knows all but the kind. */
static int run_kind(struct hook_call *c, enum hook_kind kind, struct err *e)
{
	const struct list *l = hooks_of(c->plan->spec, kind);
	char key[32];
	int x = 0;

	c->section = "lxc";
	c->type = types[kind];
	(void)snprintf(key, sizeof(key), "lxc.hook.%s", c->type);
	for (size_t i = 0; x == 0 && i < l->n; i++)
		x = hook_call(c, l->v[i].text, key, l->v[i].at, e);
	return x;
}

static struct hook_call call_of(const struct run *r)
{
	return (struct hook_call){ .plan = r->plan, .run = r };
}

static int run_outside(const struct run *r, enum hook_kind kind, struct err *e)
{
	struct hook_call c = call_of(r);

	return run_kind(&c, kind, e);
}

static int run_inside(const struct run *r, enum hook_kind kind, struct err *e)
{
	struct hook_call c = call_of(r);

	c.inside = true;
	return run_kind(&c, kind, e);
}

bool hook_pre_start_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_PRE_START)->n;
}

/*
 * Needs:  the lock, and STARTING announced.
 * Leaves: what its hooks make: the rootfs, perhaps.
 */
int hook_pre_start(struct run *r, struct err *e)
{
	return run_outside(r, HOOK_PRE_START, e);
}

bool hook_pre_mount_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_PRE_MOUNT)->n;
}

/*
 * Needs:  mount.private, so that what its hooks mount is the container's alone.
 */
int hook_pre_mount(struct run *r, struct err *e)
{
	return run_inside(r, HOOK_PRE_MOUNT, e);
}

bool hook_mount_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_MOUNT)->n;
}

/*
 * Needs:  all of lxc.mount.* mounted; "/" is still the host's.
 */
int hook_mount(struct run *r, struct err *e)
{
	return run_inside(r, HOOK_MOUNT, e);
}

bool hook_autodev_wanted(const struct plan *p)
{
	return dev_own(p) && hooks_of(p->spec, HOOK_AUTODEV)->n;
}

/*
 * Needs:  dev.mount; no node is there yet.
 */
int hook_autodev(struct run *r, struct err *e)
{
	return run_inside(r, HOOK_AUTODEV, e);
}

bool hook_start_host_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_START_HOST)->n;
}

/*
 * Needs:  INIT done with all but its exec; the state file, which leads to it.
 */
int hook_start_host(struct run *r, struct err *e)
{
	return run_outside(r, HOOK_START_HOST, e);
}

bool hook_start_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_START)->n;
}

/*
 * Needs:   root.pivot, and INIT confined as its init will be; still as root.
 * Mustn't: find anything of the host's: the shell and the program are the container's.
 */
int hook_start(struct run *r, struct err *e)
{
	return run_inside(r, HOOK_START, e);
}

static const char *target_of(const struct run *r)
{
	return r->hooks.reboots ? "reboot" : "stop";
}

bool hook_stop_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_STOP)->n;
}

static void close_namespaces(struct run *r)
{
	for (size_t i = 0; i < RUN_NAMESPACES; i++)
		close_fd(&r->hooks.ns_fd[i]);
}

/* Once in an ending: this row's undo, or that of hook.post-stop where a start has not come as far as here. */
void hook_stop(struct run *r)
{
	struct hook_call c = call_of(r);
	_own_strv struct strv held = { 0 };
	struct err e = { 0 };
	int bad = 0;

	if (r->hooks.stopped)
		return;
	r->hooks.stopped = true;
	for (size_t i = 0; i < RUN_NAMESPACES; i++)
		if (r->hooks.ns_fd[i] >= 0)
			bad |= strv_addf(&held, "%s:/proc/%d/fd/%d", namespaces_nth(i), (int)getpid(),
					 r->hooks.ns_fd[i]);
	c.args0 = bad ? NULL : held.v;
	c.ends = true;
	c.target = target_of(r);
	if (run_kind(&c, HOOK_STOP, &e) < 0)
		hook_report(&e);
	close_namespaces(r);
}

bool hook_post_stop_wanted(const struct plan *p)
{
	return hooks_of(p->spec, HOOK_POST_STOP)->n || hooks_of(p->spec, HOOK_STOP)->n;
}

void hook_post_stop(struct run *r)
{
	struct hook_call c = call_of(r);
	struct err e = { 0 };

	hook_stop(r);
	if (r->hooks.post_stopped)
		return;
	r->hooks.post_stopped = true;
	c.target = target_of(r);
	if (run_kind(&c, HOOK_POST_STOP, &e) < 0) {
		r->hooks.refused = true;
		hook_report(&e);
	}
}

bool hook_asks_namespaces(const struct plan *p)
{
	return hook_stop_wanted(p) || net_ends_by_script(p);
}

/* A dying init has none to hold, a moment before its pidfd says so. The death is told by the next wait for it. */
static int hold(struct run *r, size_t nth, struct err *e)
{
	struct pollfd death = { r->init_pidfd, POLLIN, 0 };
	const char *name = namespaces_nth(nth);
	char path[48];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)r->init_pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && poll(&death, 1, DYING_MS) > 0)
		return 0;
	if (fd < 0)
		return err_sys(e, "hold", "the container's %s namespace", name);
	r->hooks.ns_fd[nth] = fd;
	return 0;
}

/*
 * Needs:  init.clone.
 * Leaves: r->hooks.ns_fd of all namespaces that are the container's own, but the cgroup namespace, which
 *	   INIT makes later.
 */
int hook_hold_namespaces(struct run *r, struct err *e)
{
	int x = 0;

	for (size_t i = 0; x == 0 && i < RUN_NAMESPACES; i++) {
		uint64_t flag = namespaces_flag(namespaces_nth(i));

		if (r->plan->clone_flags & flag && flag != CLONE_NEWCGROUP)
			x = hold(r, i, e);
	}
	return x;
}

bool hook_asks_cgroup_namespace(const struct plan *p)
{
	return hook_asks_namespaces(p) && p->clone_flags & CLONE_NEWCGROUP;
}

/*
 * Needs:  cgroup.namespace.
 * Leaves: it, open, for KEEPER: a plain user may not look at INIT any more, who is somebody else by now.
 */
int hook_give_cgroup_namespace(struct run *r, struct err *e)
{
	_own_fd int fd = open("/proc/self/ns/cgroup", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "hold", "the container's cgroup namespace");
	return run_give(r, SLOT_CGROUP, take_fd(&fd), e);
}

/*
 * Needs:  hook.give-namespace; who adopts has no INIT that gives, and looks at init himself.
 * Leaves: the last of r->hooks.ns_fd.
 */
int hook_hold_cgroup_namespace(struct run *r, struct err *e)
{
	size_t i = 0;

	while (namespaces_flag(namespaces_nth(i)) != CLONE_NEWCGROUP)
		i++;
	if (!r->slot[SLOT_CGROUP].n)
		return hold(r, i, e);
	r->hooks.ns_fd[i] = fcntl(r->slot[SLOT_CGROUP].v[0], F_DUPFD_CLOEXEC, 3);
	return r->hooks.ns_fd[i] < 0 ? err_sys(e, "hold", "the container's cgroup namespace") : 0;
}

bool monitor_unshares(const struct plan *p)
{
	const struct hooks *h = plan_part(p, FEATURE_HOOKS);

	return h->unshare.n;
}

/*
 * Leaves: the keeper in a mount namespace of its own: what its hooks mount does not reach the host, what the
 *	   host mounts still arrives.
 */
int monitor_unshare(struct run *r, struct err *e)
{
	const struct hooks *h = plan_part(r->plan, FEATURE_HOOKS);
	int x = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		x = err_sys(e, "give", "the keeper a mount namespace of its own");
	err_key(e, "lxc.monitor.unshare", h->unshare.at);
	return x;
}

int hooks_run_destroy(const struct plan *p, struct err *e)
{
	struct hook_call c = { .plan = p };

	return run_kind(&c, HOOK_DESTROY, e);
}

int hooks_run_clone(const struct plan *p, const char *src_name, char *const *args, struct err *e)
{
	struct hook_call c = { .plan = p, .src_name = src_name, .args = args };

	return run_kind(&c, HOOK_CLONE, e);
}
