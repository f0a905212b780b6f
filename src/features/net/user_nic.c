/* SPDX-License-Identifier: MIT */
/*
 * A veth of who has no rights over the host's network: made by lxc-user-nic(1), which root has made setuid, as far as
 * /etc/lxc/lxc-usernet lets him. It asks for the devices one by one, goes with the container's namespace, and has of
 * the keys those that INIT can carry out inside (configure.c).
 */
#include "features/net/net.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/spawn.h"
#include "engine/paths.h"
#include "features/net/nic.h"
#include "usernic/usernet.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const char program[] = "lxc-user-nic";

enum { HELPER_MS = 30 * 1000, SAID_MOST = 4096 };

bool net_is_users(const struct plan *p)
{
	const struct net *net = plan_part(p, FEATURE_NET);

	for (size_t i = 0; i < net->n && p->clone_flags & CLONE_NEWNET && !p->host->net_admin; i++)
		if (net->v[i]->type.n == NET_VETH)
			return true;
	return false;
}

static int not_his(const struct nic_job *j, const char *sub, struct origin at, struct err *e)
{
	char key[NIC_KEY];
	int r = err_say(e, EPERM, "%s takes root: a plain user's veth is a port of a bridge, and no more",
			nic_key(j->nic, sub, key));

	return nic_blame(j, r, sub, at, e);
}

/* What is done to the host's end, which is root's. */
static int check_keys(const struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;

	if (nic->veth_mode.n == VETH_ROUTER)
		return not_his(j, "veth.mode", nic->veth_mode.at, e);
	if (nic->veth_vlan.set)
		return not_his(j, "veth.vlan.id", nic->veth_vlan.at, e);
	if (nic->veth_tagged.n)
		return not_his(j, "veth.vlan.tagged.id", nic->veth_tagged.v[0].at, e);
	if (nic->veth_route4.n)
		return not_his(j, "veth.ipv4.route", nic->veth_route4.v[0].at, e);
	if (nic->veth_route6.n)
		return not_his(j, "veth.ipv6.route", nic->veth_route6.v[0].at, e);
	return 0;
}

/* What is left out without harm. */
static int warn_of_keys(const struct nic_job *j, struct err *e)
{
	const struct nic *nic = j->nic;
	struct err why = { 0 };
	char key[NIC_KEY];

	if (nic->veth_pair.s) {
		(void)err_say(&why, 0, "%s is not heeded: lxc-user-nic gives a plain user's veth its name",
			      nic_key(nic, "veth.pair", key));
		err_key(&why, key, nic->veth_pair.at);
		return run_warn(j->run, &why, e);
	}
	if (nic->veth_rx.n || nic->veth_tx.n) {
		bool rx = nic->veth_rx.n;

		(void)err_say(&why, 0, "%s is not heeded: a plain user's veth has the kernel's choice of queues",
			      nic_key(nic, rx ? "veth.n_rxqueues" : "veth.n_txqueues", key));
		err_key(&why, key, rx ? nic->veth_rx.at : nic->veth_tx.at);
		return run_warn(j->run, &why, e);
	}
	return 0;
}

struct words {
	char *out, *err;
};

static void words_free(struct words *w)
{
	free(w->out);
	free(w->err);
}
#define _own_words __attribute__((cleanup(words_free)))

static int take_words(int fd, char **out)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return io_read_fd(fd, SAID_MOST, out, NULL);
}

/* Its exit status, or negative. */
static int run_helper(const char *path, char *const argv[], struct words *w, struct err *e)
{
	static char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	_own_fd int out = memfd_create(program, MFD_CLOEXEC), said = memfd_create(program, MFD_CLOEXEC);
	const int stdio[] = { -1, out, said };
	struct spawn s = { .path = path, .argv = argv, .envp = envp, .stdio = stdio };
	int status, r;
	pid_t pid;

	if (out < 0 || said < 0)
		return err_sys(e, "hold", "the words of %s", program);
	r = spawn(&s, &pid, e);
	if (r < 0)
		return r;
	r = spawn_wait(pid, HELPER_MS, &status);
	if (r == 0)
		r = take_words(out, &w->out);
	if (r == 0)
		r = take_words(said, &w->err);
	if (r < 0)
		return err_num(e, -r, "wait for", "%s", program);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What root has to do first, in the order in which it hurts. */
static void hint(const char *found, const char *bridge, struct err *e)
{
	_own_free char *path = realpath(found, NULL);
	char name[ACCOUNT_NAME];
	unsigned most = 0;
	struct stat st;
	int r = usernet_mine("veth", bridge, &most);

	account_name(geteuid(), name, sizeof(name));
	if (!path || stat(path, &st) < 0)
		err_hint(e, "it comes with Keg: install it, and make it setuid root");
	else if ((st.st_uid || !(st.st_mode & S_ISUID)) && r == 0 && !most)
		err_hint(e, "as root: chmod u+s %s; echo \"%s veth %s 10\" >>" USERNET_FILE, path, name, bridge);
	else if (st.st_uid || !(st.st_mode & S_ISUID))
		err_hint(e, "as root: chown root %s; chmod u+s %s", path, path);
	else if (r == -EPERM)
		err_hint(e, USERNET_FILE " is not heeded while others than root may write to it");
	else if (!most)
		err_hint(e, "as root: echo \"%s veth %s 10\" >>" USERNET_FILE, name, bridge);
	else
		err_hint(e, "of %s's devices at %s, " USERNET_FILE " allows %u: root may raise it", name, bridge, most);
}

static int refused(const struct nic_job *j, int r, const char *path, const struct words *w, struct err *e)
{
	const struct nic *nic = j->nic;
	const char *bridge = nic->link.s;

	if (r > 0 && bridge)
		r = err_say(e, EPERM, "cannot create a veth at bridge %s: %s ended with %d", bridge, program, r);
	else if (r > 0)
		r = err_say(e, EPERM, "cannot create a veth: %s ended with %d", program, r);
	if (w->err && *w->err)
		err_said(e, "%.*s", (int)strcspn(w->err, "\n"), w->err);
	/* what the line allows is not what is wrong where the bridge is not there */
	if (!bridge || !w->err || !strstr(w->err, "No such device"))
		hint(path, bridge ?: "none", e);
	else if (strcmp(bridge, "lxcbr0") == 0)
		err_hint(e, "as root: keg net up");
	return bridge ? nic_blame(j, r, "link", nic->link.at, e) : nic_blame(j, r, "type", nic->type.at, e);
}

/* INNER:INDEX:HOST:INDEX */
static int read_answer(const char *text, struct nic_state *s, struct err *e)
{
	_own_strv struct strv field = { 0 };
	int64_t index;

	if (strv_split(&field, text, ":\n") < 0)
		return err_num(e, ENOMEM, "read", "the answer of %s", program);
	if (field.n != 4 || !link_name_valid(field.v[2]) || num_i64(field.v[3], 1, INT32_MAX, &index) < 0)
		return err_say(e, EBADMSG, "%s answers with other than INNER:INDEX:HOST:INDEX", program);
	s->ifindex = (int)index;
	return str_copy(s->host, sizeof(s->host), field.v[2]);
}

/* A port of Open vSwitch stays when its device goes: it is noted to be deleted. */
static int note_port(struct nic_job *j, struct err *e)
{
	const char *bridge = j->nic->link.s;
	struct link l;

	if (!bridge || link_get(j->nl, bridge, &l) < 0 || strcmp(l.kind, "bridge") == 0)
		return 0;
	return journal_note(j->run, "user-port", j->state->host, bridge, e);
}

int user_nic_make(struct nic_job *j, struct err *e)
{
	const struct plan *p = j->run->plan;
	char inner[IFNAMSIZ], pid[16];
	char *argv[] = { (char *)program,
			 "create",
			 (char *)p->lxcpath,
			 (char *)p->name,
			 pid,
			 (char *)"veth",
			 j->nic->link.s ?: (char *)"none",
			 inner,
			 NULL };
	_own_free char *path = path_libexec(program);
	_own_words struct words w = { 0 };
	int r = check_keys(j, e);

	if (r == 0)
		r = warn_of_keys(j, e);
	if (r < 0)
		return r;
	if (!path)
		return err_num(e, ENOMEM, "run", "%s", program);
	nic_birth_name(j->net, j->nth, inner);
	(void)snprintf(pid, sizeof(pid), "%d", (int)j->run->init_pid);
	r = run_helper(path, argv, &w, e);
	if (r != 0)
		return refused(j, r, path, &w, e);
	r = read_answer(w.out, j->state, e);
	return r < 0 ? nic_blame(j, r, "type", j->nic->type.at, e) : note_port(j, e);
}

/* user-port PORT BRIDGE; its container has ended: what lxc-user-nic asks of the process, it does without. */
void user_port_undo(struct undo *u, char **words, size_t n)
{
	const struct plan *p = u->run->plan;
	_own_free char *path = path_libexec(program);
	_own_free char *netns = str_fmt("/proc/%d/ns/net", (int)u->run->hooks.init_pid);
	_own_words struct words w = { 0 };
	struct err ignored = { 0 };

	if (n == 3 && path && netns) {
		char *argv[] = { (char *)program, "delete", (char *)p->lxcpath,
				 (char *)p->name, netns,    (char *)"veth",
				 words[2],	  words[1], NULL };

		(void)!run_helper(path, argv, &w, &ignored);
	}
}
