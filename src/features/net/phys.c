/* SPDX-License-Identifier: MIT */
/*
 * lxc.net.#.type = phys: a device of the host's that moves into the container, and back.
 *
 * Before it moves, the journal (the file "phys" in the runtime folder) says what it was. The container's
 * network namespace is pinned beside it (a bind mount on the file "netns"): were it to end first, the
 * kernel would return hardware under its new name, and would delete what is virtual (a vlan, a veth).
 * Both files outlive a killed keeper, so that the next command can bring the devices back.
 */
#include "features/net/nic.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

static const char journal[] = "phys", pin[] = "netns";

enum { JOURNAL_MOST = 64 << 10 };

struct moved {
	int64_t inner; /* its index in the container */
	char name[IFNAMSIZ];
	int64_t mtu, master, up;
	unsigned char mac[MAC_LEN];
};

static int parse_line(char *line, struct moved *m)
{
	_own_strv struct strv w = { 0 };

	if (strv_split(&w, line, " ") < 0 || w.n != 6 || !link_name_valid(w.v[1]))
		return -EINVAL;
	if (num_i64(w.v[0], 1, INT32_MAX, &m->inner) < 0 || str_copy(m->name, sizeof(m->name), w.v[1]) < 0 ||
	    num_i64(w.v[2], 0, INT32_MAX, &m->mtu) < 0 || mac_parse(w.v[3], m->mac) < 0 ||
	    num_i64(w.v[4], 0, INT32_MAX, &m->master) < 0 || num_i64(w.v[5], 0, 1, &m->up) < 0)
		return -EINVAL;
	return 0;
}

/* The journal with one line more, or with the line of that device told anew. */
static int note(struct run *run, int inner, const struct link *l, struct err *e)
{
	_own_buf struct buf b = { 0 };
	_own_free char *old = NULL;
	char mac[MAC_TEXT];
	struct moved m;

	if (run->runtime_fd < 0)
		return 0;
	mac_print(l->mac, mac);
	if (io_read_file(run->runtime_fd, journal, JOURNAL_MOST, &old, NULL) == 0) {
		_own_strv struct strv lines = { 0 };

		if (strv_split(&lines, old, "\n") < 0)
			return -ENOMEM;
		for (size_t i = 0; i < lines.n; i++) {
			_own_free char *copy = strdup(lines.v[i]);

			if (copy && parse_line(copy, &m) == 0 && strcmp(m.name, l->name) != 0)
				buf_addf(&b, "%s\n", lines.v[i]);
		}
	}
	buf_addf(&b, "%d %s %u %s %d %d\n", inner, l->name, l->mtu, mac, l->master, l->flags & IFF_UP ? 1 : 0);
	if (b.failed)
		return err_num(e, ENOMEM, "note", "what %s is", l->name);
	return io_replace_file_fast(run->runtime_fd, journal, b.s, b.len, 0600, e);
}

/* Once for all devices of the container. */
static int pin_namespace(struct run *run, int netns_fd, struct err *e)
{
	_own_fd int tree = -1, file = -1;

	if (run->runtime_fd < 0)
		return 0;
	file = openat(run->runtime_fd, pin, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0 && errno == EEXIST)
		return 0;
	if (file < 0)
		return err_sys(e, "create", "%s in the runtime folder", pin);
	tree = (int)syscall(SYS_open_tree, netns_fd, "",
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH); /* Linux 5.2 */
	if (tree < 0 ||
	    syscall(SYS_move_mount, tree, "", file, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "pin", "the container's network namespace");
	return 0;
}

static void unpin_namespace(struct run *run)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", run->runtime_fd, pin);
	(void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); /* fails where the pin was not yet a mount */
	(void)unlinkat(run->runtime_fd, pin, 0);
}

struct prefix {
	const char *text;
	struct link best;
};

static int match_prefix(const struct link *l, void *arg)
{
	struct prefix *p = arg;

	if (str_starts(l->name, p->text))
		p->best = *l;
	return 0;
}

/* "enp3+" is the last device whose name begins so. */
static int find_device(const struct nic_job *j, struct link *out, struct err *e)
{
	_own_free char *text = strdup(j->nic->link.s);
	struct prefix p = { .text = text };
	int r;

	if (!text)
		return -ENOMEM;
	if (!str_ends(text, "+"))
		return nic_find_link(j, "move into the container", out, e);
	text[strlen(text) - 1] = 0;
	r = link_each(j->nl, match_prefix, &p);
	if (r == 0 && !p.best.index)
		r = -ENODEV;
	if (r < 0) {
		r = err_num(e, -r, "move into the container", "%s", j->nic->link.s);
		return nic_blame(j, r, "link", j->nic->link.at, e);
	}
	*out = p.best;
	return 0;
}

static int move_in(const struct nic_job *j, const struct link *l, int netns_fd, const char *inner, struct err *e)
{
	const struct nic *nic = j->nic;
	unsigned char mac[MAC_LEN];
	struct link_want w = { .name = inner, .mtu = nic_mtu(nic), .netns_fd = netns_fd };
	int r;

	if (nic->hwaddr.s && mac_parse(nic->hwaddr.s, mac) == 0)
		w.mac = mac;
	r = link_change(j->nl, l->index, &w);
	if (r == 0)
		return 0;
	r = err_num(e, -r, "move into the container", "%s", l->name);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		err_hint(e, "some devices (bridges, wireless ones without their phy) cannot change their network "
			    "namespace");
	return nic_blame(j, r, "link", nic->link.at, e);
}

/* In the container it may have got another index. */
static int note_inner(struct nic_job *j, const struct link *l, int netns_fd, const char *inner, struct err *e)
{
	_own_nl struct nl there = NL_CLOSED;
	struct link in;
	int r = netns_nl_open(&there, netns_fd, e);

	if (r < 0)
		return r;
	r = link_get(&there, inner, &in);
	if (r < 0)
		return err_num(e, -r, "find", "%s in the container", inner);
	return in.index == l->index ? 0 : note(j->run, in.index, l, e);
}

int phys_make(struct nic_job *j, struct err *e)
{
	_own_fd int netns_fd = netns_of_pid(j->run->init_pid);
	char inner[IFNAMSIZ];
	struct link l;
	int r;

	if (netns_fd < 0)
		return err_num(e, -netns_fd, "open", "the container's network namespace");
	r = find_device(j, &l, e);
	if (r == 0)
		r = pin_namespace(j->run, netns_fd, e);
	if (r == 0)
		r = note(j->run, l.index, &l, e);
	if (r < 0)
		return r;
	nic_birth_name(j->net, j->nth, inner);
	(void)!str_copy(j->state->host, sizeof(j->state->host), l.name);
	r = move_in(j, &l, netns_fd, inner, e);
	return r < 0 ? r : note_inner(j, &l, netns_fd, inner, e);
}

/*
 * Brings one device home: first itself under its old name, then its settings, one by one, since a driver
 * may refuse one of them.
 */
static void bring_back(struct nl *here, struct nl *there, int home_fd, const struct moved *m)
{
	struct link_want home = { .name = m->name, .netns_fd = home_fd, .down = true };
	struct link_want mac = { .mac = m->mac }, mtu = { .mtu = (unsigned)m->mtu },
			 master = { .master = (int)m->master }, up = { .up = true };
	struct link l;

	if (link_get(here, m->name, &l) == 0) /* it never left, or is back already */
		return;
	if (link_change(there, (int)m->inner, &home) < 0 || link_get(here, m->name, &l) < 0)
		return;
	if (memcmp(l.mac, m->mac, MAC_LEN) != 0)
		(void)!link_change(here, l.index, &mac);
	if (l.mtu != (unsigned)m->mtu)
		(void)!link_change(here, l.index, &mtu);
	if (m->master)
		(void)!link_change(here, l.index, &master);
	if (m->up)
		(void)!link_change(here, l.index, &up);
}

static void bring_all_back(char *text, int netns_fd)
{
	_own_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_own_nl struct nl here = NL_CLOSED, there = NL_CLOSED;
	_own_strv struct strv lines = { 0 };
	struct err ignored = { 0 };
	struct moved m;

	if (home < 0 || nl_open(&here, &ignored) < 0 || netns_nl_open(&there, netns_fd, &ignored) < 0 ||
	    strv_split(&lines, text, "\n") < 0)
		return;
	for (size_t i = 0; i < lines.n; i++)
		if (parse_line(lines.v[i], &m) == 0)
			bring_back(&here, &there, home, &m);
}

void phys_undo(struct run *run)
{
	_own_free char *text = NULL;
	_own_fd int netns_fd = -1;

	if (run->runtime_fd < 0)
		return;
	netns_fd = openat(run->runtime_fd, pin, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (netns_fd < 0)
		return;
	if (io_read_file(run->runtime_fd, journal, JOURNAL_MOST, &text, NULL) == 0)
		bring_all_back(text, netns_fd);
	(void)unlinkat(run->runtime_fd, journal, 0);
	unpin_namespace(run);
}
