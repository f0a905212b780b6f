/* SPDX-License-Identifier: MIT */
/* lxc.console.*: the pty that is init's terminal and /dev/console, and where its output goes. */
#include "features/console.h"

#include "base/beneath.h"
#include "base/num.h"
#include "base/own.h"
#include "features/dev.h"
#include "features/init.h"
#include "features/pts.h"
#include "features/pts_again.h"
#include "features/rootfs.h"
#include "features/tty.h"
#include "features/userns.h"
#include "spec/key.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OLD_MOST = 99 };

struct console {
	struct text path, log;
	struct number buffer, size, rotate;
};

static int old_number(const char *text, long long *out)
{
	uint64_t n = 0;
	int x = num_u64_c(text, OLD_MOST, &n);

	*out = (long long)n;
	return x;
}

static const struct type type_old = { .name = "number", .shape = SHAPE_NUMBER, .number = old_number };

static const struct key keys[] = {
	{
		.name = "lxc.console.path",
		.type = &type_path,
		.field = offsetof(struct console, path),
		.values = "the path of a device or file, or none",
		.help = "What the console is connected to, besides those who attach to it. none: there is no console.",
		.since = "2.1",
		.good = { "none", "/dev/tty9" },
	},
	{
		.name = "lxc.console.logfile",
		.type = &type_path,
		.field = offsetof(struct console, log),
		.values = "the path of a file",
		.help = "Where all that the console shows is appended.",
		.since = "1.1",
		.good = { "/var/log/lxc/web1-console.log" },
	},
	{
		.name = "lxc.console.buffer.size",
		.type = &type_size,
		.field = offsetof(struct console, buffer),
		.values = "a size in bytes, KB, MB or GB, or auto (128 KiB)",
		.help = "How much of the console's output is kept in memory, rounded up to a power of two.",
		.since = "3.0",
		.good = { "auto", "64KB", "4096" },
		.bad = { "1TB", "large" },
	},
	{
		.name = "lxc.console.size",
		.type = &type_size,
		.field = offsetof(struct console, size),
		.values = "a size in bytes, KB, MB or GB, or auto (128 KiB)",
		.help = "How long the log file may become, rounded up to a power of two.",
		.since = "3.0",
		.good = { "1MB", "8192" },
		.bad = { "1TB", "large" },
	},
	{
		.name = "lxc.console.rotate",
		.type = &type_old,
		.field = offsetof(struct console, rotate),
		.values = "a number up to 99",
		.help = "How many old log files are kept: one that has become too long is then renamed to FILE.1, what "
			"was that to FILE.2, and so on. 0: it is cut.",
		.since = "3.0",
		.good = { "0", "1", "3" },
		.bad = { "100", "yes" },
	},
};

const struct feature console_feature = {
	FEATURE_TEXT("Console", "Where /dev/console of the container leads."),
	.name = "console",
	.size = sizeof(struct console),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

static const struct console *part(const struct plan *p)
{
	return plan_part(p, FEATURE_CONSOLE);
}

bool console_is_none(const struct spec *s)
{
	const struct console *c = s->part[FEATURE_CONSOLE];

	return c->path.s && strcmp(c->path.s, "none") == 0;
}

bool console_wanted(const struct plan *p)
{
	return !console_is_none(p->spec);
}

bool console_inside(const struct plan *p)
{
	return console_wanted(p) && pts_has_console(p);
}

/*
 * Leaves: r->console_host_fd, a new pty of the host's devpts, unless the container has one to take it from.
 */
int console_open_host(struct run *r, struct err *e)
{
	int master;

	if (!console_wanted(r->plan) || console_inside(r->plan))
		return 0;
	master = pts_new_host(r->plan, e);
	if (master < 0)
		return master;
	r->console_host_fd = master;
	return 0;
}

void console_undo(struct run *r)
{
	close_fd(&r->console_host_fd);
}

/*
 * Needs:  devpts; before tty.open, so that the console is pts/0.
 * Leaves: the console's master on the way to KEEPER, r->console_fd its slave.
 */
int console_open(struct run *r, struct err *e)
{
	int master = pts_new(r, &r->console_fd, e);

	return master < 0 ? master : run_give(r, SLOT_CONSOLE, master, e);
}

/*
 * A mount of the slave. The host's pty was opened before the clone, in a mount namespace of which nothing
 * can be copied any more; by its number it is found in our copy of the host's devpts, and compared.
 */
static int copy_slave(const struct run *r, struct err *e)
{
	struct stat is, wanted;
	unsigned n;
	char path[32];
	int copy;

	if (r->console_host_fd < 0) {
		copy = mount_copy(r->console_fd, "", 0);
		return copy < 0 ? err_num(e, -copy, "bind", "the console's pty") : copy;
	}
	if (ioctl(r->console_host_fd, TIOCGPTN, &n) < 0)
		return err_sys(e, "ask for the number of", "the console's pty");
	(void)snprintf(path, sizeof(path), "/dev/pts/%u", n);
	copy = mount_copy(AT_FDCWD, path, 0);
	if (copy < 0)
		return err_num(e, -copy, "bind", "%s as the console", path);
	if (fstat(copy, &is) == 0 && fstat(r->console_fd, &wanted) == 0 && is.st_dev == wanted.st_dev &&
	    is.st_ino == wanted.st_ino)
		return copy;
	(void)close(copy);
	return err_say(e, EXDEV, "/dev/ptmx and /dev/pts of the host do not belong together");
}

static int put(const struct run *r, int dev, const char *dir, struct err *e)
{
	_own_free char *name = str_fmt("%s%sconsole", dir ? dir : "", dir ? "/" : "");
	_own_fd int copy = copy_slave(r, e);

	if (copy < 0)
		return copy;
	return name ? dev_put(dev, name, copy, e) : err_num(e, ENOMEM, "hold", "a name");
}

/*
 * Needs:  console.open, or the host's pty and the host's /dev/pts within reach.
 * Leaves: r->console_fd; the console on /dev/console and, if lxc.tty.dir is set, in that folder, too.
 */
int console_bind(struct run *r, struct err *e)
{
	const char *dir = tty_dir(r->plan);
	_own_fd int dev = -1;
	int x;

	if (r->console_fd < 0) {
		x = pts_slave(r->console_host_fd);
		if (x < 0)
			return err_num(e, -x, "open", "the console");
		r->console_fd = x;
	}
	if (fchmod(r->console_fd, 0620) < 0)
		return err_sys(e, "change", "the mode of the console");
	if (!rootfs_private(r->plan))
		return 0;
	dev = dev_open(r, e);
	if (dev < 0)
		return dev;
	x = dir ? put(r, dev, dir, e) : 0;
	return x < 0 ? x : put(r, dev, NULL, e);
}

/* Something of init's stdio is the console: all but an lxc-execute whose three are files or pipes. */
static bool is_stdio(const struct plan *p)
{
	return p->stdio[0] < 0 || p->stdio[1] < 0 || p->stdio[2] < 0;
}

/*
 * Needs:  root.pivot.
 * Leaves: the console as LXC 5.0 leaves what becomes init's stdio: mode 0700, owned by init's user. It does
 *	   so only where there is a /dev/null in the container.
 */
int console_own(struct run *r, struct err *e)
{
	_own_fd int null = beneath_open(r->root_fd >= 0 ? r->root_fd : AT_FDCWD, "dev/null", O_PATH, 0);
	uid_t uid;
	gid_t gid;

	if (null < 0 || !is_stdio(r->plan))
		return 0;
	init_ids_of(r->plan->spec, &uid, &gid);
	if (fchmod(r->console_fd, 0700) < 0)
		return err_sys(e, "change", "the mode of the console");
	/* EPERM: a pty of the host's devpts, whose group tty is not mapped */
	if (uid && fchown(r->console_fd, uid, (gid_t)-1) < 0 && !(errno == EPERM && userns_own(r->plan)))
		return err_sys(e, "give", "the console to user %u", uid);
	return 0;
}

/*
 * Of a container that was adopted. Leaves: the console's new master, as a start leaves it.
 */
int console_open_again(struct run *r, struct err *e)
{
	const char *second = tty_dir(r->plan);
	int master, x;

	if (console_inside(r->plan)) {
		master = pts_again(r, "console", ".", second, e);
		return master < 0 ? master : run_give(r, SLOT_CONSOLE, master, e);
	}
	x = console_open_host(r, e);
	if (x == 0)
		x = pts_put_again(r, r->console_host_fd, "console", ".", second, e);
	if (x < 0)
		console_undo(r);
	return x;
}

const char *console_log_path(const struct plan *p)
{
	return part(p)->log.s ? part(p)->log.s : "";
}

long long console_log_size(const struct plan *p)
{
	return part(p)->size.n;
}

long long console_buffer_size(const struct plan *p)
{
	return part(p)->buffer.n;
}

unsigned console_old_logs(const struct plan *p)
{
	return (unsigned)part(p)->rotate.n;
}

int console_blame_log(const struct plan *p, int error, struct err *e)
{
	const struct text *t = &part(p)->log;

	(void)err_num(e, error, "open the console's log", "%s", t->s);
	err_key(e, "lxc.console.logfile", t->at);
	if (error == ENOENT)
		err_hint(e, "create the folder that it is to be in");
	if (error == ETIMEDOUT)
		err_hint(e, "its disk does not answer: what the console shows last is written when it does");
	return -error;
}

int console_open_peer(const struct plan *p, int *fd, struct err *e)
{
	const struct text *t = &part(p)->path;
	int x;

	*fd = -1;
	if (!console_wanted(p) || !t->s)
		return 0;
	*fd = open(t->s, O_RDWR | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	x = err_sys(e, "open the console", "%s", t->s);
	err_key(e, "lxc.console.path", t->at);
	if (x == -ENOENT)
		err_hint(e, "create the folder that it is to be in");
	return x;
}
