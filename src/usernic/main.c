/* SPDX-License-Identifier: MIT */
/*
 * lxc-user-nic: gives a plain user's container a veth at a bridge that /etc/lxc/lxc-usernet allows him, and takes its
 * port away from a bridge of Open vSwitch. Setuid root where root has made it so; its caller is an enemy:
 *
 *	- who he is, the kernel says; what he hands down is thrown away (rights.c);
 *	- the namespace is opened with his rights, and must be one that he made (target.c);
 *	- no path of his is opened, and root's files are read after that only, from fixed places (usernet.c, nics.c);
 *	- what is made is noted before it is made, so that who ends us gains nothing; nothing is said under the lock.
 */
#include "base/num.h"
#include "base/own.h"
#include "sys/ovs.h"
#include "usernic/nics.h"
#include "usernic/pair.h"
#include "usernic/rights.h"
#include "usernic/target.h"
#include "usernic/usernet.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { ARGS_CREATE = 7, ARGS_DELETE = 8 };

struct job {
	struct caller caller;
	pid_t pid;
	bool create;
	const char *type, *bridge;
	const char *nic; /* create: the inner end's name, or NULL; delete: the host's */
};

_printf(1, 2) static int refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("lxc-user-nic: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	return 1;
}

static int refuse_by(const struct err *e)
{
	char text[ERR_TEXT];

	err_text(e, text, sizeof(text));
	if (e->said[0])
		return refuse("%s (%s)", text, e->said);
	return refuse("%s", text);
}

static int usage(void)
{
	(void)fputs("Usage: lxc-user-nic create LXCPATH NAME PID TYPE BRIDGE [NICNAME]\n"
		    "       lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net TYPE BRIDGE NICNAME\n"
		    "\n"
		    "  Gives a container of yours a network device at a bridge of the host's, as far as\n"
		    "  " USERNET_FILE " lets you; delete takes a port from Open vSwitch.\n",
		    stderr);
	return 1;
}

/* PID, or the one in /proc/PID/ns/net; 0: neither. The path itself is never opened. */
static pid_t pid_of(const char *text, bool create)
{
	static const char before[] = "/proc/", behind[] = "/ns/net";
	size_t n = strlen(text), fixed = sizeof(before) + sizeof(behind) - 2;
	char digits[16] = "";
	int64_t pid;

	if (create)
		return num_i64(text, 1, INT32_MAX, &pid) < 0 ? 0 : (pid_t)pid;
	if (n <= fixed || n - fixed >= sizeof(digits) || !str_starts(text, before) || !str_ends(text, behind))
		return 0;
	memcpy(digits, text + sizeof(before) - 1, n - fixed);
	return num_i64(digits, 1, INT32_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}

/* LXCPATH and NAME (argv 2 and 3) are LXC's; nothing is asked of them. */
static int parse(struct job *j, int argc, char **argv)
{
	j->create = argc >= 2 && strcmp(argv[1], "create") == 0;
	if (j->create ? argc != ARGS_CREATE && argc != ARGS_CREATE + 1
		      : argc != ARGS_DELETE || strcmp(argv[1], "delete") != 0)
		return usage();
	j->pid = pid_of(argv[4], j->create);
	if (!j->pid)
		return refuse("Could not read pid: %s", argv[4]);
	j->type = argv[5];
	j->bridge = argv[6];
	j->nic = argv[7];
	if (j->nic && !link_name_valid(j->nic))
		return refuse("%s is no name of a network device", j->nic);
	return 0;
}

static int ask_quotas(const struct job *j, struct quotas *q)
{
	_own_who struct usernet_who who = { 0 };
	_own_free char *text = NULL;
	int r = usernet_who(j->caller.uid, j->caller.gids, j->caller.n, &who);

	*q = (struct quotas){ 0 };
	/* no other type is known, whatever a line says */
	if (r < 0 || strcmp(j->type, "veth") != 0 || usernet_read(&text) < 0)
		return r;
	return usernet_quotas(text, &who, j->type, j->bridge, q);
}

/* The first owner with a device to spare; NULL: none. */
static const char *payer(const struct job *j, const struct quotas *q, const struct nics_db *db)
{
	for (size_t i = 0; i < q->n; i++)
		if (nics_count(db, q->v[i].owner, j->type, j->bridge) < q->v[i].most)
			return q->v[i].owner;
	return NULL;
}

/* Noted first: a device that nobody knows of would be free of charge; a note without a device goes at the next call. */
static int make_noted(const struct job *j, struct nics_db *db, struct nl *nl, int netns, const char *owner,
		      struct pair *p, struct err *e)
{
	struct nics_entry entry = { owner, j->type, j->bridge, p->host };
	int r = pair_name(nl, p, e);

	if (r < 0)
		return r;
	r = nics_add(db, &entry);
	if (r == 0)
		r = nics_save(db);
	if (r < 0)
		return err_num(e, -r, "note", "the new device");
	r = pair_make(nl, p, netns, e);
	if (r < 0) {
		nl_said(nl, e);
		nics_remove(db, &entry);
		(void)!nics_save(db);
	}
	return r;
}

static int create(const struct job *j, const struct quotas *q, struct nics_db *db, struct nl *nl, int netns,
		  struct pair *p, struct err *e)
{
	const char *owner;

	nics_drop_gone(db, nl);
	owner = payer(j, q, db);
	return owner ? make_noted(j, db, nl, netns, owner, p, e) : err_say(e, EDQUOT, "Quota reached");
}

static int delete_port(const struct job *j, const struct quotas *q, struct nics_db *db, struct err *e)
{
	struct nics_entry entry = { NULL, j->type, j->bridge, j->nic };
	bool his = false;
	int r;

	for (size_t i = 0; i < q->n && !his; i++) {
		entry.owner = q->v[i].owner;
		his = nics_has(db, &entry) && pair_is_of(j->nic, j->caller.uid);
	}
	if (!his)
		return err_say(e, EPERM, "Caller is not allowed to delete network device \"%s\"", j->nic);
	if (!ovs_has_bridge(j->bridge))
		return err_say(e, EOPNOTSUPP, "Deletion of non ovs type network devices not implemented");
	r = ovs_del_port(j->bridge, j->nic, e);
	if (r < 0)
		return r;
	nics_remove(db, &entry);
	r = nics_save(db);
	return r < 0 ? err_num(e, -r, "note", "that %s is gone", j->nic) : 0;
}

/* Says nothing while it has the lock: a caller who does not read would hold up all others. */
static int act(const struct job *j, int netns, struct pair *p, struct err *e)
{
	_own_nics struct nics_db db = NICS_CLOSED;
	_own_quotas struct quotas q = { 0 };
	_own_nl struct nl nl = NL_CLOSED;
	int r = nl_open(&nl, e);

	if (r < 0)
		return r;
	r = ask_quotas(j, &q);
	if (r == 0 && q.n)
		r = nics_open(&db);
	if (r < 0)
		return err_num(e, -r, "look up", "what is allowed");
	if (j->create)
		return create(j, &q, &db, &nl, netns, p, e);
	return delete_port(j, &q, &db, e);
}

int main(int argc, char **argv)
{
	struct job j = { 0 };
	struct err e = { 0 };
	_own_fd int netns = -1;
	struct pair p;
	int r = rights_step_back(&j.caller);

	if (argc < 2 || parse(&j, argc, argv) != 0)
		return argc < 2 ? usage() : 1;
	if (r < 0)
		return refuse("this program is not setuid root: as root, chmod u+s it");
	netns = target_open(j.pid, j.caller.uid);
	/* a container whose port is taken away has ended; whose it was, the notes say */
	if (netns < 0 && (j.create || netns != -ESRCH))
		return refuse("User %u may not modify netns for pid %d", j.caller.uid, (int)j.pid);
	if (rights_take() < 0)
		return refuse("cannot take root's rights");
	p = (struct pair){ .uid = j.caller.uid, .bridge = j.bridge, .wanted = j.nic };
	if (act(&j, netns, &p, &e) < 0)
		return refuse_by(&e);
	if (j.create)
		(void)printf("%s:%d:%s:%d\n", p.inner, p.index, p.host, p.host_index);
	return fflush(stdout) == EOF; /* it is made all the same, and counted */
}
