/* SPDX-License-Identifier: MIT */
/* lxc.namespace.share.*: namespaces of another container or process that init lives in. */
#include "features/namespace_share.h"

#include "base/num.h"
#include "base/own.h"
#include "engine/state.h"
#include "features/rootfs.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* The order in which they are joined: mnt last, for it moves the root. */
enum { USER, PID, UTS, IPC, NET, CGROUP, TIME, MNT };

struct share {
	struct text of[RUN_SHARED];
};

static const struct {
	const char *name, *key;
	uint64_t flag;
} kinds[] = {
	[USER] = { "user", "lxc.namespace.share.user", CLONE_NEWUSER },
	[PID] = { "pid", "lxc.namespace.share.pid", CLONE_NEWPID },
	[UTS] = { "uts", "lxc.namespace.share.uts", CLONE_NEWUTS },
	[IPC] = { "ipc", "lxc.namespace.share.ipc", CLONE_NEWIPC },
	[NET] = { "net", "lxc.namespace.share.net", CLONE_NEWNET },
	[CGROUP] = { "cgroup", "lxc.namespace.share.cgroup", CLONE_NEWCGROUP },
	[TIME] = { "time", "lxc.namespace.share.time", CLONE_NEWTIME },
	[MNT] = { "mnt", "lxc.namespace.share.mnt", CLONE_NEWNS },
};
_Static_assert(ARRAY_SIZE(kinds) == RUN_SHARED, "struct run has a place for each");

/* LXC's own text of a namespace that is not shared. */
static int get_share(const struct text *t, struct buf *out)
{
	buf_addf(out, "%s", t->s ? t->s : "(null)");
	return out->failed ? -ENOMEM : 0;
}

#define GETTER(KIND)                                                                                                   \
	static int get_##KIND(const void *part, unsigned index, struct buf *out)                                       \
	{                                                                                                              \
		(void)index;                                                                                           \
		return get_share(&((const struct share *)part)->of[KIND], out);                                        \
	}
GETTER(USER)
GETTER(PID)
GETTER(UTS)
GETTER(IPC)
GETTER(NET)
GETTER(CGROUP)
GETTER(TIME)
GETTER(MNT)

/* "LXCPATH/NAME" begins with a "/". */
static int check_whose(const char *text, struct err *e)
{
	(void)e;
	return text[0] != '/' && strchr(text, '/') ? -EINVAL : 0;
}

#define SHARE(KIND, ns, what)                                                                                          \
	{                                                                                                              \
		.name = "lxc.namespace.share." ns, .type = &type_text, .field = offsetof(struct share, of[KIND]),      \
		.values = "a process id, a container's name, LXCPATH/NAME, or the path of a namespace file",           \
		.help = "The " ns                                                                                      \
			" namespace is not made but that of the running process or container that is named. " what,    \
		.since = "3.0", .good = { "web1", "4711", "/proc/4711/ns/" ns, "/var/lib/lxc/web1" },                  \
		.bad = { "lxc/web1" }, .check = check_whose, .get = get_##KIND,                                        \
	}

static const struct key keys[] = {
	SHARE(USER, "user", "It must be the one of whoever starts the container."),
	SHARE(PID, "pid", "The container ends with the first process of that namespace."),
	SHARE(UTS, "uts", "lxc.uts.name is not applied."),
	SHARE(IPC, "ipc", ""),
	SHARE(NET, "net", "No lxc.net.* device is made."),
	SHARE(CGROUP, "cgroup", ""),
	SHARE(TIME, "time", "lxc.time.offset.* are not applied."),
	SHARE(MNT, "mnt", "Nothing is mounted, and there can be no lxc.rootfs.path."),
};
_Static_assert(ARRAY_SIZE(keys) == RUN_SHARED, "every kind has its row");

static void check(const struct spec *s, struct problems *p)
{
	const struct share *h = s->part[FEATURE_NAMESPACE_SHARE];
	struct err *e;

	if (!h->of[MNT].s || !rootfs_path(s) || !(e = problems_next(p)))
		return;
	(void)err_say(e, EINVAL, "a container in the mount namespace of %s cannot have a rootfs of its own",
		      h->of[MNT].s);
	err_key(e, kinds[MNT].key, h->of[MNT].at);
	err_hint(e, "take lxc.rootfs.path out of the config, or lxc.namespace.share.mnt");
}

const struct feature namespace_share_feature = {
	.name = "namespace_share",
	FEATURE_TEXT("Namespaces of others",
		     "Namespaces that the container joins in place of getting its own: those of a "
		     "process, of another container, or of a file below /proc or /run."),
	.size = sizeof(struct share),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
	.check = check,
};

uint64_t namespace_share_flags(const struct spec *s)
{
	const struct share *h = s->part[FEATURE_NAMESPACE_SHARE];
	uint64_t flags = 0;

	for (size_t i = 0; i < RUN_SHARED; i++)
		if (h->of[i].s)
			flags |= kinds[i].flag;
	return flags;
}

bool namespace_shares(const struct plan *p)
{
	return namespace_share_flags(p->spec);
}

static int open_of_pid(pid_t pid, const char *ns, struct err *e)
{
	char path[64];
	int fd, error;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	error = errno;
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (error == ENOENT && access(path, F_OK) < 0)
		return err_say(e, ESRCH, "there is no process %d whose %s namespace could be shared", (int)pid, ns);
	if (error == ENOENT)
		return err_say(e, ENOTSUP, "this kernel has no %s namespaces", ns);
	return err_num(e, error, "open", "the %s namespace of process %d", ns, (int)pid);
}

/* Of a running container; the state is read once more behind the open, for its init's number to be still its own. */
static int open_of_container(const char *lxcpath, const char *name, const char *ns, struct err *e)
{
	_own_fd int fd = -1;
	pid_t init = 0;

	for (int turn = 0; turn < 2; turn++) {
		struct status s;
		int x = state_read(lxcpath, name, &s, e);

		if (x < 0)
			return x;
		status_free(&s);
		if (s.state == STOPPED || s.init_pid <= 0 || (turn && s.init_pid != init)) {
			x = err_say(e, ESRCH, "%s, whose %s namespace is to be shared, is not running", name, ns);
			err_hint(e, "start it first: lxc-start -P %s -n %s", lxcpath, name);
			return x;
		}
		init = s.init_pid;
		if (!turn && (fd = open_of_pid(init, ns, e)) < 0)
			return fd;
	}
	return take_fd(&fd);
}

/* A namespace file; a folder is a container's. */
static int open_of_path(const char *path, const char *ns, struct err *e)
{
	const char *name = strrchr(path, '/') + 1;
	_own_free char *lxcpath = NULL;
	struct stat st;
	int fd;

	if (stat(path, &st) < 0)
		return err_sys(e, "open", "%s, whose %s namespace is to be shared", path, ns);
	if (S_ISDIR(st.st_mode)) {
		lxcpath = strndup(path, name - path > 1 ? (size_t)(name - path - 1) : 1);
		return lxcpath ? open_of_container(lxcpath, name, ns, e) : err_num(e, ENOMEM, "hold", "a path");
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? err_sys(e, "open", "%s, whose %s namespace is to be shared", path, ns) : fd;
}

static int open_whose(const struct plan *p, const char *whose, const char *ns, struct err *e)
{
	int64_t pid;

	if (whose[0] == '/')
		return open_of_path(whose, ns, e);
	if (num_i64(whose, 1, INT_MAX, &pid) == 0)
		return open_of_pid((pid_t)pid, ns, e);
	return open_of_container(p->lxcpath, whose, ns, e);
}

/* One's own user namespace cannot be entered, and need not be. */
static int is_own_user(int fd)
{
	struct stat own, other;

	return stat("/proc/self/ns/user", &own) == 0 && fstat(fd, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

static int open_one(struct run *r, size_t kind, struct err *e)
{
	const struct share *h = plan_part(r->plan, FEATURE_NAMESPACE_SHARE);
	const char *whose = h->of[kind].s, *ns = kinds[kind].name;
	_own_fd int fd = open_whose(r->plan, whose, ns, e);

	if (fd < 0)
		return fd;
	if (ioctl(fd, NS_GET_NSTYPE) != (int)kinds[kind].flag)
		return err_say(e, EINVAL, "%s is not a %s namespace", whose, ns);
	if (kind == USER && is_own_user(fd))
		return 0;
	if (kind == USER)
		return err_say(e, ENOTSUP, "the user namespace of %s is another one, which cannot be shared", whose);
	r->share_fd[kind] = take_fd(&fd);
	return 0;
}

/*
 * Leaves: r->share_fd, which hold the namespaces: whoever had them may end from here on.
 */
int namespace_share_open(struct run *r, struct err *e)
{
	const struct share *h = plan_part(r->plan, FEATURE_NAMESPACE_SHARE);

	for (size_t i = 0; i < RUN_SHARED; i++) {
		int x = h->of[i].s ? open_one(r, i, e) : 0;

		if (x < 0) {
			err_key(e, kinds[i].key, h->of[i].at);
			return x;
		}
	}
	return 0;
}

void namespace_share_close(struct run *r)
{
	for (size_t i = 0; i < RUN_SHARED; i++)
		close_fd(&r->share_fd[i]);
}

int namespace_share_join(const struct run *r, struct err *e)
{
	const struct share *h = plan_part(r->plan, FEATURE_NAMESPACE_SHARE);

	for (size_t i = 0; i < RUN_SHARED; i++) {
		if (r->share_fd[i] < 0 || setns(r->share_fd[i], (int)kinds[i].flag) == 0)
			continue;
		(void)err_sys(e, "join", "the %s namespace of %s", kinds[i].name, h->of[i].s);
		err_key(e, kinds[i].key, h->of[i].at);
		return -EPERM;
	}
	return 0;
}
