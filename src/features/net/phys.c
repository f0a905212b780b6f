/* SPDX-License-Identifier: MIT */
/*
 * lxc.net.#.type = phys: a device of the host's that moves into the container, and back.
 *
 * Before it moves, the journal says what it was: "phys NAME INNER-INDEX MTU MAC MASTER UP [ALTNAME...]". The
 * container's network namespace is pinned in the runtime folder (a bind mount on the file "netns"): were it to end
 * first, the kernel would return hardware under its new name, and would delete what is virtual (a vlan, a veth).
 */
#include "features/net/net.h"

#include "base/num.h"
#include "base/own.h"
#include "features/net/nic.h"
#include "sys/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

static const char pin[] = "netns";

struct moved {
	int64_t inner; /* its index in the container */
	char name[IFNAMSIZ];
	int64_t mtu, master, up;
	unsigned char mac[MAC_LEN];
	char *const *altnames;
	size_t n_altnames;
};

static int parse(char *const *w, size_t n, struct moved *m)
{
	*m = (struct moved){ 0 };
	if (n < 7 || !link_name_valid(w[1]) || str_copy(m->name, sizeof(m->name), w[1]) < 0)
		return -EINVAL;
	if (num_i64(w[2], 1, INT32_MAX, &m->inner) < 0 || num_i64(w[3], 0, INT32_MAX, &m->mtu) < 0 ||
	    mac_parse(w[4], m->mac) < 0 || num_i64(w[5], 0, INT32_MAX, &m->master) < 0 ||
	    num_i64(w[6], 0, 1, &m->up) < 0)
		return -EINVAL;
	m->altnames = w + 7;
	m->n_altnames = n - 7;
	return 0;
}

static int note(struct run *run, int inner, const struct link *l, const struct strv *altnames, struct err *e)
{
	_own_buf struct buf b = { 0 };
	char mac[MAC_TEXT];

	mac_print(l->mac, mac);
	buf_addf(&b, "%d %u %s %d %d", inner, l->mtu, mac, l->master, l->flags & IFF_UP ? 1 : 0);
	for (size_t i = 0; i < altnames->n; i++)
		buf_addf(&b, " %s", altnames->v[i]);
	if (b.failed)
		return err_num(e, ENOMEM, "note", "what %s is", l->name);
	return journal_note(run, "phys", l->name, b.s, e);
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

void phys_unpin(struct run *run)
{
	char path[64];

	if (faccessat(run->runtime_fd, pin, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
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

static int not_found(const struct nic_job *j, int r, struct err *e)
{
	r = err_num(e, -r, "move", "%s into the container", j->nic->link.s);
	if (r == -ENODEV)
		err_hint(e, "the host has no such device: \"ip link\" shows those it has");
	return nic_blame(j, r, "link", j->nic->link.at, e);
}

static int find_one(const struct nic_job *j, const char *name, struct link *out, struct err *e)
{
	int r = link_get(j->nl, name, out);

	return r < 0 ? not_found(j, r, e) : 0;
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
		return find_one(j, text, out, e);
	text[strlen(text) - 1] = 0;
	r = link_each(j->nl, match_prefix, &p);
	if (r == 0 && !p.best.index)
		r = -ENODEV;
	if (r < 0)
		return not_found(j, r, e);
	*out = p.best;
	return 0;
}

/* A device that cannot move by itself is told before anything of it is touched. */
static int refuse_wireless(const struct nic_job *j, const struct link *l, struct err *e)
{
	_own_free char *path = str_fmt("/sys/class/net/%s/phy80211", l->name);
	int r;

	if (!path || access(path, F_OK) < 0)
		return 0;
	r = err_say(e, EOPNOTSUPP,
		    "cannot move %s into the container: it is wireless, and moves only with its whole phy", l->name);
	err_hint(e, "iw phy PHY set netns PID, once the container runs");
	return nic_blame(j, r, "link", j->nic->link.at, e);
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
	r = err_num(e, -r, "move", "%s into the container", l->name);
	if (r == -EINVAL && nic->mtu.s)
		return nic_blame(j, r, "mtu", nic->mtu.at, e);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		err_hint(e, "some devices (bridges, tunnels without a peer) cannot change their network namespace");
	return nic_blame(j, r, "link", nic->link.at, e);
}

/* In the container it may have got another index. */
static int note_inner(struct nic_job *j, const struct link *l, const struct strv *altnames, int netns_fd,
		      const char *inner, struct err *e)
{
	_own_nl struct nl there = NL_CLOSED;
	struct link in;
	int r = netns_nl_open(&there, netns_fd, e);

	if (r < 0)
		return r;
	r = link_get(&there, inner, &in);
	if (r < 0)
		return err_num(e, -r, "find", "%s in the container", inner);
	return in.index == l->index ? 0 : note(j->run, in.index, l, altnames, e);
}

/* Journalled, then moved: under the name `inner`. */
static int give(struct nic_job *j, const struct link *l, const char *inner, struct err *e)
{
	_own_fd int netns_fd = netns_of_pid(j->run->init_pid);
	_own_strv struct strv altnames = { 0 };
	int r;

	if (netns_fd < 0)
		return err_num(e, -netns_fd, "open", "the container's network namespace");
	r = refuse_wireless(j, l, e);
	if (r < 0)
		return r;
	(void)!link_altnames(j->nl, l->index, &altnames); /* none before Linux 5.5 */
	r = pin_namespace(j->run, netns_fd, e);
	if (r == 0)
		r = note(j->run, l->index, l, &altnames, e);
	if (r == 0)
		r = move_in(j, l, netns_fd, inner, e);
	return r < 0 ? r : note_inner(j, l, &altnames, netns_fd, inner, e);
}

int phys_make(struct nic_job *j, struct err *e)
{
	char inner[IFNAMSIZ];
	struct link l;
	int r = find_device(j, &l, e);

	if (r < 0)
		return r;
	nic_birth_name(j->net, j->nth, inner);
	(void)!str_copy(j->state->host, sizeof(j->state->host), l.name);
	return give(j, &l, inner, e);
}

/* The old settings, one by one, since a driver may refuse one of them. */
static void settle(struct nl *here, const struct link *l, const struct moved *m)
{
	struct link_want mac = { .mac = m->mac }, mtu = { .mtu = (unsigned)m->mtu },
			 master = { .master = (int)m->master }, up = { .up = true };

	if (memcmp(l->mac, m->mac, MAC_LEN) != 0)
		(void)!link_change(here, l->index, &mac);
	if (l->mtu != (unsigned)m->mtu)
		(void)!link_change(here, l->index, &mtu);
	if (m->master)
		(void)!link_change(here, l->index, &master);
	if (m->up)
		(void)!link_change(here, l->index, &up);
	for (size_t i = 0; i < m->n_altnames; i++)
		(void)!link_altname_add(here, l->index, m->altnames[i]); /* most came back with it: -EEXIST */
}

/* Brings one device home, under its old name or the one that is asked for. */
static int bring_back(struct nl *here, struct nl *there, const struct moved *m, const char *name)
{
	_own_fd int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct link_want back = { .name = name, .netns_fd = home, .down = true };
	struct link l;
	int r = home < 0 ? -errno : link_change(there, (int)m->inner, &back);

	if (r == 0)
		r = link_get(here, name, &l);
	if (r == 0)
		settle(here, &l, m);
	return r;
}

void phys_undo(struct undo *u, char **words, size_t n)
{
	_own_fd int netns_fd = -1;
	struct err ignored = { 0 };
	struct moved m;
	struct link l;

	if (parse(words, n, &m) < 0 || link_get(&u->here, m.name, &l) == 0) /* it never left, or is back already */
		return;
	if (u->there.fd < 0) {
		netns_fd = openat(u->run->runtime_fd, pin, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (netns_fd < 0 || netns_nl_open(&u->there, netns_fd, &ignored) < 0)
			return;
	}
	(void)!bring_back(&u->here, &u->there, &m, m.name);
}

/* --- lxc-device: the same in a running container ---------------------------------------------------------- */

int net_give_device(struct run *holder, const char *name, const char *inner, struct err *e)
{
	static const struct nic no_nic = { 0 };
	_own_nl struct nl nl = NL_CLOSED;
	struct nic_job j = { .run = holder, .nic = &no_nic, .nl = &nl };
	struct link l;
	int r = nl_open(&nl, e);

	if (r < 0)
		return r;
	r = link_get(&nl, name, &l);
	return r < 0 ? err_num(e, -r, "find", "%s", name) : give(&j, &l, inner, e);
}

struct search {
	int64_t inner;
	struct moved found;
	struct strv words;
};

static bool has_index(char **words, size_t n, void *arg)
{
	struct search *s = arg;
	struct moved m;

	if (strcmp(words[0], "phys") != 0 || parse(words, n, &m) < 0 || m.inner != s->inner)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strv_add(&s->words, words[i]) < 0)
			return false;
	return parse(s->words.v, n, &s->found) == 0;
}

/* What is not in the journal is the container's own: it comes as it is there. */
static int take(struct run *holder, struct nl *here, struct nl *there, const struct link *l, const char *name,
		struct err *e)
{
	struct search s = { .inner = l->index };
	int r = journal_find(holder, has_index, &s);

	if (r == 0) {
		s.found = (struct moved){ .inner = l->index, .mtu = l->mtu };
		(void)!str_copy(s.found.name, sizeof(s.found.name), l->name);
		memcpy(s.found.mac, l->mac, MAC_LEN);
	}
	if (!name)
		name = s.found.name;
	if (r >= 0)
		r = bring_back(here, there, &s.found, name);
	if (r < 0)
		r = err_num(e, -r, "take back", "%s as %s", l->name, name);
	else if (s.words.n)
		r = journal_strike(holder, "phys", s.found.name, e);
	nl_said(there, e);
	strv_free(&s.words);
	return r;
}

int net_take_device(struct run *holder, const char *inner, const char *name, struct err *e)
{
	_own_fd int netns_fd = netns_of_pid(holder->init_pid);
	_own_nl struct nl here = NL_CLOSED, there = NL_CLOSED;
	struct link l;
	int r = netns_fd;

	if (netns_fd < 0)
		return err_num(e, -netns_fd, "open", "the container's network namespace");
	r = nl_open(&here, e);
	if (r == 0)
		r = netns_nl_open(&there, netns_fd, e);
	if (r < 0)
		return r;
	r = link_get(&there, inner, &l);
	return r < 0 ? err_num(e, -r, "find", "%s in the container", inner) : take(holder, &here, &there, &l, name, e);
}
