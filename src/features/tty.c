/* SPDX-License-Identifier: MIT */
/* lxc.tty.*, lxc.pty.max: the ttys on which the container runs its logins, handed out by lxc-console. */
#include "features/tty.h"

#include "base/beneath.h"
#include "base/own.h"
#include "features/dev.h"
#include "features/pts.h"
#include "features/pts_again.h"
#include "features/rootfs.h"
#include "spec/key.h"
#include "sys/mount.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

struct tty {
	struct number max, pty_max;
	struct text dir;
};

/* One name: the folder is made in a /dev of ours, and links lead into it. */
static int check_dir(const char *text, struct err *e)
{
	(void)e;
	if (strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return -EINVAL;
	return strlen(text) > NAME_MAX ? -ENAMETOOLONG : 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.tty.max",
		.type = &type_u32,
		.field = offsetof(struct tty, max),
		.values = "a number",
		.help = "How many /dev/ttyN the container has; lxc-console connects to them.",
		.since = "2.1",
		.good = { "4" },
		.bad = { "-1", "many" },
	},
	{
		.name = "lxc.tty.dir",
		.type = &type_path,
		.field = offsetof(struct tty, dir),
		.values = "the name of a folder in /dev",
		.help = "Where the console and the ttys are made; /dev/ttyN are then links into it.",
		.since = "2.1",
		.good = { "lxc" },
		.bad = { "..", "a/b", "/dev/lxc" },
		.check = check_dir,
	},
	{
		.name = "lxc.pty.max",
		.type = &type_u32,
		.field = offsetof(struct tty, pty_max),
		.values = "a number",
		.help = "How many ptys the container may have, in a devpts of its own. 0: it has none.",
		.since = "2.1",
		.good = { "1024" },
		.bad = { "-1", "many" },
	},
};

const struct feature tty_feature = {
	FEATURE_TEXT("Terminals", "Pseudo terminals of the container."),
	.name = "tty",
	.size = sizeof(struct tty),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

long long tty_pty_max(const struct spec *s)
{
	const struct tty *t = s->part[FEATURE_TTY];

	return t->pty_max.n;
}

long long tty_max(const struct spec *s)
{
	const struct tty *t = s->part[FEATURE_TTY];

	return t->max.n;
}

const char *tty_dir(const struct plan *p)
{
	const struct tty *t = plan_part(p, FEATURE_TTY);

	return rootfs_own(p) ? t->dir.s : NULL;
}

bool tty_wanted(const struct plan *p)
{
	return rootfs_private(p) && tty_max(p->spec) > 0;
}

/* A pty upon /dev/ttyN, or upon /dev/DIR/ttyN with a link to it. */
static int place(const struct run *r, int dev, unsigned n, int slave, struct err *e)
{
	const char *dir = tty_dir(r->plan);
	_own_free char *name = str_fmt("tty%u", n), *at = str_fmt("%s%stty%u", dir ? dir : "", dir ? "/" : "", n);
	_own_fd int copy = -1;
	int x;

	if (!name || !at)
		return err_num(e, ENOMEM, "hold", "a name");
	copy = mount_copy(slave, "", 0);
	if (copy < 0)
		return err_num(e, -copy, "bind", "the pty of /dev/%s", at);
	x = dev_put(dev, at, copy, e);
	if (x < 0 || !dir)
		return x;
	x = beneath_symlink(dev, at, name);
	return x < 0 && x != -EEXIST ? err_num(e, -x, "link", "/dev/%s", name) : 0;
}

/*
 * Needs:   devpts, or still the host's; behind console.open, which gets the lowest number.
 * Leaves:  a pty for every tty, its master on the way to KEEPER, its slave on /dev/ttyN.
 * Mustn't: place them for lxc-execute, whose program runs no logins.
 */
int tty_open(struct run *r, struct err *e)
{
	const struct tty *t = plan_part(r->plan, FEATURE_TTY);
	_own_fd int dev = dev_open(r, e);
	int x = dev < 0 ? dev : 0;

	for (unsigned n = 1; x == 0 && n <= t->max.n; n++) {
		_own_fd int slave = -1;
		int master = pts_new(r, &slave, e);

		x = master < 0 ? master : run_give(r, SLOT_TTYS, master, e);
		if (x == 0 && !r->plan->use_init)
			x = place(r, dev, n, slave, e);
	}
	if (x == -EMFILE)
		err_hint(e, "every tty takes an open file: raise ulimit -n, or lower lxc.tty.max");
	if (x < 0)
		err_key(e, "lxc.tty.max", t->max.at);
	return x;
}

static int open_again(const struct run *r, unsigned n, struct err *e)
{
	const char *dir = tty_dir(r->plan) ?: ".";
	_own_free char *name = str_fmt("tty%u", n);
	_own_fd int master = -1;
	int x;

	if (!name)
		return err_num(e, ENOMEM, "hold", "a name");
	if (pts_own(r->plan))
		return pts_again(r, name, dir, NULL, e);
	x = master = pts_new_host(r->plan, e);
	if (x >= 0)
		x = pts_put_again(r, master, name, dir, NULL, e);
	return x < 0 ? x : take_fd(&master);
}

/*
 * Of a container that was adopted. Leaves: new masters, up to the first that cannot be.
 */
int tty_open_again(struct run *r, struct err *e)
{
	int x = 0;

	for (unsigned n = 1; x == 0 && n <= tty_max(r->plan->spec); n++) {
		int master = open_again(r, n, e);

		x = master < 0 ? master : run_give(r, SLOT_TTYS, master, e);
	}
	return x;
}
