/* SPDX-License-Identifier: MIT */
/* Runs ovs-vsctl; see ovs.h. */
#include "sys/ovs.h"

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
static int run_program(char *const argv[], char **said, struct err *e)
{
	_own_free char *file = find_program();
	_own_fd int words = memfd_create("ovs-vsctl", MFD_CLOEXEC);
	const int stdio[] = { -1, -1, words };
	struct spawn s = { .path = file, .argv = argv, .stdio = stdio };
	int status, r;
	pid_t pid;

	if (!file)
		return err_num(e, ENOENT, "run", "ovs-vsctl");
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
	_own_free char *said = NULL;
	char *argv[] = { "ovs-vsctl", "--timeout=5", "br-exists", (char *)name, NULL };
	struct err ignored = { 0 };

	return run_program(argv, &said, &ignored) == 0;
}

static int finish(int r, const char *what, const char *bridge, const char *port, const char *said, struct err *e)
{
	if (r > 0)
		r = err_say(e, EIO, "cannot %s %s %s bridge %s: ovs-vsctl ended with %d", what, port,
			    strcmp(what, "attach") == 0 ? "to" : "from", bridge, r);
	if (r < 0 && said && *said)
		err_said(e, "%.*s", (int)strcspn(said, "\n"), said);
	return r;
}

int ovs_add_port(const char *bridge, const char *port, const struct strv *vlans, struct err *e)
{
	const char *first[] = { "ovs-vsctl", "--timeout=5", "add-port", bridge, port };
	_own_strv struct strv argv = { 0 };
	_own_free char *said = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(first) && r == 0; i++)
		r = strv_add(&argv, first[i]);
	for (size_t i = 0; i < vlans->n && r == 0; i++)
		r = strv_add(&argv, vlans->v[i]);
	if (r < 0)
		return err_num(e, -r, "hold", "the words for ovs-vsctl");
	r = run_program(argv.v, &said, e);
	return finish(r, "attach", bridge, port, said, e);
}

int ovs_del_port(const char *bridge, const char *port, struct err *e)
{
	char *argv[] = { "ovs-vsctl", "--timeout=5", "--if-exists", "del-port", (char *)bridge, (char *)port, NULL };
	_own_free char *said = NULL;
	int r = run_program(argv, &said, e);

	return finish(r, "take", bridge, port, said, e);
}
