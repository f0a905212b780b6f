/* SPDX-License-Identifier: MIT */
/*
 * A veth on a bridge of Open vSwitch: ports are added and taken away by its own ovs-vsctl. Its database outlives
 * devices, so that a port is taken away explicitly, also after a keeper that was killed.
 */
#include "features/net/nic.h"

#include "base/io.h"
#include "base/own.h"
#include "base/spawn.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { OVS_TIMEOUT_MS = 10000, SAID_MOST = 64 << 10 };

/* Along $PATH; NULL: it is not installed. */
static char *find_program(void)
{
	const char *path = getenv("PATH");
	_own_strv struct strv folders = { 0 };

	if (!path || !*path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	if (strv_split(&folders, path, ":") < 0)
		return NULL;
	for (size_t i = 0; i < folders.n; i++) {
		_own_free char *file = *folders.v[i] == '/' ? str_fmt("%s/ovs-vsctl", folders.v[i]) : NULL;

		if (file && access(file, X_OK) == 0)
			return take_ptr(&file);
	}
	return NULL;
}

/* Its exit status, or negative; what it said goes to *said. */
static int run_program(const char *file, char *const argv[], char **said, struct err *e)
{
	_own_fd int words = memfd_create("ovs-vsctl", MFD_CLOEXEC);
	const int stdio[] = { -1, -1, words };
	struct spawn s = { .path = file, .argv = argv, .stdio = stdio };
	int status, r;
	pid_t pid;

	if (words < 0)
		return err_sys(e, "hold", "the words of ovs-vsctl");
	r = spawn(&s, &pid, e);
	if (r < 0)
		return r;
	r = spawn_wait(pid, OVS_TIMEOUT_MS, &status);
	if (r < 0)
		return err_num(e, -r, "wait for", "ovs-vsctl");
	if (lseek(words, 0, SEEK_SET) == 0)
		(void)!io_read_fd(words, SAID_MOST, said, NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

bool ovs_has_bridge(const char *name)
{
	_own_free char *file = find_program(), *said = NULL;
	char *argv[] = { "ovs-vsctl", "--timeout=5", "br-exists", (char *)name, NULL };
	struct err ignored = { 0 };

	return file && run_program(file, argv, &said, &ignored) == 0;
}

static int fail(const struct nic_job *j, int r, const char *said, struct err *e)
{
	if (said && *said)
		err_said(e, "%.*s", (int)strcspn(said, "\n"), said);
	return nic_blame(j, r, "link", j->nic->link.at, e);
}

/* "tag=5", "trunks=6,7" and the mode that goes with them; nothing: the port carries all VLANs, as they are. */
static int add_vlans(const struct nic *nic, struct strv *argv)
{
	_own_buf struct buf trunks = { 0 };
	int r = 0;

	for (size_t i = 0; i < nic->veth_tagged.n; i++)
		buf_addf(&trunks, "%s%s", i ? "," : "trunks=", nic->veth_tagged.v[i].text);
	if (trunks.failed)
		return -ENOMEM;
	if (nic->veth_tagged.n)
		r = strv_add(argv, trunks.s);
	if (r == 0 && nic->veth_vlan.set && nic->veth_vlan.n >= 0)
		r = strv_addf(argv, "tag=%lld", nic->veth_vlan.n);
	if (r == 0 && nic_has_vlans(nic))
		r = strv_addf(argv, "vlan_mode=%s",
			      nic->veth_vlan.n < 0 || !nic->veth_vlan.set ? "trunk"
			      : nic->veth_tagged.n			  ? "native-untagged"
									  : "access");
	return r;
}

int ovs_make(const struct nic_job *j, struct err *e)
{
	_own_free char *file = find_program(), *said = NULL;
	const char *bridge = j->nic->link.s, *port = j->state->host;
	const char *first[] = { "ovs-vsctl", "--timeout=5", "add-port", bridge, port };
	_own_strv struct strv argv = { 0 };
	int r = 0;

	if (!file)
		return fail(j, err_num(e, ENOENT, "run", "ovs-vsctl"), NULL, e);
	for (size_t i = 0; i < ARRAY_SIZE(first) && r == 0; i++)
		r = strv_add(&argv, first[i]);
	if (r == 0)
		r = add_vlans(j->nic, &argv);
	if (r < 0)
		return err_num(e, -r, "hold", "the words for ovs-vsctl");
	r = journal_note(j->run, "port", port, bridge, e);
	if (r == 0)
		r = run_program(file, argv.v, &said, e);
	if (r > 0)
		r = err_say(e, EIO, "cannot attach %s to bridge %s: ovs-vsctl ended with %d", port, bridge, r);
	return r < 0 ? fail(j, r, said, e) : 0;
}

/* port PORT BRIDGE */
void ovs_undo(struct undo *u, char **words, size_t n)
{
	_own_free char *file = find_program(), *said = NULL;
	char *argv[] = { "ovs-vsctl", "--timeout=5", "--if-exists", "del-port", words[2], words[1], NULL };
	struct err ignored = { 0 };

	(void)u;
	if (file && n == 3)
		(void)!run_program(file, argv, &said, &ignored);
}
