/* SPDX-License-Identifier: MIT */
/* lxc.init.*, lxc.execute.cmd: which program becomes pid 1, as whom, where, with what on fds 0 to 2. */
#include "features/init.h"

#include "base/beneath.h"
#include "base/io.h"
#include "base/own.h"
#include "base/spawn.h"
#include "engine/paths.h"
#include "features/environ.h"
#include "features/init_refused.h"
#include "features/namespace_share.h"
#include "features/ready.h"
#include "features/rootfs.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define DEFAULT_INIT "/sbin/init"

struct init {
	struct text cmd, execute, cwd;
	struct number uid, gid;
	struct list groups;
};

static int check_gid(const char *text, struct err *e)
{
	long long v;

	(void)e;
	return type_u32.number(text, &v);
}

static const struct type type_gids = { .name = "gids", .shape = SHAPE_LIST, .comma = ',' };

static const struct key keys[] = {
	{
		.name = "lxc.init.cmd",
		.type = &type_text,
		.field = offsetof(struct init, cmd),
		.values = "a command with its arguments; quotes keep words together",
		.help = "The program that lxc-start runs as pid 1; /sbin/init without it.",
		.since = "2.1",
		.good = { "/sbin/init splash" },
	},
	{
		.name = "lxc.execute.cmd",
		.type = &type_text,
		.field = offsetof(struct init, execute),
		.values = "a command with its arguments",
		.help = "The program that lxc-execute runs where it is given none.",
		.since = "3.0",
		.good = { "/bin/true" },
	},
	{
		.name = "lxc.init.uid",
		.type = &type_u32,
		.field = offsetof(struct init, uid),
		.values = "a user id",
		.help = "The user that init runs as, in the container's ids.",
		.since = "2.1",
		.good = { "1000" },
		.bad = { "-1", "root" },
	},
	{
		.name = "lxc.init.gid",
		.type = &type_u32,
		.field = offsetof(struct init, gid),
		.values = "a group id",
		.help = "The group that init runs as, in the container's ids.",
		.since = "2.1",
		.good = { "1000" },
		.bad = { "-1", "root" },
	},
	{
		.name = "lxc.init.groups",
		.type = &type_gids,
		.field = offsetof(struct init, groups),
		.values = "group ids, parted by commas",
		.help = "The supplementary groups of init; none without it.",
		.since = "5.0",
		.good = { "7,8" },
		.bad = { "wheel", "1,x" },
		.check = check_gid,
	},
	{
		.name = "lxc.init.cwd",
		.type = &type_path,
		.field = offsetof(struct init, cwd),
		.values = "a path in the container",
		.help = "The folder that init starts in; made where it is missing.",
		.since = "3.0",
		.good = { "/root" },
	},
};

const struct feature init_feature = {
	FEATURE_TEXT("Init", "The first process of the container: what it runs, as whom, and where."),
	.name = "init",
	.size = sizeof(struct init),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

/* White space parts words, "..." and '...' keep it; there are no escapes (LXC 7.0's rule). */
static int split_command(const char *text, struct strv *argv)
{
	_own_buf struct buf word = { 0 };
	bool open = false;
	char quote = 0;

	for (const char *c = text;; c++) {
		if (quote ? *c == quote : *c == '"' || *c == '\'') {
			quote = quote ? 0 : *c;
			open = true;
		} else if (*c && (quote || !strchr(" \t", *c))) {
			buf_add(&word, c, 1);
			open = true;
		} else if (open) {
			_own_free char *s = buf_take(&word);

			if (!s || strv_add(argv, s) < 0)
				return -ENOMEM;
			open = false;
		}
		if (!*c)
			return quote ? -EINVAL : 0;
	}
}

int init_command(const struct spec *s, bool use_init, struct strv *argv, struct err *e)
{
	const struct init *i = s->part[FEATURE_INIT];
	const struct text *t = use_init && i->execute.s ? &i->execute : &i->cmd;
	int r;

	if (!t->s && use_init) {
		r = err_say(e, ENOENT, "no command to execute");
		err_hint(e, "give one behind \"--\", or set lxc.execute.cmd");
		return r;
	}
	r = split_command(t->s ? t->s : DEFAULT_INIT, argv);
	if (r < 0 || !argv->n)
		r = err_say(e, EINVAL, "an open quote in the command %s", t->s);
	if (r < 0 && t->s)
		err_key(e, t == &i->cmd ? "lxc.init.cmd" : "lxc.execute.cmd", t->at);
	return r;
}

/* The host's own system, booted a second time on its own files, empties /tmp and starts its services again. */
int init_refuse_hosts(const struct spec *s, const char *program, struct err *e)
{
	const struct init *i = s->part[FEATURE_INIT];
	int r;

	if (rootfs_path(s) || namespace_share_flags(s) & CLONE_NEWNS || strcmp(program, DEFAULT_INIT) != 0)
		return 0;
	r = err_say(e, EINVAL, "without a rootfs %s is the host's own, and would boot on the host's files", program);
	if (i->cmd.s)
		err_key(e, "lxc.init.cmd", i->cmd.at);
	err_hint(e, "set lxc.rootfs.path, or name another program by lxc.init.cmd or behind \"--\"");
	return r;
}

void init_ids_of(const struct spec *s, uid_t *uid, gid_t *gid)
{
	const struct init *i = s->part[FEATURE_INIT];

	*uid = (uid_t)i->uid.n;
	*gid = (gid_t)i->gid.n;
}

bool init_is_ours(const struct plan *p)
{
	return p->use_init;
}

/*
 * Leaves: r->init_fd, a sealed copy of keg-init: nothing appears in the rootfs, and a hostile payload
 *	   that opens /proc/1/exe finds no file of the host's.
 */
int init_open_ours(struct run *r, struct err *e)
{
	_own_free char *path = path_libexec("keg-init"), *data = NULL;
	size_t len;
	int fd, x = path ? io_read_file(AT_FDCWD, path, 16 << 20, &data, &len) : -ENOMEM;

	if (x < 0)
		return err_num(e, -x, "read", "%s", path ? path : "keg-init");
	fd = memfd_create("keg-init", MFD_ALLOW_SEALING | 0x0010U /* MFD_EXEC, Linux 6.3 */);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("keg-init", MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, "make", "a memfd");
	r->init_fd = fd;
	x = io_write_all(fd, data, len);
	if (x == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		x = -errno;
	return x < 0 ? err_num(e, -x, "copy", "%s", path) : 0;
}

static int place_stdio(struct run *r, struct err *e)
{
	_own_fd int null = -1;

	for (int i = 0; i < 3; i++) {
		int from = r->plan->stdio[i] >= 0 ? r->plan->stdio[i] : r->console_fd;

		if (from < 0 && null < 0)
			null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (from < 0)
			from = null;
		/* No console and no /dev/null inside: the keeper's own, which is the host's /dev/null. */
		if (from >= 0 && from != i && dup2(from, i) < 0)
			return err_sys(e, "place", "fd %d", i);
	}
	return 0;
}

/*
 * Leaves:   a session of init's own, its console as fds 0 to 2.
 * Mustn't:  make the console its controlling terminal: a getty or shell that init starts on it takes it,
 *	     and could not if it were init's.
 */
int init_session(struct run *r, struct err *e)
{
	if (setsid() < 0)
		return err_sys(e, "begin", "a session");
	return place_stdio(r, e);
}

bool init_has_cwd(const struct plan *p)
{
	const struct init *i = plan_part(p, FEATURE_INIT);

	return i->cwd.s;
}

int init_cwd(struct run *r, struct err *e)
{
	const struct init *i = plan_part(r->plan, FEATURE_INIT);
	_own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_own_fd int fd = root < 0 ? -errno : beneath_mkdir_p(root, i->cwd.s, 0755);

	if (fd >= 0 && fchdir(fd) == 0)
		return 0;
	(void)err_num(e, fd < 0 ? -fd : errno, "enter", "%s", i->cwd.s);
	err_key(e, "lxc.init.cwd", i->cwd.at);
	return -EIO;
}

static int set_groups(const struct init *i, struct err *e)
{
	_own_free gid_t *gid = calloc(i->groups.n + 1, sizeof(*gid));

	if (!gid)
		return err_num(e, ENOMEM, "hold", "the supplementary groups");
	for (size_t n = 0; n < i->groups.n; n++) {
		long long v = 0;

		(void)type_u32.number(i->groups.v[n].text, &v);
		gid[n] = (gid_t)v;
	}
	if (setgroups(i->groups.n, gid) < 0) {
		int x = -errno;

		if (x == -EPERM && !i->groups.n) /* a user namespace where nobody may (setgroups: deny) */
			return 0;
		(void)err_num(e, -x, "set", "the supplementary groups");
		if (i->groups.n)
			err_key(e, "lxc.init.groups", i->groups.v[0].at);
		return x;
	}
	return 0;
}

/*
 * Needs:  all that takes root to be done.
 * Leaves: the ids of init; the parent-death signal, which a change of ids clears, set again.
 */
int init_ids(struct run *r, struct err *e)
{
	const struct init *i = plan_part(r->plan, FEATURE_INIT);
	int pdeath = 0, x;
	uid_t uid;
	gid_t gid;

	init_ids_of(r->plan->spec, &uid, &gid);
	(void)prctl(PR_GET_PDEATHSIG, &pdeath, 0, 0, 0);
	x = set_groups(i, e);
	if (x < 0)
		return x;
	if (setresgid(gid, gid, gid) < 0)
		return err_sys(e, "become", "group %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return err_sys(e, "become", "user %u", uid);
	(void)prctl(PR_SET_PDEATHSIG, (unsigned long)pdeath, 0, 0, 0);
	return 0;
}

static int refuse_exec(const struct init *i, const char *program, struct err *e)
{
	int error = errno, x = err_num(e, error, "run", "%s", program);

	if (i->cmd.s)
		err_key(e, "lxc.init.cmd", i->cmd.at);
	init_hint_refused(program, error, e);
	return x;
}

/*
 * Needs:    everything else.
 * Mustn't:  hand anything on: all fds but 0 to 2 close at the exec.
 */
int init_exec(struct run *r, struct err *e)
{
	const struct init *i = plan_part(r->plan, FEATURE_INIT);
	char **argv = r->plan->argv;
	_own_strv struct strv env = { 0 };
	sigset_t none;

	if (environ_of_init(r->plan->spec, &env) < 0 || ready_environ(r->plan->spec, &env) < 0)
		return err_num(e, ENOMEM, "hold", "the environment");
	for (int n = 1; n < _NSIG; n++)
		(void)signal(n, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (r->init_fd >= 0) {
		(void)fcntl(r->init_fd, F_SETFD, FD_CLOEXEC);
		(void)fexecve(r->init_fd, argv, env.v);
	} else {
		environ = env.v; /* its PATH, not the keeper's */
		errno = -exec_along_path(argv[0], argv, env.v);
	}
	return refuse_exec(i, argv[0], e);
}
